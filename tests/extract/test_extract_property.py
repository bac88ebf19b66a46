"""Rows that arrive in any order within the lag: none is lost, none is doubled."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.segmentation.extract.mysql.page import page_reader

START = datetime(2025, 1, 1)
KEYS = st.tuples(st.integers(0, 3), st.text(alphabet="aAbBäß'\\ ", max_size=2).map(lambda word: word.rstrip()))
CHANGES = st.lists(st.lists(st.tuples(KEYS, st.integers(0, 5) | st.none()), max_size=10), min_size=1, max_size=3)


@pytest.mark.parametrize("mode", ["append", "merge"])
@settings(max_examples=8, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=CHANGES, page_rows=st.integers(1, 5))
def test_the_lake_follows_the_table(mariadb_database, shop, monkeypatch, mode, batches, page_rows):
    monkeypatch.setattr(page_reader, "PAGE_ROWS", page_rows)
    name = f"events_{datetime.now(UTC):%H%M%S%f}"
    mariadb_database.execute(
        f"CREATE TABLE {name} (a INT, b VARCHAR(4) COLLATE utf8mb4_bin, made DATETIME NULL, n INT, PRIMARY KEY (a, b))"
    )
    declared = {"kind": "table", "source": "mysql", "table": name, "mode": mode, "cursor": "made", "lag": "1d"}
    pulls = shop(mariadb_database, **{name: declared | {"primary_key": ["a", "b"]}})
    source: dict[tuple, tuple] = {}
    for n, batch in enumerate(batches):
        for key, minute in batch:
            if mode == "append" and key in source:
                continue
            made = None if minute is None else START + timedelta(minutes=minute)
            source[key] = (made and made.replace(tzinfo=UTC), n)
            with mariadb_database.connect() as connection:
                connection.cursor().execute(f"REPLACE INTO {name} VALUES (%s, %s, %s, %s)", (*key, made, n))
        pulls.pull(name)
        assert {row[:2]: row[2:] for row in pulls.current(name, "a, b, made, n")} == source
    written = pulls.written(name)
    assert pulls.pull(name)["rows_written"] == 0
    if mode == "append":
        assert written == len(source)
