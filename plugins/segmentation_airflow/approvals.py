"""Operators that ask a person through Airflow's *Required actions*, and the one that requests a fit."""

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

from include.segmentation.profile.schedule import Cadence
from segmentation_airflow.notifier import QuestionNotifier
from segmentation_airflow.operators import StageOperator, find_as_of, make_run

GATES = "publish.gates"
TABLES = "publish.tables"
_NOBODY = "nobody in time"
_DECISION_DAYS = 7


class GatesOperator(ApprovalOperator):
    """Checks a run's gates. Where a gate asks a person, it waits for the answer without holding a worker.

    A run that is rejected, or not answered in time, is not published: the tasks after it are skipped, and the tables
    stay as they are.
    """

    def __init__(self, *, profile: str, cadence: Cadence, within: timedelta, **options: Any) -> None:
        """Set how long to wait for an answer (``within``)."""
        super().__init__(
            subject=f"Publish {profile}, {cadence}?",
            defaults=self.REJECT,
            response_timeout=within,
            notifiers=QuestionNotifier(),
            **options,
        )
        self.profile = profile
        self.cadence = cadence

    def execute(self, context: Context) -> None:
        """Ask the gates' questions, or go on at once where there are none.

        Raises:
            DataError: a gate stops the run.
        """
        from include.segmentation.publish import find_questions

        run = make_run(context, self.profile, self.cadence)
        questions = find_questions(run)
        if questions:
            self.subject = f"Publish {run.run_id}?"
            self.body = "\n".join(f"- {question}" for question in questions)
            super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, str]:
        """Return who approved the run, or record that it is rejected."""
        from include.segmentation.publish import reject_run

        if event.get("chosen_options") == [self.REJECT]:  # first, because super() ends the task
            reject_run(make_run(context, self.profile, self.cadence))
        answer = super().execute_complete(context, event)
        return {"answer": answer["chosen_options"][0], "by": _name_responder(answer)}


class PublishOperator(StageOperator):
    """Runs the publish stage on behalf of the person who answered the gates' questions."""

    def list_arguments(self, context: Context) -> dict[str, Any]:
        """Pass on who approved the run, if anybody was asked."""
        answer = context["ti"].xcom_pull(task_ids=GATES)
        return {"approved_by": answer["by"]} if answer else {}


class RequestFitOperator(TriggerDagRunOperator):
    """Starts ``<profile>__fit`` at the run's as_of for macro segments that have drifted; skipped if there are none."""

    def __init__(self, *, profile: str, **options: Any) -> None:
        """Choose the profile."""
        super().__init__(trigger_dag_id=f"{profile}__fit", skip_when_already_exists=True, **options)

    def execute(self, context: Context) -> None:
        """Trigger a run without a data interval: an interval of the schedule would have another as_of."""
        macro_segments = context["ti"].xcom_pull(task_ids=TABLES)["fits_asked"]
        if not macro_segments:
            raise AirflowSkipException("no macro segment has drifted enough for a fit")
        as_of = find_as_of(context)
        self.trigger_run_id = f"drift__{as_of.isoformat()}"
        self.conf = {"as_of": as_of.isoformat(), "macro_segments": macro_segments}
        self.run_after = as_of
        super().execute(context)


class FitOperator(StageOperator):
    """Fits one macro segment; skipped if the run was requested for other macro segments only."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Fit the macro segment."""
        macro_segments = (context["dag_run"].conf or {}).get("macro_segments", [self.target])
        if self.target not in macro_segments:
            raise AirflowSkipException(f"this fit was requested for {', '.join(macro_segments)}")
        return super().execute(context)


class DecideOperator(HITLOperator):
    """Asks which candidates of a fit to accept, or goes on at once where there are none.

    The candidates of the chosen macro segments are accepted, the others rejected. Without an answer the candidates
    stay: scoring goes on with the current models, and the commands `accept` and `reject` can answer later.
    """

    NONE = "none of them"
    LATER = "decide later"

    def __init__(self, *, profile: str, cadence: Cadence, macro_segments: list[str], **options: Any) -> None:
        """List the macro segments that may have a candidate."""
        super().__init__(
            subject=f"Which new models of {profile} should be used?",
            options=[*macro_segments, self.NONE, self.LATER],
            defaults=self.LATER,
            multiple=True,
            response_timeout=timedelta(days=_DECISION_DAYS),
            notifiers=QuestionNotifier(),
            **options,
        )
        self.profile = profile
        self.cadence = cadence

    def execute(self, context: Context) -> None:
        """Ask, and describe what each candidate would change."""
        from include.segmentation.segment import list_candidates

        candidates = list_candidates(make_run(context, self.profile, self.cadence, "fit"))
        if candidates:
            self.body = "\n".join(f"- **{model.macro_segment}**: {_describe_changes(model)}" for model in candidates)
            super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, str]:
        """Accept and reject candidates; return the status of each model by its id."""
        from include.segmentation.segment import accept_model, list_candidates, reject_model

        answer = super().execute_complete(context, event)
        chosen, responder = answer["chosen_options"], _name_responder(answer)
        if self.LATER in chosen:
            return {}
        run = make_run(context, self.profile, self.cadence, "fit")
        decided = {}
        for model in list_candidates(run):
            decision = accept_model if model.macro_segment in chosen else reject_model
            decided[model.model_id] = decision(run.profile, model.model_id, responder)["status"]
        return decided


def _name_responder(answer: Any) -> str:
    """Return the name of the person who answered."""
    user = answer["responded_by_user"]
    return str(user["name"] or user["id"]) if user else _NOBODY


def _describe_changes(model: Any) -> str:
    kinds = [row.kind for row in model.lineage]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    return f"{len(model.list_segments())} segments of {model.customers:,} customers ({counted}), model {model.model_id}"
