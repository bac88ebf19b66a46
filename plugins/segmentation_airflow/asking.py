"""The operators that ask a person, among Airflow's *Required actions*, and the one that asks for a fit."""

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

from include.segmentation.profile.schedule import Cadence
from segmentation_airflow.notifier import QuestionNotifier
from segmentation_airflow.operators import StageOperator, as_of_of, run_of

GATES = "publish.gates"
TABLES = "publish.tables"
_NOBODY = "nobody in time"
_DECISION_DAYS = 7


class GatesOperator(ApprovalOperator):
    """Put a run through its gates; go on at once where none of them asks, else wait for a person without a worker.

    Rejected, or not answered in time, the run is not published: what follows is skipped and the tables stay.
    """

    def __init__(self, *, profile: str, cadence: Cadence, within: timedelta, **options: Any) -> None:
        """Wait for an answer for at most ``within``."""
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
        """Ask what the gates ask.

        Raises:
            DataError: a gate stops the run.
        """
        from include.segmentation.publish import find_questions

        run = run_of(context, self.profile, self.cadence)
        found = find_questions(run)
        if found:
            self.subject = f"Publish {run.run_id}?"
            self.body = "\n".join(f"- {question}" for question in found)
            super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, str]:
        """Hand on who has approved, or note that the run is rejected."""
        from include.segmentation.publish import reject_run

        if event.get("chosen_options") == [self.REJECT]:  # before what follows is skipped, which ends the task
            reject_run(run_of(context, self.profile, self.cadence))
        answer = super().execute_complete(context, event)
        return {"answer": answer["chosen_options"][0], "by": _who(answer)}


class PublishOperator(StageOperator):
    """The publish stage, in the name of whoever has answered the gates' questions."""

    def arguments(self, context: Context) -> dict[str, Any]:
        """Who has approved, where somebody was asked."""
        answer = context["ti"].xcom_pull(task_ids=GATES)
        return {"approved_by": answer["by"]} if answer else {}


class AskForFitOperator(TriggerDagRunOperator):
    """Start ``<profile>__fit`` at the run's as_of for the macro segments whose drift asks for it; else be skipped."""

    def __init__(self, *, profile: str, **options: Any) -> None:
        """Name the profile."""
        super().__init__(trigger_dag_id=f"{profile}__fit", skip_when_already_exists=True, **options)

    def execute(self, context: Context) -> None:
        """Trigger a run without a data interval of its own: one of the schedule's would have another as_of."""
        asked = context["ti"].xcom_pull(task_ids=TABLES)["fits_asked"]
        if not asked:
            raise AirflowSkipException("no drift asks for a fit")
        as_of = as_of_of(context)
        self.trigger_run_id = f"drift__{as_of.isoformat()}"
        self.conf = {"as_of": as_of.isoformat(), "macro_segments": asked}
        self.run_after = as_of
        super().execute(context)


class FitOperator(StageOperator):
    """Fit one macro segment; skipped where the run was asked for others only."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Fit it."""
        wanted = (context["dag_run"].conf or {}).get("macro_segments", [self.target])
        if self.target not in wanted:
            raise AirflowSkipException(f"this fit was asked for {', '.join(wanted)}")
        return super().execute(context)


class DecideOperator(HITLOperator):
    """Ask which of a fit's candidates come into use; go on at once where there is none.

    The macro segments chosen are accepted, the others rejected. Unanswered, candidates wait on: scoring goes on with
    the models in force, and `accept` or `reject` answer later.
    """

    NONE = "none of them"
    LATER = "decide later"

    def __init__(self, *, profile: str, cadence: Cadence, macro_segments: list[str], **options: Any) -> None:
        """Name the macro segments that may have a candidate."""
        super().__init__(
            subject=f"Which new models of {profile} come into use?",
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
        """Ask, and say what each candidate would change."""
        from include.segmentation.segment import list_candidates

        found = list_candidates(run_of(context, self.profile, self.cadence, "fit"))
        if found:
            self.body = "\n".join(f"- **{model.macro_segment}**: {_changes(model)}" for model in found)
            super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, str]:
        """Accept and reject; returns model -> what became of it."""
        from include.segmentation.segment import accept_model, list_candidates, reject_model

        answer = super().execute_complete(context, event)
        chosen, who = answer["chosen_options"], _who(answer)
        if self.LATER in chosen:
            return {}
        run = run_of(context, self.profile, self.cadence, "fit")
        decided = {}
        for model in list_candidates(run):
            decision = accept_model if model.macro_segment in chosen else reject_model
            decided[model.model_id] = decision(run.profile, model.model_id, who)["status"]
        return decided


def _who(answer: Any) -> str:
    """The name of whoever has answered."""
    user = answer["responded_by_user"]
    return str(user["name"] or user["id"]) if user else _NOBODY


def _changes(model: Any) -> str:
    kinds = [row.kind for row in model.lineage]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    return f"{len(model.segments())} segments of {model.customers:,} customers ({counted}), model {model.model_id}"
