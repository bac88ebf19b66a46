"""The real UCI lines, where the file is there: the numbers of the original that have to come out."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from originals import RETAIL, needs

from demo.retail import read_invoice_lines
from include.segmentation.artifacts import MeasureArtifacts
from include.segmentation.measure import measure
from include.segmentation.profile.loader import load_profile
from include.segmentation.run import Run

pytestmark = pytest.mark.slow


def _as_extracted(lines: pa.Table) -> pa.Table:
    """Times as the lake has them."""
    times = pc.assume_timezone(lines["invoice_date"].cast(pa.timestamp("us")), "UTC")
    return lines.set_column(lines.column_names.index("invoice_date"), "invoice_date", times)


@needs(RETAIL)
def test_the_real_customers(run_at: Callable[..., Run], accept: Callable[..., None]) -> None:
    run = run_at(load_profile("retail"), "2011-12-10")
    lines = _as_extracted(read_invoice_lines(RETAIL))
    accept(run, "invoice_lines", lines)

    summary = measure(run, "population")
    measure(run, "rfm")
    measure(run, "behaviour")

    assert summary["customers"] == 4372
    assert summary["unknown_rows"] == 135_080
    rfm = MeasureArtifacts(run).locate_kpis("rfm").read_table()
    assert rfm.num_rows == 4372
    assert pc.sum(pc.greater(rfm["purchases_ever"], 0)).as_py() == 4339
    assert rfm["recency"].null_count == 33  # cancellations only
    behaviour = MeasureArtifacts(run).locate_kpis("behaviour").read_table()
    assert behaviour["customer_id"] == rfm["customer_id"]
    assert behaviour["buying_invoices"] == rfm["frequency"]

    # Spending in the window, added up line by line in another way.
    bought = lines.filter(
        (pc.field("quantity") > 0)
        & ~pc.starts_with(pc.field("invoice_no"), "C")
        & pc.field("customer_id").is_valid()
        & (pc.field("invoice_date") >= datetime(2011, 6, 13, tzinfo=UTC))
    )
    values = zip(bought["quantity"].to_pylist(), bought["unit_price"].to_pylist(), strict=True)
    spent = sum((quantity * price for quantity, price in values), Decimal(0))
    assert sum(rfm["monetary"].to_pylist()) == pytest.approx(float(spent), abs=0.005 * rfm.num_rows)
