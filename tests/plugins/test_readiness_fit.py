"""Waiting for a fit that is under way, as Airflow's own database tells it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from airflow.sdk.exceptions import TaskDeferred

from include.segmentation.lake.change_log import LogState
from include.segmentation.model.model import Model
from include.segmentation.model.timeline import record_decision
from include.segmentation.profile.loader import load_profile
from include.segmentation.run import Run
from segmentation_airflow.operators import WaitOperator
from segmentation_airflow.readiness import ReadyTrigger

FIT = "retail__fit"
"""Due at 2011-07-01 and every 6 months after it; an interval begins 6 months before."""
JULY, AUGUST = datetime(2011, 7, 1, tzinfo=UTC), datetime(2011, 8, 1, tzinfo=UTC)


pytestmark = pytest.mark.usefixtures("execution_api")


@pytest.fixture(autouse=True)
def no_fits(airflow_database: None) -> Iterator[None]:
    from airflow.models import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    yield
    with create_session() as session:
        session.execute(delete(DagRun).where(DagRun.dag_id == FIT))


def fit(state: str, start: datetime, end: datetime) -> None:
    from airflow.models import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunType

    run = DagRun(
        dag_id=FIT,
        run_id=f"scheduled__{start:%Y-%m-%d}",
        run_type=DagRunType.SCHEDULED,
        logical_date=start,
        data_interval=(start, end),
        run_after=end,
        state=state,
    )
    with create_session() as session:
        session.add(run)


@pytest.fixture(autouse=True)
def ready(lake_root: Path) -> None:
    """Everything that a run needs but for a new fit."""
    run = Run(load_profile("retail"), "daily", JULY)
    lines = pa.table({"line_id": pa.array([], pa.int64())})
    run.lake.open_log("invoice_lines").append(lines, LogState(complete_through=datetime(2012, 1, 1, tzinfo=UTC)))
    for macro in run.profile.macro_segments:
        model = Model(
            model_id=macro, profile="retail", macro_segment=macro, effective_from=JULY, seed=1, customers=0,
            strata=[], evidence=[],
        )  # fmt: skip
        record_decision(run.lake, model, "accepted", "test")


def waits(as_of: datetime, models: bool = True) -> bool:
    operator = WaitOperator(task_id="wait", profile="retail", cadence="daily", models=models)
    try:
        operator.execute({"data_interval_end": as_of})
    except TaskDeferred:
        return True
    return False


@pytest.mark.parametrize("state", ["queued", "running"])
@pytest.mark.parametrize("as_of", [JULY, AUGUST])
def test_scoring_waits_for_the_fit_that_is_due(state: str, as_of: datetime) -> None:
    fit(state, datetime(2011, 1, 1, tzinfo=UTC), JULY)
    assert waits(as_of)
    assert not waits(as_of, models=False)


@pytest.mark.parametrize("state", ["success", "failed"])
def test_a_fit_that_has_ended_is_not_waited_for(state: str) -> None:
    fit(state, datetime(2011, 1, 1, tzinfo=UTC), JULY)
    assert not waits(JULY)


def test_a_fit_that_nobody_starts_is_not_waited_for() -> None:
    assert not waits(datetime(2012, 1, 1, tzinfo=UTC))


def test_a_fit_of_a_later_as_of_is_not_waited_for() -> None:
    fit("running", JULY, datetime(2012, 1, 1, tzinfo=UTC))
    assert not waits(AUGUST)


def test_the_trigger_names_the_fit_when_the_time_is_up() -> None:
    fit("running", datetime(2011, 1, 1, tzinfo=UTC), JULY)
    trigger = ReadyTrigger(
        profile="retail",
        cadence="daily",
        models=True,
        as_of=AUGUST.isoformat(),
        deadline="2000-01-01T00:00:00+00:00",
    )

    async def first() -> object:
        return (await asyncio.wait_for(anext(trigger.run()), 20)).payload

    assert asyncio.run(first()) == {"missing": ["retail__fit of as_of 2011-07-01T00:00Z has not ended"]}


def test_a_persons_answer_about_the_candidates_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fit runs on until it is answered, but all its models are fitted."""
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    fit("running", datetime(2011, 1, 1, tzinfo=UTC), JULY)
    asked = {}

    def count(**what: object) -> int:
        asked.update(what)
        return 2

    monkeypatch.setattr(RuntimeTaskInstance, "get_ti_count", staticmethod(count))
    assert not waits(JULY)
    assert asked["task_ids"] == ["segment.fit_rfm", "segment.fit_behaviour"]
