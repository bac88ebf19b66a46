"""A KPI that several macro segments cluster on is one KPI: measured alike, published once."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pyarrow as pa
import pytest
from publish_shop import PROFILE, Customer, Shop

from include.segmentation.artifacts import MeasureArtifacts
from include.segmentation.errors import DataError
from include.segmentation.publish import publish

CROWD = {f"c{i:02}": Customer(purchases=i % 2, revenue=i, visits=i % 3, visit_gap=i or None) for i in range(12)}


@pytest.fixture
def left(shop_with: Callable[[dict[str, Any]], Shop]) -> Shop:
    """Revenue is a KPI of value, and of visiting too, where it is clustered on otherwise."""
    profile = deepcopy(PROFILE)
    macros = profile["macro_segments"]
    macros["visiting"]["kpis"]["revenue"] = macros["value"]["kpis"]["revenue"] | {"transform": "sqrt"}
    shop = shop_with(profile)
    shop.accept("2025-01-01")
    shop.leave(shop.run("2025-01-01"), CROWD)
    return shop


def test_it_is_one_column_one_definition_and_a_range_in_each_segment(left: Shop) -> None:
    publish(left.run("2025-01-01"))
    assert left.rows("SELECT customer_id, revenue FROM customer_analytics_record ORDER BY 1") == [
        (name, customer.revenue) for name, customer in CROWD.items()
    ]
    assert left.rows("SELECT macro_segment FROM dim_kpi WHERE kpi = 'revenue'") == [("value",)]
    described = left.rows("SELECT DISTINCT macro_segment FROM fct_segment_profile WHERE kpi = 'revenue' ORDER BY 1")
    assert described == [("value",), ("visiting",)]


def test_two_values_for_one_customer_are_refused(left: Shop) -> None:
    run = left.run("2025-01-01")
    name = MeasureArtifacts(run).locate_kpis("visiting").path
    measured = run.lake.artifacts.read_table(name)
    at = measured.column_names.index("revenue")
    other = pa.array([None, *measured["revenue"].to_pylist()[1:]], pa.float64())
    run.lake.artifacts.write_table(name, measured.set_column(at, "revenue", other))
    message = "shared_kpis_agree: macro segment 'visiting': 'revenue' differs from that of 'value' for 1 customers"
    with pytest.raises(DataError, match=message):
        publish(run)
