"""Grids in the warehouse: cells, cut points, segments beside them and what they are worth, after a real fit."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from publish_crowd import CROWD
from publish_shop import PROFILE, Customer, Shop
from sklearn.metrics import adjusted_rand_score

from include.segmentation.errors import ProfileError
from include.segmentation.publish import publish

QUALITY = "SELECT metric, kpi, value FROM fct_grid_quality"
CELLS = "SELECT customers, total, share_of_total, mean FROM fct_grid_profile"


def test_cells_cut_points_and_customers_agree(published: Callable[..., Shop]) -> None:
    shop = published()
    record = dict(shop.rows("SELECT value_scores, count(*) FROM customer_analytics_record GROUP BY 1"))
    assert record[None] == 20
    assert sum(record.values()) == len(CROWD)
    labels = shop.rows("SELECT cell, value_cell, value_scores, scores FROM fct_segment_label "
                       "JOIN customer_analytics_record USING (customer_id) WHERE macro_segment = 'value'")  # fmt: skip
    assert all((cell, scores) == (again, same) for cell, again, same, scores in labels)
    sizes = Counter(cell for cell, *_ in labels if cell)
    assert dict(shop.rows("SELECT cell, sum(customers)::int FROM fct_grid_cell GROUP BY 1")) == sizes
    assert dict(shop.rows("SELECT cell, customers::int FROM fct_grid_profile")) == sizes | {"small": 0}
    classes = shop.rows("SELECT score, class, at_least, below, customers_at_fit FROM dim_score_class ORDER BY 1, 2")
    assert classes[0] == ("f", 1, None, 2.0, 120)
    assert [row[4] for row in classes if row[0] == "m"] == [120, 120]
    cells = shop.rows("SELECT cell, row_from, row_to, column_from, column_to, recommended_action, owner "
                      "FROM dim_grid_cell ORDER BY position")  # fmt: skip
    assert cells[0] == ("once", 1, 2, 1, 1, "Write.", "")
    assert cells[1] == ("small", 1, 1, 2, 3, "", "sales")


def test_segments_beside_cells_are_compared_as_by_hand(published: Callable[..., Shop]) -> None:
    shop = published()
    pairs = shop.rows("SELECT cell, segment_key FROM fct_segment_label WHERE cell IS NOT NULL ORDER BY customer_id")
    found = {
        (metric, kpi): value for metric, kpi, value in shop.rows("SELECT metric, kpi, value FROM fct_grid_quality")
    }
    index = adjusted_rand_score(*map(list, zip(*pairs, strict=True)))
    assert found["adjusted_rand_index", ""] == pytest.approx(index)
    spent = sorted((customer.revenue for customer in CROWD.values() if customer.purchases), reverse=True)
    top = sum(spent[:72]) / sum(spent)
    assert found["top_30_by_sorting", "revenue"] == pytest.approx(top)
    for way in ("cells", "segments"):
        assert found[f"top_30_by_{way}", "revenue"] <= top
        assert found[f"lift_of_{way}", "revenue"] == pytest.approx(found[f"top_30_by_{way}", "revenue"] / top)


def test_every_segment_and_cell_has_its_share_of_what_customers_are_worth(published: Callable[..., Shop]) -> None:
    shop = published()
    for query in (
        CELLS,
        "SELECT customers, total, share_of_total, mean FROM fct_segment_profile "
        "WHERE macro_segment = 'visiting' AND kpi = 'revenue'",  # which visiting does not measure
    ):
        rows = [row for row in shop.rows(query) if row[0]]
        assert sum(total for _, total, _, _ in rows) == pytest.approx(sum(c.revenue for c in CROWD.values()))
        assert sum(share for _, _, share, _ in rows) == pytest.approx(1)
        assert all(mean == pytest.approx(float(total) / customers) for customers, total, _, mean in rows)


def test_publishing_again_changes_nothing(published: Callable[..., Shop]) -> None:
    shop = published()
    before = shop.tables()
    publish(shop.run("2025-02-01"))
    assert shop.tables() == before


def test_what_has_negative_values_has_no_top(published: Callable[..., Shop]) -> None:
    crowd = CROWD | {"owes": Customer(purchases=2, revenue=-99.5)}
    macros = deepcopy(PROFILE["macro_segments"])
    macros["value"]["kpis"]["revenue"]["minimum"] = None
    shop = published(crowd, macro_segments=macros)
    assert shop.rows("SELECT DISTINCT kpi FROM fct_grid_quality") == [("",)]
    assert shop.rows("SELECT cell FROM fct_segment_label WHERE customer_id = 'owes' AND cell IS NOT NULL") == [
        ("small",)
    ]


def test_of_a_total_below_zero_nobody_has_a_share(published: Callable[..., Shop]) -> None:
    macros = deepcopy(PROFILE["macro_segments"])
    macros["value"]["kpis"]["revenue"]["minimum"] = None
    reasons = [{"name": "all", "label": "All", "when": "purchases >= 0", "eligible": True}]
    crowd = CROWD | {f"owes{n}": Customer(purchases=1, revenue=-9_999.0) for n in range(10)}
    shop = published(crowd, macro_segments=macros, lists={"vip": {"label": "VIP", "reasons": reasons}})
    assert shop.rows(CELLS.replace("customers, total, share_of_total, mean", "DISTINCT share_of_total")) == [(None,)]
    segments = "SELECT DISTINCT share_of_total FROM fct_segment_profile WHERE kpi = 'revenue'"
    assert shop.rows(segments) == [(None,)]
    assert shop.rows("SELECT DISTINCT worth -> 'revenue' ->> 'share_of_total' FROM fct_list_reason") == [(None,)]


def test_a_cell_of_few_shows_its_size_only(published: Callable[..., Shop]) -> None:
    crowd = CROWD | {f"little{n}": Customer(purchases=9, revenue=0.5) for n in range(3)}
    rows = published(crowd).rows(
        "SELECT customers, total, share_of_total, mean FROM fct_grid_profile WHERE cell = 'small'"
    )
    assert rows == [(3, None, None, None)]


def test_a_worth_that_is_no_kpi_is_refused(shop_with: Callable[[dict[str, Any]], Shop]) -> None:
    with pytest.raises(ProfileError, match=r"worth: 'revenu'; allowed: .* did you mean 'revenue'\?"):
        shop_with(PROFILE | {"worth": ["revenu"]})
    with pytest.raises(ProfileError, match=r"worth: revenue, revenue must be different"):
        shop_with(PROFILE | {"worth": ["revenue", "revenue"]})
