"""The operators of every DAG here: one runs a stage, two wait for what it needs.

DAG files import this module whenever they are parsed, so whatever reads data is imported inside a task.
"""

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import (
    Asset,
    BaseHook,
    BaseOperator,
    BaseOperatorLink,
    Context,
    ExceptionRetryPolicy,
    RetryAction,
    RetryRule,
)
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from include.segmentation import connections
from include.segmentation.errors import (
    NotReadyError,
    RetryLaterError,
    SegmentationError,
    UnavailableError,
)
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.schedule import Cadence
from segmentation_airflow.notifier import FailureNotifier
from segmentation_airflow.waiting import ReadyTrigger, missing

if TYPE_CHECKING:
    from include.segmentation.run import Purpose, Run

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "segmentation",
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule(UnavailableError, RetryAction.RETRY, timedelta(minutes=10), "a server may answer later"),
            RetryRule(SegmentationError, RetryAction.FAIL, reason="retrying can not help"),
        ]
    ),
    "on_failure_callback": FailureNotifier(),
}
"""For every DAG: retry what waiting can help, fail at once what it can not, tell who has to know."""

_FUNCTIONS = {"fit": ("segment", "fit"), "reconcile": ("extract", "reconcile_extract")}
"""Stages whose function does not carry the name of its folder: stage -> (folder, function)."""


class ReportLink(BaseOperatorLink):
    """From a task to the run's HTML report on the page that the plugin serves."""

    name = "Report"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """The report's address below Airflow's own."""
        return f"/segmentation/reports/{operator.profile}/{operator.cadence}/{_moment(ti_key)}"


class DataDocsLink(BaseOperatorLink):
    """From the validate task to Great Expectations' Data Docs of the run."""

    name = "Data Docs"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """The Data Docs' address below Airflow's own."""
        run = f"{operator.profile}/{operator.purpose}/{operator.cadence}/{_moment(ti_key)}"
        return f"/segmentation/data-docs/{run}/index.html"


def _moment(ti: Any) -> str:
    return f"{as_of_of(ti.get_template_context()):%Y-%m-%dT%H:%M:%SZ}"


