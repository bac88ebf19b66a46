"""Views on change logs: every version, the newest ones, and those that are accepted."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from lake_rows import ages, mark_validated, read_accepted, read_current, users, visits

from include.segmentation.errors import DataError
from include.segmentation.lake.change_log import LogState


def test_the_newest_version_of_a_key_is_current(lake):
    log = lake.open_log("users")
    state = log.append(users((1, "IE"), (2, "DE"), (3, "FR")), LogState())
    state = log.append(users((1, "US")), state)
    log.append(users((3, None), (4, "NO")), state, deleted=[True, False])
    assert read_current(lake, "users", "user_id, country") == [(1, "US"), (2, "DE"), (4, "NO")]
    with lake.open_engine() as engine:
        lake.create_log_view(engine, "users")
        assert engine.execute("SELECT count(*) FROM users").fetch_row() == (6,)


def test_the_newest_batch_of_a_day_is_current(lake):
    log = lake.open_log("ages")
    days = date(2025, 1, 1), date(2025, 1, 2), date(2025, 1, 3)
    state = LogState()
    for day in days:
        state = log.append(ages(day, 1, 5, 6), state)
    state = log.append(ages(days[1], 2, 7), state)
    log.append(ages(days[2], 2, 0), state, deleted=True)
    assert read_current(lake, "ages", "date, active_users") == [(days[0], 5), (days[0], 6), (days[1], 7)]


@pytest.mark.parametrize("extract", ["users", "visits", "ages"])
def test_a_log_without_rows_has_views(lake, extract):
    table = {"users": users(), "visits": visits(), "ages": ages(date(2025, 1, 1), 1)}[extract]
    lake.open_log(extract).append(table, LogState())
    assert read_current(lake, extract, "*") == []
    assert read_accepted(lake, extract) == []


def test_only_validated_rows_outside_quarantine_are_accepted(lake):
    log = lake.open_log("users")
    state = log.append(users((1, "IE"), (2, "??"), (3, "FR")), LogState())
    assert read_accepted(lake, "users") == []
    mark_validated(lake, "users", 2, 2)
    assert read_accepted(lake, "users") == [(1, "IE")]
    mark_validated(lake, "users", 3)
    assert read_accepted(lake, "users") == [(1, "IE"), (3, "FR")]
    # a corrected row returns by itself, a row that went bad is gone, and neither before it is validated
    log.append(users((2, "DE"), (1, "!!")), state)
    assert read_accepted(lake, "users") == [(1, "IE"), (3, "FR")]
    mark_validated(lake, "users", 5, 5)
    assert read_accepted(lake, "users") == [(2, "DE"), (3, "FR")]


def test_files_with_and_without_a_column_are_one_table(lake):
    log = lake.open_log("users")
    state = log.append(users((1, "IE")), LogState())
    wider = users((2, "DE")).append_column("age", pa.array([30], pa.int64()))
    state = log.append(wider.slice(0, 0), state)  # no file has the column yet
    mark_validated(lake, "users", 1)
    assert read_accepted(lake, "users") == [(1, "IE", None)]
    assert read_current(lake, "users", "user_id, country, age") == [(1, "IE", None)]
    state = log.append(wider, state)
    state = log.append(users((3, "FR")), state)
    rows = [(1, "IE", None), (2, "DE", 30), (3, "FR", None)]
    assert read_current(lake, "users", "user_id, country, age") == rows
    log.compact()
    assert read_current(lake, "users", "user_id, country, age") == rows
    mark_validated(lake, "users", 3, 1)
    assert read_accepted(lake, "users", "age, user_id") == [(30, 2), (None, 3)]


def test_an_extract_that_was_never_pulled_is_named(lake):
    for view in (lake.create_accepted_view, lake.create_current_view, lake.create_log_view):
        with lake.open_engine() as engine, pytest.raises(DataError, match="'carts' has never been pulled"):
            view(engine, "carts")


def test_late_rows_are_validated_rows_of_an_earlier_time(lake):
    log = lake.open_log("visits")
    noon, eleven, ten = (datetime(2025, 1, 2, hour, tzinfo=UTC) for hour in (12, 11, 10))

    def append_visit(visit_id: int, visited_at: datetime, deleted: bool = False) -> None:
        times = pa.array([visited_at], pa.timestamp("us", "UTC"))
        log.append(visits(visit_id).append_column("visited_at", times), log.read_state(), deleted)

    def has_late_rows(after: int) -> bool:
        with lake.open_engine() as engine:
            return lake.has_late_rows(engine, "visits", after, eleven)

    append_visit(1, noon)
    append_visit(2, ten)
    mark_validated(lake, "visits", 1)
    assert not has_late_rows(after=0), "the late row is not validated yet"
    mark_validated(lake, "visits", 2)
    assert has_late_rows(after=0)
    assert not has_late_rows(after=2)
    append_visit(3, eleven)
    mark_validated(lake, "visits", 3)
    assert not has_late_rows(after=2), "a row of that very time is not late"
    append_visit(1, noon, deleted=True)
    mark_validated(lake, "visits", 4)
    assert has_late_rows(after=3), "a deletion may belong to any time"
