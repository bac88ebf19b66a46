"""Wait for data in Airflow's triggerer. Whatever reads the lake is imported when it is used."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.triggers.base import BaseTrigger, TriggerEvent

from include.segmentation.errors import NotReadyError
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.schedule import Cadence
from segmentation_airflow.schedules import make_fit_dag_arguments

if TYPE_CHECKING:
    from include.segmentation.run import Run

_POLL_SECONDS = 60
_UNFINISHED_RUN_STATES = ("queued", "running")
_FINISHED_TASK_STATES = ("success", "failed", "skipped", "upstream_failed", "removed")


def list_missing(run: "Run", needs_models: bool) -> list[str]:
    """List what a run still needs, one phrase each.

    Args:
        run: the run that waits.
        needs_models: whether it also needs a model per macro segment, and the end of a fit that is under way.
    """
    missing = _describe_late_extracts(run)
    if needs_models:
        missing += [*_describe_absent_models(run), *_describe_unfinished_fit(run)]
    return missing


def _describe_late_extracts(run: "Run") -> list[str]:
    return [
        f"extract '{name}' is complete through {through:%Y-%m-%dT%H:%MZ}"
        if through
        else f"extract '{name}' has no data"
        for name, through in run.find_late_extracts().items()
    ]


def _describe_absent_models(run: "Run") -> list[str]:
    from include.segmentation.model.timeline import find_effective_model

    absent = []
    for macro_segment in run.profile.macro_segments:
        try:
            find_effective_model(run.lake, macro_segment, run.as_of)
        except NotReadyError as error:
            absent.append(str(error))
    return absent


def _describe_unfinished_fit(run: "Run") -> list[str]:
    """Describe the newest fit due at or before as_of, from when Airflow queues it until every macro segment is fitted.

    A fit that nobody starts does not count, nor does a person's answer about its candidates.
    """
    from segmentation_airflow.airflow_internals import count_dag_runs, count_task_instances

    dag_id = f"{run.profile.profile}__fit"
    schedule = make_fit_dag_arguments(run.profile)["schedule"]
    interval = schedule.infer_manual_data_interval(run_after=pendulum.instance(run.as_of))
    if not count_dag_runs(dag_id, interval.start, _UNFINISHED_RUN_STATES):
        return []
    fits = [f"segment.fit_{macro_segment}" for macro_segment in run.profile.macro_segments]
    finished = count_task_instances(dag_id, interval.start, fits, _FINISHED_TASK_STATES)
    return [f"{dag_id} of as_of {interval.end:%Y-%m-%dT%H:%MZ} has not ended"] if finished < len(fits) else []


class ReadyTrigger(BaseTrigger):
    """Fires when a run has everything it needs, or at the deadline. The event lists what is still missing."""

    def __init__(self, *, profile: str, cadence: Cadence, models: bool, as_of: str, deadline: str) -> None:
        """Store the arguments. Times are ISO texts, because Airflow keeps a trigger in its database."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.profile = profile
        self.cadence = cadence
        self.models = models
        self.as_of = as_of
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the form that Airflow keeps in its database."""
        arguments = ("profile", "cadence", "models", "as_of", "deadline")
        return f"{__name__}.{type(self).__name__}", {name: getattr(self, name) for name in arguments}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Check every minute."""
        from include.segmentation.run import Run

        run = Run(load_profile(self.profile), self.cadence, datetime.fromisoformat(self.as_of))
        while True:
            missing = await asyncio.to_thread(list_missing, run, self.models)
            if not missing or datetime.now(UTC) >= datetime.fromisoformat(self.deadline):
                yield TriggerEvent({"missing": missing})  # type: ignore[no-untyped-call]
                return
            await asyncio.sleep(_POLL_SECONDS)
