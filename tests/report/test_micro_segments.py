"""Micro segments are in the tree and the evidence, but not among the segments."""

import json

import pytest
from page_reader import Page
from report_warehouse import WarehouseBuilder

from include.segmentation.report.charts import dendrogram
from include.segmentation.report.charts.dendrogram import DendrogramBranch, DendrogramJoin
from include.segmentation.report.page.report_page import render_report


@pytest.fixture
def parted(club: WarehouseBuilder) -> WarehouseBuilder:
    """Segment k1 has two micro segments, m1 (300) and m2 (94); k2 is too small to have any."""
    run = club.run("2025-03-01")
    for number, (key, word, customers) in enumerate((("m1", "Short", 300), ("m2", "Long", 94)), start=1):
        path = {"path": f"loyalty.coming.01.{number:02}", "stratum_label": "Coming", "parent_key": "k1"}
        club.segment("loyalty", key, f"Coming, Many Visits: {word} Gap", "coming", **path)
        club.size(run, "loyalty", key, customers, of=1000, parent_key="k1")
    micro = {"segments": [{"key": "m1"}, {"key": "m2"}], "joins": [{"left": 0, "right": 1, "height": 0.7}], "note": ""}
    none = {"segments": [], "joins": [], "note": "not cut: 6 customers, fewer than twice the 100 that a cluster needs"}
    for place, division in enumerate((micro, none)):
        where = f"'{{strata,1,segments,{place},micro}}'"
        club.change(f"UPDATE dim_model SET model = jsonb_set(model, {where}, '{json.dumps(division)}')")
    club.change("UPDATE dim_model SET model = jsonb_set(model, '{strata,1,segments,1,name}', '\"Coming, Few Visits\"')")
    club.trial("loyalty", "loyalty-m1", "coming.01", 2, jaccard_min=0.88, silhouette=0.5, chosen=1)
    return club


def test_the_tree_goes_from_everyone_to_the_micro_segments(parted: WarehouseBuilder) -> None:
    text = render_report(parted.run("2025-03-01"))
    tree = text[text.index("Loyalty: from all customers to the strata") :]
    tree = tree[: tree.index("</svg>")]
    places = [
        tree.index(f"{label}</text>")
        for label in (
            *("100%  All customers", "60.0%  Never came", "40.0%  Coming", "39.4%  Many Visits"),
            *("30.0%  Short Gap", "9.4%  Long Gap", "0.6%  Few Visits"),
        )
    ]
    assert places == sorted(places)


def test_the_evidence_of_a_segment_stands_after_that_of_its_stratum(parted: WarehouseBuilder) -> None:
    text = Page(render_report(parted.run("2025-03-01"))).text
    of_stratum = text.index("Coming. Cut into 2 segments.")
    of_segment = text.index("Coming, Many Visits. Cut into 2 micro segments.")
    assert of_stratum < of_segment < text.index("Coming, Few Visits. Kept whole. Not cut: 6 customers, fewer than")


def test_micro_segments_have_a_table_of_their_own(parted: WarehouseBuilder) -> None:
    parted.spread(parted.run("2025-03-01"), "loyalty", "m1", "visits", (6, 7, 9), "Many")
    rows = Page(render_report(parted.run("2025-03-01"))).table("Micro segments: clusters inside a segment")
    assert [row[:3] for row in rows[1:]] == [
        ["Coming, Many Visits: Short Gap coming.01.01", "300", "30.0%"],
        ["Coming, Many Visits: Long Gap coming.01.02", "94", "9.4%"],
    ]
    assert "6-9 Many" in rows[1]


def test_micro_segments_are_not_counted_as_segments(club: WarehouseBuilder, parted: WarehouseBuilder) -> None:
    page = Page(render_report(parted.run("2025-03-01")))
    assert "3 segments, 1,000 customers" in page.text
    rows = page.table("Customers per segment on")
    assert [row[0] for row in rows[1:]] == [
        "Never came never",
        "Coming, Many Visits coming.01",
        "Coming, Few Visits coming.02",
    ]


def test_branches_that_are_alike_stand_beside_each_other_and_no_lines_cross() -> None:
    root = DendrogramBranch(
        "All",
        1.0,
        [DendrogramBranch(name, 0.25) for name in "abcd"],
        [DendrogramJoin(0, 3, 0.1), DendrogramJoin(1, 2, 0.2), DendrogramJoin(4, 5, 0.9)],
    )
    assert root.order_children() == [0, 3, 1, 2]
    assert DendrogramBranch("All", 1.0, [DendrogramBranch("a", 0.5), DendrogramBranch("b", 0.5)]).order_children() == [
        0,
        1,
    ]
    assert dendrogram.draw_dendrogram(root, "x") == dendrogram.draw_dendrogram(root, "x")
