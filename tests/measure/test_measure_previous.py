"""The run before is measured once more where rows of its time came after it was measured, and only there."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from include.segmentation.artifacts import MeasureArtifacts, PublishSummary, TableArtifact, find_previous_run
from include.segmentation.errors import DataError
from include.segmentation.lake.change_log import LogState
from include.segmentation.measure import measure
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run

LINES = {
    **{"line_id": "int64", "invoice_no": "string", "stock_code": "string", "description": "string"},
    **{"quantity": "int64", "invoice_date": "timestamp", "unit_price": "decimal(12,3)", "customer_id": "int64"},
    "country": "string",
}
EARLIER, LATER = "2011-08-01", "2011-09-01"


@pytest.fixture
def retail() -> Profile:
    return load_profile("retail")


@pytest.fixture
def line(table: Callable[..., pa.Table]) -> Callable[[int, str], pa.Table]:
    """One line of customer 1."""

    def make(number: int, day: str) -> pa.Table:
        row = {"line_id": number, "invoice_no": str(number), "stock_code": "A", "quantity": 1, "invoice_date": day}
        return table([row | {"unit_price": "2.5", "customer_id": 1, "country": "UK"}], LINES)

    return make


def publish(run: Run) -> None:
    """Measure the population, and record it as published from that."""
    summary = measure(run, "population")
    PublishSummary(reach=summary["reach"]).write_to(run)


def frequency(table: TableArtifact) -> list[Any]:
    return table.read_table()["frequency"].to_pylist()


def test_rows_of_the_time_since_do_not_measure_it_again(
    retail: Profile, run_at: Callable[..., Run], accept: Callable[..., None], line: Callable[..., pa.Table]
) -> None:
    earlier, later = run_at(retail, EARLIER), run_at(retail, LATER)
    accept(earlier, "invoice_lines", line(1, "2011-07-05"))
    publish(earlier)
    accept(earlier, "invoice_lines", line(2, "2011-08-05"))
    assert measure(later, "population")["previous"] is None
    measure(later, "rfm")
    assert frequency(MeasureArtifacts(later).locate_kpis("rfm")) == [2]
    with pytest.raises(DataError, match=r"rfm\.previous\.parquet does not exist"):
        frequency(MeasureArtifacts(later).locate_previous_kpis("rfm"))


def test_a_row_that_came_late_measures_the_earlier_as_of_again_with_todays_data(
    retail: Profile, run_at: Callable[..., Run], accept: Callable[..., None], line: Callable[..., pa.Table]
) -> None:
    earlier, later = run_at(retail, EARLIER), run_at(retail, LATER)
    accept(earlier, "invoice_lines", line(1, "2011-07-05"))
    publish(earlier)
    accept(earlier, "invoice_lines", line(2, "2011-08-05"))
    accept(earlier, "invoice_lines", line(3, "2011-07-31"))
    assert measure(later, "population")["previous"] == earlier.as_of.isoformat()
    measure(later, "rfm")
    assert frequency(MeasureArtifacts(later).locate_kpis("rfm")) == [3]
    # The earlier as_of sees the late line too, but not the newer one.
    assert frequency(MeasureArtifacts(later).locate_previous_kpis("rfm")) == [2]
    publish(later)
    assert measure(run_at(retail, "2011-10-01"), "population")["previous"] is None


def test_a_deletion_counts_as_late(
    retail: Profile, run_at: Callable[..., Run], accept: Callable[..., None], line: Callable[..., pa.Table]
) -> None:
    earlier, later = run_at(retail, EARLIER), run_at(retail, LATER)
    for number in (1, 2):
        accept(earlier, "invoice_lines", line(number, "2011-07-05"))
    publish(earlier)
    log, quarantine = earlier.lake.open_log("invoice_lines"), earlier.lake.open_quarantine("invoice_lines")
    state = log.append(line(2, "2011-08-05"), log.read_state(), deleted=True)
    held = quarantine.read_state()
    quarantine.append(pa.schema([("source_seq", pa.int64())]).empty_table(), LogState(state.seq, None, 0, held.version))
    assert measure(later, "population")["previous"] == earlier.as_of.isoformat()


def test_a_run_that_did_not_say_what_it_was_measured_from_is_measured_again(
    retail: Profile, run_at: Callable[..., Run], accept: Callable[..., None], line: Callable[..., pa.Table]
) -> None:
    earlier, later = run_at(retail, EARLIER), run_at(retail, LATER)
    accept(earlier, "invoice_lines", line(1, "2011-07-05"))
    measure(earlier, "population")
    assert measure(later, "population")["previous"] is None  # never published
    PublishSummary().write_to(earlier)
    assert measure(later, "population")["previous"] == earlier.as_of.isoformat()


def test_the_run_before_is_of_the_same_cadence_and_not_of_a_fit(
    retail: Profile, run_at: Callable[..., Run], accept: Callable[..., None], line: Callable[..., pa.Table]
) -> None:
    earlier, later = run_at(retail, EARLIER), run_at(retail, LATER)
    accept(earlier, "invoice_lines", line(1, "2011-07-05"))
    publish(earlier)
    publish(Run(retail, "daily", datetime(2011, 8, 15, 12, tzinfo=UTC)))
    assert find_previous_run(later) == earlier
    assert find_previous_run(Run(retail, "daily", later.as_of)) == Run(
        retail, "daily", datetime(2011, 8, 15, 12, tzinfo=UTC)
    )
    assert find_previous_run(Run(retail, "weekly", later.as_of)) is None
    assert find_previous_run(Run(retail, "monthly", later.as_of, "fit")) is None
    assert find_previous_run(earlier) is None
