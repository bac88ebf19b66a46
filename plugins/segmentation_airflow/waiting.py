"""Waiting for data, in Airflow's triggerer; what reads the lake is imported when it is used."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.triggers.base import BaseTrigger, TriggerEvent

from include.segmentation.errors import NotReadyError
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.schedule import Cadence
from segmentation_airflow.schedules import at_refits

if TYPE_CHECKING:
    from include.segmentation.run import Run

_POLL_SECONDS = 60
_ENDED = ["success", "failed", "skipped", "upstream_failed", "removed"]


def missing(run: "Run", models: bool) -> list[str]:
    """What a run still lacks, one phrase each: extracts complete through as_of, models, the end of a fit under way."""
    return [*_late_extracts(run), *([*_absent_models(run), *_unfinished_fit(run)] if models else [])]


def _late_extracts(run: "Run") -> list[str]:
    return [
        f"extract '{name}' is complete through {through:%Y-%m-%dT%H:%MZ}"
        if through
        else f"extract '{name}' has no data"
        for name, through in run.find_late_extracts().items()
    ]


def _absent_models(run: "Run") -> list[str]:
    from include.segmentation.model.model import find_effective_model

    absent = []
    for macro in run.profile.macro_segments:
        try:
            find_effective_model(run.lake, macro, run.as_of)
        except NotReadyError as error:
            absent.append(str(error))
    return absent


def _unfinished_fit(run: "Run") -> list[str]:
    """The newest fit due at or before as_of, from when Airflow has queued it until every macro segment is fitted.

    One that nobody starts is not waited for, nor a person's answer about its candidates.
    """
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    dag_id = f"{run.profile.profile}__fit"
    interval = at_refits(run.profile)["schedule"].infer_manual_data_interval(run_after=pendulum.instance(run.as_of))
    this: dict[str, Any] = {"dag_id": dag_id, "logical_dates": [interval.start]}
    if not RuntimeTaskInstance.get_dr_count(**this, states=["queued", "running"]):
        return []
    fits = [f"segment.fit_{macro}" for macro in run.profile.macro_segments]
    ended = RuntimeTaskInstance.get_ti_count(**this, task_ids=fits, states=_ENDED)
    return [f"{dag_id} of as_of {interval.end:%Y-%m-%dT%H:%MZ} has not ended"] if ended < len(fits) else []


class ReadyTrigger(BaseTrigger):
    """Fire when a run lacks nothing any more, or when the time is up; the event says what is still missing."""

    def __init__(self, *, profile: str, cadence: Cadence, models: bool, as_of: str, deadline: str) -> None:
        """Times are ISO texts: a trigger is kept in Airflow's database."""
        super().__init__()
        self.profile = profile
        self.cadence = cadence
        self.models = models
        self.as_of = as_of
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The form kept in Airflow's database."""
        arguments = ("profile", "cadence", "models", "as_of", "deadline")
        return f"{__name__}.{type(self).__name__}", {name: getattr(self, name) for name in arguments}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look again every minute."""
        from include.segmentation.run import Run

        run = Run(load_profile(self.profile), self.cadence, datetime.fromisoformat(self.as_of))
        while True:
            lacks = await asyncio.to_thread(missing, run, self.models)
            if not lacks or datetime.now(UTC) >= datetime.fromisoformat(self.deadline):
                yield TriggerEvent({"missing": lacks})
                return
            await asyncio.sleep(_POLL_SECONDS)
