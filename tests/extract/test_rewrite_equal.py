"""A query has equal rows and types natively on MariaDB, rewritten on MySQL 5.6, and computed in the lake."""

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

CASES = Path(__file__).parent / "rewrite"
QUERIES = {path.name: path.read_text() for path in (CASES / "equal").glob("*.sql")}
CREATE, INDEXES = (CASES / "events.sql").read_text().split(";")
START = datetime(2025, 1, 1)


def make_nullable(values):
    return st.none() | values


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.sampled_from([0, 0, 1, 7, 2**64 - 1]),
        st.integers(0, 12).map(lambda n: START + timedelta(hours=6 * n)),
        make_nullable(st.integers(-3, 5)),
        make_nullable(st.sampled_from([-128, 0, 1, 2, 127])),
        make_nullable(st.sampled_from([-(2**63), 2**63 - 1, 0, 3])),
        make_nullable(st.decimals(-5, 5, places=2) | st.sampled_from([Decimal("99999999.99"), Decimal("0.01")])),
        make_nullable(st.sampled_from(["", "a", "A", "NULL", "ä,\"'"])),
        make_nullable(st.dates(date(2024, 12, 30), date(2025, 1, 5))),
        make_nullable(st.sampled_from([0.1, -2.5, 1e300])),
        make_nullable(st.binary(max_size=3)),
    ),
    min_size=30,
    max_size=60,
    unique_by=lambda row: row[0],
)


@given(EVENTS)
@example([])
@settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # no shrinking: an example takes seconds
    suppress_health_check=list(HealthCheck),
)
def test_rows_are_equal_in_all_three_ways(mariadb_database, mysql56_database, shop, tmp_path, monkeypatch, events):
    whole = {"source": "mysql", "mode": "snapshot", "primary_key": ["id"]}
    extracts = {path.removesuffix(".sql"): {**whole, "kind": "query", "query": path} for path in QUERIES}
    extracts["events"] = {**whole, "kind": "table", "table": "events"}
    databases = {"native": mariadb_database, "rewritten": mysql56_database, "computed": mysql56_database}
    tables = {}
    for way, database in databases.items():
        database.execute("DROP TABLE IF EXISTS events", CREATE, *([] if way == "computed" else [INDEXES]))
        if events:
            database.insert("events", events)
        monkeypatch.setenv("SEGMENTATION_LAKE", str(tmp_path / uuid.uuid4().hex))
        pulls = shop(database, queries=QUERIES, **extracts)
        for name in extracts:
            summary = pulls.pull(name)
            assert summary["bound"].startswith("computed in the lake") is (way == "computed" and name != "events")
            tables[way, name] = load_current_rows(pulls, name)
    for name in extracts:
        for way in ("rewritten", "computed"):
            assert tables[way, name].schema == tables["native", name].schema, (way, name)
            assert tables[way, name].to_pylist() == tables["native", name].to_pylist(), (way, name)


def load_current_rows(pulls, name: str) -> pa.Table:
    columns = ", ".join(f'"{column}"' for column in pulls.run.lake.open_log(name).read_schema().names)
    with pulls.run.lake.open_engine() as engine:
        pulls.run.lake.create_current_view(engine, name)
        return engine.execute(f'SELECT {columns} FROM "{name}" ORDER BY id').fetch_table()
