"""Signals in the warehouse: the rows that were measured, of the run that measured them."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
from publish_shop import PROFILE, Customer, Shop

from include.segmentation.artifacts import MeasureArtifacts, SignalSummary
from include.segmentation.errors import DataError
from include.segmentation.publish import publish
from include.segmentation.run import Run

SIGNALS = {
    "landmarks": [7],
    "horizon": 30,
    "counts": {"bought": {"label": "Bought", "definition": "Orders.", "unit": "orders"}},
    "labels": {"buyer": {"label": "Buyer", "definition": "Buys.", "when": "bought >= 1"}},
}
MEASURED = {
    **{"label": "buyer", "landmark": 7, "horizon": 30, "kpi": "visits", "outcome": "measured", "learned_from": 700},
    **{"learned_labelled": 70, "holdout_from": date(2024, 12, 20), "customers": 300, "labelled": 30},
    **{"rule": "Visits 2 or more", "direction": "more", "taken": 100, "taken_labelled": 20, "lift": 2.0},
    **{"lift_low": 1.5, "lift_high": 2.5, "p": 0.001, "q": 0.002, "precision": 0.2, "recall": 2 / 3},
}
BLANK = dict.fromkeys(MEASURED) | {name: MEASURED[name] for name in list(MEASURED)[:10] if name != "holdout_from"}
NEVER = BLANK | {"kpi": "*", "outcome": "never", "labelled": 0}
CUSTOMERS = {f"c{i:02}": Customer(purchases=i % 3, revenue=30.0 * i, visits=i % 2) for i in range(12)}


@pytest.fixture
def asking(shop_with: Callable[[dict[str, Any]], Shop], tmp_path: Any) -> Shop:
    measure = tmp_path / "sql" / "shop" / "measure"
    measure.mkdir(parents=True)
    (measure / "signals.sql").touch()
    shop = shop_with(PROFILE | {"signals": SIGNALS})
    shop.accept("2025-01-01")
    return shop


def leave(shop: Shop, run: Run, *found: dict[str, Any]) -> None:
    shop.leave(run, CUSTOMERS)
    if found:
        rows = pa.Table.from_pylist(list(found))
        MeasureArtifacts(run).locate_signals().write_table(rows)
        SignalSummary(customers={}, rows=len(found), outcomes={}, path="").write_to(run)


def test_signals_are_published_as_measured_and_replaced_by_their_run(asking: Shop) -> None:
    run = asking.run("2025-02-01")
    leave(asking, run, MEASURED, NEVER)
    assert publish(run)["rows"]["fct_signal"] == 2
    (found,) = asking.rows("SELECT to_jsonb(f) FROM fct_signal AS f WHERE kpi = 'visits'")[0]
    assert {name: found[name] for name in MEASURED} == MEASURED | {"holdout_from": "2024-12-20"}
    assert datetime.fromisoformat(found["as_of"]) == datetime(2025, 1, 31, 23, tzinfo=UTC)
    assert asking.rows("SELECT outcome, q, rule FROM fct_signal WHERE kpi = '*'") == [("never", None, None)]

    first = asking.tables()
    publish(run)
    assert asking.tables() == first
    leave(asking, run, MEASURED | {"lift": 3.0})
    publish(run)
    assert asking.rows("SELECT kpi, lift FROM fct_signal") == [("visits", 3.0)]

    following = asking.run("2025-03-01")
    leave(asking, following, NEVER)
    publish(following)
    assert asking.rows("SELECT run_id FROM fct_signal ORDER BY 1") == [(run.run_id,), (following.run_id,)]


def test_signals_that_were_not_measured_stop_the_run(asking: Shop) -> None:
    run = asking.run("2025-02-01")
    leave(asking, run)
    with pytest.raises(DataError, match=r"signals of .* have not been measured; run the measure stage first"):
        publish(run)
    for table in ("segmentation_run", "segmentation_check", "fct_signal", "fct_segment_size", "dim_customer"):
        assert asking.rows(f"SELECT count(*) FROM {table}") == [(0,)]


def test_other_cadences_have_none(asking: Shop) -> None:
    run = asking.run("2025-02-01", cadence="weekly")
    leave(asking, run)
    assert publish(run)["rows"]["fct_signal"] == 0
