"""Any change of a table, with or without a new cursor: after a pull and a reconcile the lake equals it."""

from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.segmentation.extract.mysql import row_reconciliation as module

START = datetime(2025, 1, 1)
MINUTE = st.integers(0, 400) | st.none()
CODE = st.text(alphabet="aAbBäß'\\ \"", max_size=2).map(lambda word: word.rstrip())
CHANGES = st.lists(
    st.lists(
        st.tuples(st.just("put"), st.integers(0, 6), CODE, MINUTE, st.integers(0, 9))
        | st.tuples(st.just("change"), st.integers(0, 6), CODE, st.integers(0, 9))
        | st.tuples(st.just("delete"), st.integers(0, 6)),
        max_size=12,
    ),
    min_size=2,
    max_size=3,
)
NAMES = count()


@pytest.mark.parametrize(("mode", "key"), [("append", ["a", "b"]), ("merge", ["a"])])
@settings(max_examples=6, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=CHANGES)
def test_the_lake_equals_the_table(database, shop, monkeypatch, mode, key, batches):
    monkeypatch.setattr(module, "RANGE_ROWS", 5)
    monkeypatch.setattr(module, "PART_ROWS", 2)
    monkeypatch.setattr(module, "_BUCKET_ROWS", 2)
    name = f"events_{next(NAMES)}"
    database.execute(
        f"CREATE TABLE {name} (a INT, b VARCHAR(4), made DATETIME NULL, n INT, PRIMARY KEY ({', '.join(key)}))"
        " ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_german2_ci"
    )
    declared = {"kind": "table", "source": "mysql", "table": name, "mode": mode, "cursor": "made", "lag": "1m"}
    pulls = shop(database, **{name: declared | {"primary_key": key}})
    pulls.pull(name)
    for batch in batches:
        with database.connect(charset="utf8mb4") as connection:
            for change, a, *values in batch:
                cursor = connection.cursor()
                if change == "put":
                    b, minute, n = values
                    made = None if minute is None else START + timedelta(minutes=minute)
                    cursor.execute(f"REPLACE INTO {name} VALUES (%s, %s, %s, %s)", (a, b, made, n))
                elif change == "change":
                    cursor.execute(f"UPDATE {name} SET n = %s WHERE a = %s AND b = %s", (values[1], a, values[0]))
                else:
                    cursor.execute(f"DELETE FROM {name} WHERE a = %s", (a,))
        pulls.pull(name)
        pulls.reconcile(name)
        table = database.execute(f"SELECT a, CONVERT(b USING utf8mb4), made, n FROM {name}")
        lake = [(a, b, made and made.replace(tzinfo=None), n) for a, b, made, n in pulls.current(name, "a, b, made, n")]
        assert sorted(lake, key=repr) == sorted(table, key=repr)
    assert pulls.pull(name)["rows_written"] == 0
    again = pulls.reconcile(name)
    assert (again["differing"], again["rows_fetched"]) == (0, 0)
