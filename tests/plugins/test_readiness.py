"""Waiting for complete_through and for a model, on a real lake."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from include.segmentation.errors import NotReadyError
from include.segmentation.lake.change_log import LogState
from include.segmentation.model.model import Model
from include.segmentation.model.timeline import record_decision
from include.segmentation.profile.loader import load_profile
from include.segmentation.run import Run
from segmentation_airflow import readiness
from segmentation_airflow.operators import SettleOperator, WaitOperator
from segmentation_airflow.readiness import ReadyTrigger

pytestmark = pytest.mark.usefixtures("execution_api")

AS_OF = datetime(2011, 7, 1, tzinfo=UTC)
LONG_AGO, FAR_AWAY = "2000-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"


@pytest.fixture
def run(lake_root: Path) -> Run:
    return Run(load_profile("retail"), "monthly", AS_OF)


def pulled(run: Run, through: datetime) -> None:
    log = run.lake.open_log("invoice_lines")
    state = log.read_state()
    log.append(
        pa.table({"line_id": pa.array([], pa.int64())}), LogState(complete_through=through, version=state.version)
    )


def fitted(run: Run, macro: str) -> None:
    model = Model(
        model_id=f"{macro}-1", profile="retail", macro_segment=macro, effective_from=AS_OF, seed=1, customers=0,
        strata=[], evidence=[],
    )  # fmt: skip
    record_decision(run.lake, model, "accepted", "test")


def wait(models: bool, as_of: datetime | None = AS_OF) -> None:
    operator = WaitOperator(task_id="wait", profile="retail", cadence="monthly", models=models)
    dag, dag_run = SimpleNamespace(dag_id="retail__fit"), SimpleNamespace(conf=None)
    operator.execute({"data_interval_end": as_of, "dag": dag, "dag_run": dag_run})


def event(models: bool = False, deadline: str = FAR_AWAY) -> dict:
    trigger = ReadyTrigger(
        profile="retail", cadence="monthly", models=models, as_of=AS_OF.isoformat(), deadline=deadline
    )
    path, arguments = trigger.serialize()
    assert path == "segmentation_airflow.readiness.ReadyTrigger"

    async def first() -> dict:
        async for found in ReadyTrigger(**arguments).run():
            return found.payload
        raise AssertionError("the trigger ended without an event")

    return asyncio.run(asyncio.wait_for(first(), 20))


def test_a_complete_extract_is_not_waited_for(run: Run) -> None:
    pulled(run, AS_OF)
    wait(models=False)


@pytest.mark.parametrize("short", [timedelta(microseconds=1), timedelta(days=30)])
def test_an_extract_that_ends_before_as_of_is_waited_for_without_a_worker(run: Run, short: timedelta) -> None:
    pulled(run, AS_OF - short)
    with pytest.raises(TaskDeferred) as deferred:
        wait(models=False)
    assert isinstance(deferred.value.trigger, ReadyTrigger)
    assert deferred.value.trigger.as_of == AS_OF.isoformat()
    assert deferred.value.method_name == "resume"


def test_scoring_waits_for_a_model_of_every_macro_segment(run: Run) -> None:
    pulled(run, AS_OF)
    fitted(run, "rfm")
    with pytest.raises(TaskDeferred):
        wait(models=True)
    fitted(run, "behaviour")
    wait(models=True)


def test_the_trigger_fires_when_the_extract_arrives(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_POLL_SECONDS", 0.05)

    async def arrive_later() -> dict:
        trigger = ReadyTrigger(
            profile="retail", cadence="monthly", models=False, as_of=AS_OF.isoformat(), deadline=FAR_AWAY
        )
        events = trigger.run()
        waiting_for = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.5)
        assert not waiting_for.done()
        pulled(run, AS_OF)
        return (await asyncio.wait_for(waiting_for, 20)).payload

    assert asyncio.run(arrive_later()) == {"missing": []}


def test_when_the_time_is_up_the_missing_parts_are_named(run: Run) -> None:
    pulled(run, AS_OF - timedelta(days=1))
    found = event(models=True, deadline=LONG_AGO)
    operator = WaitOperator(task_id="wait", profile="retail", cadence="monthly", models=True)
    with pytest.raises(NotReadyError) as error:
        operator.resume({"data_interval_end": AS_OF}, found)
    assert "extract 'invoice_lines' is complete through 2011-06-30T00:00Z" in str(error.value)
    assert "macro segment 'rfm' has no accepted model" in str(error.value)
    assert "waited 30 h for as_of 2011-07-01T00:00Z" in str(error.value)


def test_an_extract_never_pulled_is_named(run: Run) -> None:
    assert event(deadline=LONG_AGO) == {"missing": ["extract 'invoice_lines' has no data"]}


def test_the_wait_ends_quietly_when_nothing_is_missing() -> None:
    operator = WaitOperator(task_id="wait", profile="retail", cadence="monthly", models=True)
    operator.resume({"data_interval_end": AS_OF}, {"missing": []})


def test_a_run_without_a_data_interval_fails_with_words() -> None:
    with pytest.raises(AirflowFailException, match="retail__fit: this run has no data interval"):
        wait(models=False, as_of=None)


def test_extracts_of_a_day_wait_until_late_commits_are_in() -> None:
    operator = SettleOperator(task_id="settle", lag=timedelta(hours=1))
    midnight = datetime.now(UTC) - timedelta(minutes=59)
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute({"data_interval_end": midnight})
    assert deferred.value.trigger.moment == midnight + timedelta(hours=1)
    operator.execute({"data_interval_end": datetime.now(UTC) - timedelta(minutes=61)})
