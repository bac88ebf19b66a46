"""A run's time, name and place, and what it waits for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from include.segmentation.errors import NotReadyError, ProfileError
from include.segmentation.lake.change_log import LogState
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run, parse_as_of


@pytest.fixture
def retail() -> Profile:
    return load_profile("retail")


@pytest.fixture
def run_at(retail: Profile, lake_root: Path) -> Callable[..., Run]:
    return lambda as_of, cadence="monthly": Run(retail, cadence, parse_as_of(as_of, retail))


def test_a_day_is_the_midnight_of_the_profiles_zone(retail: Profile) -> None:
    vienna = retail.model_copy(update={"time_zone": "Europe/Vienna"})
    assert parse_as_of("2011-07-01", retail) == datetime(2011, 7, 1, tzinfo=UTC)
    assert parse_as_of("2011-07-01", vienna) == datetime(2011, 6, 30, 22, tzinfo=UTC)
    assert parse_as_of("2011-07-01T00:00+02:00", retail) == datetime(2011, 6, 30, 22, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2011-13-01", "July 2011", "2011-07-01T00:00", "", "2011-7-1", "2011-W27-5"])
def test_what_is_not_a_time_is_refused(retail: Profile, text: str) -> None:
    with pytest.raises(ProfileError, match=r"allowed: a day \(2025-02-01\) or a time with an offset"):
        parse_as_of(text, retail)


def test_the_future_and_the_time_before_the_start_are_refused(retail: Profile) -> None:
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    with pytest.raises(NotReadyError, match=r"retail.yaml: as_of .* is in the future; allowed: a time up to now"):
        Run(retail, "daily", tomorrow)
    with pytest.raises(NotReadyError, match=r"allowed: a time after schedule\.start 2010-12-01"):
        Run(retail, "daily", datetime(2010, 12, 1, tzinfo=UTC))


def test_ids_hold_the_cadence_and_the_as_of(run_at: Callable[..., Run], retail: Profile) -> None:
    assert run_at("2011-07-01").run_id == "retail/monthly/2011-07-01"
    assert run_at("2011-07-01T06:30Z", "daily").run_id == "retail/daily/2011-07-01T063000Z"
    vienna = retail.model_copy(update={"time_zone": "Europe/Vienna"})
    assert Run(vienna, "daily", parse_as_of("2011-07-01", vienna)).run_id == "retail/daily/2011-07-01"
    assert run_at("2011-07-01").is_primary
    assert not run_at("2011-07-01", "daily").is_primary


@pytest.mark.parametrize(
    "as_of", ["2011-07-01", "2011-07-01T06:30Z", "2011-10-30T01:30+02:00", "2011-10-30T01:30+01:00"]
)
def test_the_name_of_an_as_of_reads_back_as_the_same_moment(retail: Profile, as_of: str) -> None:
    vienna = retail.model_copy(update={"time_zone": "Europe/Vienna"})
    run = Run(vienna, "daily", parse_as_of(as_of, vienna))
    assert parse_as_of(run.as_of_name, vienna) == run.as_of


def test_an_extract_is_late_until_it_is_complete_through_as_of(run_at: Callable[..., Run]) -> None:
    run = run_at("2011-07-01")
    assert run.find_late_extracts() == {"invoice_lines": None}
    with pytest.raises(NotReadyError, match="extract 'invoice_lines' is complete through nothing yet; allowed: 2011-"):
        run.require_complete()

    log = run.lake.open_log("invoice_lines")
    empty = pa.schema([("line_id", pa.int64())]).empty_table()
    almost = run.as_of - timedelta(microseconds=1)
    state = log.append(empty, LogState(complete_through=almost))
    assert run.find_late_extracts() == {"invoice_lines": almost}
    with pytest.raises(NotReadyError, match=r"retail/monthly/2011-07-01: extract 'invoice_lines' is complete through"):
        run.require_complete()

    log.append(empty, LogState(None, run.as_of, state.seq, state.version))
    assert run.find_late_extracts() == {}
    run.require_complete()
