"""Figures in the warehouse: a run's own, and what they mean."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from publish_shop import PROFILE, Customer, Shop

from include.segmentation.artifacts import FigureSummary, MeasureArtifacts
from include.segmentation.errors import DataError
from include.segmentation.publish import publish
from include.segmentation.run import Run

FIGURES = {
    "sales": {
        **{"label": "Sales", "definition": "Sold.", "by": {"month": "Month"}},
        "values": {"sold": {"label": "Sold", "unit": "EUR"}},
    }
}


@pytest.fixture
def shop(shop_with: Callable[[dict[str, Any]], Shop], tmp_path: Any) -> Shop:
    (tmp_path / "sql" / "shop" / "figures").mkdir(parents=True)
    (tmp_path / "sql" / "shop" / "figures" / "sales.sql").touch()
    made = shop_with(PROFILE | {"figures": FIGURES})
    made.accept("2025-01-01")
    return made


def measured(shop: Shop, as_of: str, **sold: float | None) -> Run:
    """What the stages before leave for a run."""
    run = shop.run(as_of)
    shop.leave(run, {"a": Customer(purchases=1, revenue=5.0)})
    rows = [
        {"figure": "sales", "row": month.replace("_", "-"), "column": "", "measure": "sold", "value": value}
        | {"row_position": position, "column_position": 1}
        for position, (month, value) in enumerate(sold.items(), start=1)
    ]
    MeasureArtifacts(run).locate_figures().write_table(pa.Table.from_pylist(rows))
    FigureSummary(figures=1, rows=len(rows), path="").write_to(run)
    return run


def test_every_run_has_figures_of_its_own(shop: Shop) -> None:
    first = measured(shop, "2025-02-01", M_1=10.5)
    publish(first)
    publish(measured(shop, "2025-03-01", M_1=11.0, M_2=None))
    publish(measured(shop, "2025-02-01", M_1=12.0))
    assert shop.rows('SELECT as_of::date::text, "row", value FROM fct_figure ORDER BY as_of, row_position') == [
        ("2025-01-31", "M-1", 12.0),
        ("2025-02-28", "M-1", 11.0),
        ("2025-02-28", "M-2", None),
    ]
    assert shop.rows("SELECT figure, measure, label, row_label, column_label, measure_label, unit FROM dim_figure") == [
        ("sales", "sold", "Sales", "Month", "", "Sold", "EUR")
    ]


def test_figures_that_were_not_measured_stop(shop: Shop) -> None:
    run = shop.run("2025-02-01")
    shop.leave(run, {"a": Customer()})
    with pytest.raises(DataError, match="figures of shop/monthly/2025-02-01 have not been measured; run the measure"):
        publish(run)
