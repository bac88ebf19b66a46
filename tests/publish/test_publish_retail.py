"""The real UCI lines through measure, a fit, labels and the warehouse: the numbers that have to come out."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from originals import RETAIL, needs

from demo.retail import read_invoice_lines
from include.segmentation.lake.change_log import LogState
from include.segmentation.measure import list_targets, measure
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.publish import publish
from include.segmentation.run import Run, parse_as_of
from include.segmentation.segment import fit, segment

WHOLE = datetime(2030, 1, 1, tzinfo=UTC)
pytestmark = needs(RETAIL)


@pytest.fixture
def rows(database: str, lake_root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[tuple[object, ...]]]:
    """Ask the published warehouse; strata are not cut, so that the fit is quick."""
    monkeypatch.setenv("AIRFLOW_CONN_SEGMENTATION_WAREHOUSE", database.replace("postgresql://", "postgres://", 1))
    run = Run(_whole(load_profile("retail")), "monthly", parse_as_of("2011-12-10", load_profile("retail")))
    _extracted(run)
    for target in list_targets(run):
        measure(run, target)
    for macro in run.profile.macro_segments:
        fit(run, macro)
        segment(run, macro)
    publish(run, approved_by="a test")

    def ask(query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(database, options="-c search_path=retail") as connection:
            return connection.execute(query.encode()).fetchall()

    return ask


def _whole(profile: Profile) -> Profile:
    macros = {
        name: macro.model_copy(
            update={"strata": [one.model_copy(update={"cluster": None, "kpis": []}) for one in macro.strata]}
        )
        for name, macro in profile.macro_segments.items()
    }
    return profile.model_copy(update={"macro_segments": macros})


def _extracted(run: Run) -> None:
    lines = read_invoice_lines(RETAIL)
    times = pc.assume_timezone(lines["invoice_date"].cast(pa.timestamp("us")), "UTC")
    lines = lines.set_column(lines.column_names.index("invoice_date"), "invoice_date", times)
    log, quarantine = run.lake.open_log("invoice_lines"), run.lake.open_quarantine("invoice_lines")
    seq = log.append(lines, LogState(None, WHOLE, log.read_state().seq, log.read_state().version)).seq
    none = pa.schema([("source_seq", pa.int64())]).empty_table()
    quarantine.append(none, LogState(seq, None, quarantine.read_state().seq, quarantine.read_state().version))


def test_the_shop_in_numbers(rows: Callable[[str], list[tuple[object, ...]]]) -> None:
    # N5: the top 30% of the 4,339 customers with a purchase hold 82.8% of the revenue.
    assert rows("SELECT sum(customers)::int FROM fct_grid_cell") == [(4339,)]
    (top,) = rows("SELECT value FROM fct_grid_quality WHERE metric = 'top_30_by_sorting' AND kpi = 'spent_ever'")
    assert top[0] == pytest.approx(0.828, abs=0.0005)
    assert rows("SELECT DISTINCT kpi FROM fct_grid_quality ORDER BY 1") == [("",), ("spent_ever",)]  # profit: some lost

    # Who bought once is a class of their own, the 33 who only cancelled are on no grid.
    assert rows("SELECT at_least, below FROM dim_score_class WHERE score = 'f' AND class = 1") == [(None, 2.0)]
    (once,) = rows("SELECT count(*) FROM customer_analytics_record WHERE purchases_ever = 1")
    assert rows("SELECT count(*) FROM customer_analytics_record WHERE rfm_scores LIKE '_1_'") == [once]
    assert rows("SELECT count(*) FROM customer_analytics_record WHERE rfm_cell IS NULL") == [(33,)]

    # Profit is purchases less returns: with what no customer is named for, all of the file.
    lines = read_invoice_lines(RETAIL)
    values = pc.multiply(lines["quantity"].cast(pa.decimal128(20, 0)), lines["unit_price"])
    known = pc.sum(values.filter(lines["customer_id"].is_valid())).as_py()
    assert pc.sum(values).as_py() == Decimal("9747747.934")
    (profit,) = rows(
        "SELECT sum(total) FROM fct_segment_profile WHERE macro_segment = 'behaviour' AND kpi = 'profit' "
        "AND parent_key IS NULL"
    )
    assert float(str(profit[0])) == pytest.approx(float(known), abs=0.005 * 4372)
    (lost,) = rows("SELECT count(*) FROM customer_analytics_record WHERE profit < 0")
    assert int(str(lost[0])) > 0

    (sold,) = rows("SELECT sum(value) FROM fct_figure WHERE figure = 'sales' AND measure = 'kept'")
    assert float(str(sold[0])) == pytest.approx(9747747.934, abs=0.5 * 13)
    # 885 customers bought in the first month, 324 of them in the second one too.
    assert rows("SELECT value FROM fct_figure WHERE (figure, \"row\", measure) = ('retention', '2010-12', 'customers') "
                "ORDER BY column_position LIMIT 2") == [(885.0,), (324.0,)]  # fmt: skip

    # Everyone is decided about once, and the Insiders have their reasons.
    assert rows("SELECT sum(customers)::int, count(*) FROM fct_list_reason WHERE list = 'insiders'") == [(4372, 7)]
    members = rows("SELECT count(*)::int FROM fct_list_member WHERE list = 'insiders'")
    assert members == rows("SELECT sum(customers)::int FROM fct_list_reason WHERE is_eligible")
    assert rows("SELECT customers::int FROM fct_list_reason WHERE reason = 'never_bought'") == [(33,)]