class StageOperator(BaseOperator):
    """Run one stage of a profile's run, or one part of it, and return its summary: counts, versions, paths."""

    ui_color = "#e8f1f8"

    def __init__(
        self,
        *,
        profile: str,
        cadence: Cadence,
        stage: str,
        purpose: "Purpose" = "segment",
        target: str | None = None,
        **options: Any,
    ) -> None:
        """Name the stage's function and, where it takes one, the extract or macro segment it is called for."""
        super().__init__(**options)
        self.profile = profile
        self.cadence = cadence
        self.purpose = purpose
        self.stage = stage
        self.target = target

    def execute(self, context: Context) -> dict[str, Any]:
        """Call the stage's function; its errors are told apart by the retry policy.

        A source that is to be left alone for a while is called again after it, and no worker is held until then.
        """
        run = run_of(context, self.profile, self.cadence, self.purpose)
        folder, name = _FUNCTIONS.get(self.stage, (self.stage, self.stage))
        function = getattr(import_module(f"include.segmentation.{folder}"), name)
        try:
            target = [self.target] if self.target else []
            summary: dict[str, Any] = function(run, *target, **self.arguments(context))
        except RetryLaterError as later:
            self.log.warning("%s; what was read is kept, again from %s", later, later.until)
            self.defer(trigger=DateTimeTrigger(moment=later.until), method_name="resume")
        for outlet in self.outlets:
            context["outlet_events"][outlet].extra = {"cadence": self.cadence, "as_of": run.as_of.isoformat()}
        self.log.info("%s %s: %s", self.stage, self.target or run.profile.profile, json.dumps(summary, default=str))
        return summary

    def arguments(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - others need it
        """What the stage's function is called with besides."""
        return {}

    def resume(self, context: Context, event: Any) -> dict[str, Any]:  # noqa: ARG002 - Airflow names it
        """The time has come: go on where the stage stopped."""
        return self.execute(context)


class ValidateOperator(StageOperator):
    """The validate stage, linked to its Data Docs."""

    operator_extra_links = (DataDocsLink(),)


class ReportOperator(StageOperator):
    """The report stage, linked to its report."""

    operator_extra_links = (ReportLink(),)


class ReconcileOperator(StageOperator):
    """Compare one extract with its source; the log ends with what was found, as a table."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Call the extract stage's ``reconcile``."""
        from include.segmentation.extract import format_findings

        summary = super().execute(context)
        self.log.info("found and corrected:\n%s", format_findings([summary]))
        return summary


class MaintainOperator(BaseOperator):
    """Tidy the change logs of a profile, one after the other."""

    ui_color = "#e8f1f8"

    def __init__(self, *, profile: str, cadence: Cadence, **options: Any) -> None:
        """Name the profile; its cadence tells the run's place."""
        super().__init__(**options)
        self.profile = profile
        self.cadence = cadence

    def execute(self, context: Context) -> dict[str, Any]:
        """Call the extract stage's ``maintain`` for every extract."""
        from include.segmentation.extract import maintain_log

        run = run_of(context, self.profile, self.cadence, "reconcile")
        summaries = {name: maintain_log(run, name) for name in run.profile.extracts}
        for name, summary in summaries.items():
            self.log.info("maintain %s: %s", name, json.dumps(summary, default=str))
        return summaries


class SettleOperator(BaseOperator):
    """Wait, without holding a worker, until the longest lag of the extracts has passed since as_of.

    A MySQL extract reads up to its lag before now, so at midnight it could not be complete through midnight.
    """

    ui_color = "#f4f0e0"

    def __init__(self, *, lag: timedelta, **options: Any) -> None:
        """Wait for ``lag``."""
        super().__init__(**options)
        self.lag = lag

    def execute(self, context: Context) -> None:
        """Go on at once for a past interval."""
        moment = as_of_of(context) + self.lag
        if datetime.now(UTC) < moment:
            self.defer(trigger=DateTimeTrigger(moment=moment), method_name="resume")

    def resume(self, context: Context, event: Any) -> None:
        """The time has come."""


class WaitOperator(BaseOperator):
    """Wait, without holding a worker, until every extract is complete through as_of and, for scoring, models exist.

    Scoring also waits for a fit that is due at or before as_of and under way, so that all cadences of one as_of use one
    model, whichever of them comes first.
    """

    ui_color = "#f4f0e0"

    def __init__(self, *, profile: str, cadence: Cadence, models: bool, hours: int = 30, **options: Any) -> None:
        """Wait for at most ``hours``: past the next daily extraction, which may be the one that completes as_of."""
        super().__init__(**options)
        self.profile = profile
        self.cadence = cadence
        self.models = models
        self.hours = hours

    def execute(self, context: Context) -> None:
        """Go on at once where everything is there, which spares the triggerer a past interval."""
        run = run_of(context, self.profile, self.cadence)
        if not missing(run, self.models):
            return
        deadline = datetime.now(UTC) + timedelta(hours=self.hours)
        times = {"as_of": run.as_of.isoformat(), "deadline": deadline.isoformat()}
        trigger = ReadyTrigger(profile=self.profile, cadence=self.cadence, models=self.models, **times)
        self.defer(trigger=trigger, method_name="resume")

    def resume(self, context: Context, event: dict[str, Any]) -> None:
        """Take up again after the wait.

        Raises:
            NotReadyError: the time is up; the message names what was missing.
        """
        if event["missing"]:
            lacks = "; ".join(event["missing"])
            raise NotReadyError(f"waited {self.hours} h for as_of {as_of_of(context):%Y-%m-%dT%H:%MZ}: {lacks}")


def run_of(context: Context, profile: str, cadence: Cadence, purpose: "Purpose" = "segment") -> "Run":
    """The run that a task belongs to; connection ids are answered by Airflow from here on."""
    from include.segmentation.run import Run

    connections.use_resolver(_connection_uri)
    return Run(load_profile(profile), cadence, as_of_of(context), purpose)


def as_of_of(context: Context) -> datetime:
    """The end of the run's data interval, in UTC; of a run without one, ``as_of`` of its configuration.

    Raises:
        AirflowFailException: the run has neither; waiting can not help.
    """
    as_of = context.get("data_interval_end")
    if as_of is None:
        asked = (context["dag_run"].conf or {}).get("as_of")
        if asked is None:
            raise AirflowFailException(
                f"{context['dag'].dag_id}: this run has no data interval, so it has no as_of; start it from the "
                'schedule, by a backfill, by a trigger with a logical date, or with {"as_of": "2025-02-01T00:00Z"}'
            )
        as_of = datetime.fromisoformat(asked)
    return datetime.fromtimestamp(as_of.timestamp(), UTC)  # pendulum's own loses its zone when something is added


def asset(profile: str, kind: str, name: str) -> Asset:
    """The asset of an extract (kind ``lake``), a model (``models``) or a published macro segment (``segments``)."""
    return Asset(f"{profile}/{kind}/{name}")  # no URI: Airflow would import every provider to look at its scheme


def _connection_uri(connection_id: str) -> str | None:
    try:
        return BaseHook.get_connection(connection_id).get_uri()
    except AirflowNotFoundException:
        return None
