"""Operators that run a stage, and operators that wait for what a stage needs.

Airflow parses DAG files often, and they import this module. So whatever reads data is imported inside a task.
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
from segmentation_airflow.google_credentials import load_google_credentials
from segmentation_airflow.notifier import FailureNotifier
from segmentation_airflow.readiness import ReadyTrigger, list_missing

if TYPE_CHECKING:
    from include.segmentation.run import Purpose, Run

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "segmentation",
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule(UnavailableError, RetryAction.RETRY, timedelta(minutes=10), "a server may answer later"),
            RetryRule(SegmentationError, RetryAction.FAIL, reason="retrying cannot help"),
        ]
    ),
    "on_failure_callback": FailureNotifier(),
}
"""For every task: retry if waiting can help, fail at once if it cannot, and notify people of a failure."""

_FUNCTIONS = {"fit": ("segment", "fit"), "reconcile": ("extract", "reconcile_extract")}
"""Stages whose function is not called after the folder: stage -> (folder, function)."""


class ReportLink(BaseOperatorLink):
    """A link from a task to the run's HTML report."""

    name = "Report"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the report's address, relative to Airflow's base URL."""
        return f"segmentation/reports/{operator.profile}/{operator.cadence}/{_format_as_of(ti_key)}"


class DataDocsLink(BaseOperatorLink):
    """A link from the validate task to the run's Data Docs of Great Expectations."""

    name = "Data Docs"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the Data Docs' address, relative to Airflow's base URL."""
        run = f"{operator.profile}/{operator.purpose}/{operator.cadence}/{_format_as_of(ti_key)}"
        return f"segmentation/data-docs/{run}/index.html"


def _format_as_of(ti: Any) -> str:
    return f"{find_as_of(ti.get_template_context()):%Y-%m-%dT%H:%M:%SZ}"


class StageOperator(BaseOperator):
    """Runs one stage of a profile's run, or one part of a stage, and returns its summary: counts, versions, paths."""

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
        """Choose the stage and, where the stage takes one, the extract or macro segment (``target``)."""
        super().__init__(**options)
        self.profile = profile
        self.cadence = cadence
        self.purpose = purpose
        self.stage = stage
        self.target = target

    def execute(self, context: Context) -> dict[str, Any]:
        """Call the stage's function.

        The retry policy tells errors apart. Where a source asks to be left alone until some time, the task is deferred
        until then and holds no worker.
        """
        run = make_run(context, self.profile, self.cadence, self.purpose)
        folder, name = _FUNCTIONS.get(self.stage, (self.stage, self.stage))
        function = getattr(import_module(f"include.segmentation.{folder}"), name)
        try:
            target = [self.target] if self.target else []
            summary: dict[str, Any] = function(run, *target, **self.list_arguments(context))
        except RetryLaterError as later:
            self.log.warning("%s; the rows read so far are kept; the next try is at %s", later, later.until)
            self.defer(trigger=DateTimeTrigger(moment=later.until), method_name="resume")
        for outlet in self.outlets:
            context["outlet_events"][outlet].extra = {"cadence": self.cadence, "as_of": run.as_of.isoformat()}
        self.log.info("%s %s: %s", self.stage, self.target or run.profile.profile, json.dumps(summary, default=str))
        return summary

    def list_arguments(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - subclasses need it
        """List further arguments of the stage's function."""
        return {}

    def resume(self, context: Context, event: Any) -> dict[str, Any]:  # noqa: ARG002 - Airflow's signature
        """Go on where the stage stopped."""
        return self.execute(context)


class ValidateOperator(StageOperator):
    """Runs the validate stage; its task links to the Data Docs."""

    operator_extra_links = (DataDocsLink(),)


class ReportOperator(StageOperator):
    """Runs the report stage; its task links to the report."""

    operator_extra_links = (ReportLink(),)


class ReconcileOperator(StageOperator):
    """Compares one extract with its source. The task's log ends with a table of the corrections."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Reconcile the extract and log the corrections."""
        from include.segmentation.extract import format_findings

        summary = super().execute(context)
        self.log.info("found and corrected:\n%s", format_findings([summary]))
        return summary


class MaintainOperator(BaseOperator):
    """Compacts the change logs of a profile, one after the other."""

    ui_color = "#e8f1f8"

    def __init__(self, *, profile: str, cadence: Cadence, **options: Any) -> None:
        """Choose the profile and the cadence of the run that records the summaries."""
        super().__init__(**options)
        self.profile = profile
        self.cadence = cadence

    def execute(self, context: Context) -> dict[str, Any]:
        """Compact the change log of every extract."""
        from include.segmentation.extract import maintain_log

        run = make_run(context, self.profile, self.cadence, "reconcile")
        summaries = {name: maintain_log(run, name) for name in run.profile.extracts}
        for name, summary in summaries.items():
            self.log.info("maintain %s: %s", name, json.dumps(summary, default=str))
        return summaries


class SettleOperator(BaseOperator):
    """Waits until the longest lag of the extracts has passed since as_of, without holding a worker.

    A MySQL extract reads up to its lag before now. Started at midnight, it could not be complete through midnight.
    """

    ui_color = "#f4f0e0"

    def __init__(self, *, lag: timedelta, **options: Any) -> None:
        """Set how long to wait after as_of."""
        super().__init__(**options)
        self.lag = lag

    def execute(self, context: Context) -> None:
        """Wait, or go on at once where the time has passed already."""
        moment = find_as_of(context) + self.lag
        if datetime.now(UTC) < moment:
            self.defer(trigger=DateTimeTrigger(moment=moment), method_name="resume")

    def resume(self, context: Context, event: Any) -> None:
        """Go on after the wait."""


class WaitOperator(BaseOperator):
    """Waits until every extract is complete through as_of and, for scoring, models exist, without holding a worker.

    Scoring also waits for a fit that is due at or before as_of and under way. So all cadences of one as_of use the same
    model, whichever of them runs first.
    """

    ui_color = "#f4f0e0"

    def __init__(self, *, profile: str, cadence: Cadence, models: bool, hours: int = 30, **options: Any) -> None:
        """Wait at most ``hours``: long enough for the next daily extraction, which may be what completes as_of."""
        super().__init__(**options)
        self.profile = profile
        self.cadence = cadence
        self.models = models
        self.hours = hours

    def execute(self, context: Context) -> None:
        """Wait, or go on at once where nothing is missing; a past interval then costs the triggerer nothing."""
        run = make_run(context, self.profile, self.cadence)
        if not list_missing(run, self.models):
            return
        deadline = datetime.now(UTC) + timedelta(hours=self.hours)
        times = {"as_of": run.as_of.isoformat(), "deadline": deadline.isoformat()}
        trigger = ReadyTrigger(profile=self.profile, cadence=self.cadence, models=self.models, **times)
        self.defer(trigger=trigger, method_name="resume")

    def resume(self, context: Context, event: dict[str, Any]) -> None:
        """Go on after the wait.

        Raises:
            NotReadyError: the deadline has passed; the message names what is missing.
        """
        if event["missing"]:
            missing = "; ".join(event["missing"])
            raise NotReadyError(f"waited {self.hours} h for as_of {find_as_of(context):%Y-%m-%dT%H:%MZ}: {missing}")


def make_run(context: Context, profile: str, cadence: Cadence, purpose: "Purpose" = "segment") -> "Run":
    """Make the run that a task belongs to. From here on Airflow resolves connection ids."""
    from include.segmentation.run import Run

    connections.use_resolver(_find_connection_uri)
    connections.use_google_credentials(load_google_credentials)
    return Run(load_profile(profile), cadence, find_as_of(context), purpose)


def find_as_of(context: Context) -> datetime:
    """Return the end of the run's data interval or, for a run without one, ``as_of`` of its configuration; in UTC.

    Raises:
        AirflowFailException: the run has neither. Waiting cannot help.
    """
    as_of: datetime | None = context.get("data_interval_end")
    if as_of is None:
        configured = (context["dag_run"].conf or {}).get("as_of")
        if configured is None:
            raise AirflowFailException(
                f"{context['dag'].dag_id}: this run has no data interval, so it has no as_of; start it from the "
                'schedule, by a backfill, by a trigger with a logical date, or with {"as_of": "2025-02-01T00:00Z"}'
            )
        as_of = datetime.fromisoformat(configured)
    return datetime.fromtimestamp(as_of.timestamp(), UTC)  # a pendulum time would lose its zone in a sum


def make_asset(profile: str, kind: str, name: str) -> Asset:
    """Make the asset of an extract (``lake``), a model (``models``) or a published macro segment (``segments``)."""
    return Asset(f"{profile}/{kind}/{name}")  # a URI would make Airflow import every provider


def _find_connection_uri(connection_id: str) -> str | None:
    try:
        return BaseHook.get_connection(connection_id).get_uri()
    except AirflowNotFoundException:
        return None
