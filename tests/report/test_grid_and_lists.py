"""The grid, the lists and the value of customers on the page."""

import pytest
from page_reader import Page
from report_warehouse import WarehouseBuilder

from include.segmentation.report.page.report_page import render_report

NAMED = {"old": ("Old friends", (1, 2), (2, 2)), "new": ("New ones", (1, 2), (1, 1))}
CROSSING = [(1, 1, "new", "k0", 100), (1, 2, "old", "k1", 20), (2, 2, "old", "k0", 60), (2, 2, "old", "k1", 20)]


@pytest.fixture
def gridded(club: WarehouseBuilder) -> WarehouseBuilder:
    """200 of the club's customers on a grid of two by two, and a list."""
    club.profile = club.profile.model_copy(update={"worth": ["visits"]})
    run = club.run("2025-03-01")
    here = {"cadence": run.cadence, "as_of": run.as_of}
    own = {"model_id": "loyalty-m1", "macro_segment": "loyalty"}
    for position, (cell, (label, rows, columns)) in enumerate(NAMED.items(), start=1):
        sides = {"row_score": "r", "row_from": rows[0], "row_to": rows[1]}
        sides |= {"column_score": "f", "column_from": columns[0], "column_to": columns[1]}
        texts = {"label": label, "description": "Made up.", "recommended_action": "Write.", "owner": "crm"}
        club.put("dim_grid_cell", **own, **sides, **texts, cell=cell, position=position)
    for position, (score, kpi) in enumerate((("r", "visit_gap"), ("f", "visits")), start=1):
        for number in (1, 2):
            cut = {"at_least": 3.5} if (score == "r") == (number == 1) else {"below": 3.5}
            texts = {"label": {"r": "Recency", "f": "Frequency"}[score], "kpi": kpi, "customers_at_fit": 1}
            club.put("dim_score_class", **own, **texts, **{"class": number}, score=score, position=position, **cut)
    for row, column, cell, key, customers in CROSSING:
        place = {"row_class": row, "column_class": column, "cell": cell, "segment_key": key}
        club.put("fct_grid_cell", **here, macro_segment="loyalty", **place, customers=customers)
    for cell, customers, total in (("old", 100, 900), ("new", 5, None)):
        figures = {"total": total, "share_of_total": 0.75, "mean": 9.0} if total else {}
        place = {"macro_segment": "loyalty", "cell": cell, "kpi": "visits"}
        club.put("fct_grid_profile", **here, **place, customers=customers, share=0.5, **figures)
    metrics = {"top_30_by_sorting": 0.828, "top_30_by_cells": 0.5, "top_30_by_segments": 0.75}
    metrics |= {"lift_of_cells": 0.604, "lift_of_segments": 0.906}
    for metric, value in metrics.items():
        club.put("fct_grid_quality", **here, macro_segment="loyalty", metric=metric, kpi="visits", value=value)
    club.put("fct_grid_quality", **here, macro_segment="loyalty", metric="adjusted_rand_index", kpi="", value=0.1234)
    for position, (reason, eligible, customers) in enumerate((("no", False, 8), ("yes", True, 992)), start=1):
        texts = {"list": "vip", "list_label": "VIP", "description": "The best.", "owner": "sales", "rule": "visits > 1"}
        worth = {"visits": {"total": 900, "share_of_total": 0.4}} if eligible else {}
        counted = {"customers": customers, "share": customers / 1000, "worth": worth, "is_eligible": eligible}
        club.put("fct_list_reason", **here, **texts, **counted, position=position, reason=reason, label=reason.title())
    return club


def test_the_grid_names_every_pair_of_classes(gridded: WarehouseBuilder) -> None:
    rows = Page(render_report(gridded.run("2025-03-01"))).table(
        "200 customers by Recency (rows) and Frequency (columns)"
    )
    assert rows == [
        ["Recency \\ Frequency", "1", "2"],
        ["2", "0 · 0.0% New ones", "80 · 40.0% Old friends"],
        ["1", "100 · 50.0% New ones", "20 · 10.0% Old friends"],
    ]


def test_cells_say_what_they_are_worth_and_what_to_do(gridded: WarehouseBuilder) -> None:
    rows = Page(render_report(gridded.run("2025-03-01"))).table("The named cells, what their customers are worth")
    place = "Old friends Made up. Recency 1-2, Frequency 2"
    assert rows[1] == [place, "100", "50.0%", "900", "75.0%", "9", "Write. crm"]
    assert rows[2][3:6] == ["- fewer than 10", "-", "-"]


def test_cells_are_compared_with_segments(gridded: WarehouseBuilder) -> None:
    page = Page(render_report(gridded.run("2025-03-01")))
    rows = page.table("The same customers by cell (rows) and segment (columns)")
    assert rows[1] == ["Old friends", "60 60.0%", "40 40.0%"]
    assert rows[2] == ["New ones", "100 100%", "·"]
    assert "Adjusted Rand index of cells and segments: 0.12 (1: the same grouping;" in page.text
    assert "If customers are sorted by Visits alone, the top 30% hold 82.8% of it." in page.text
    assert (
        "As many customers from the best segments hold 75.0% (lift 0.91); from the best cells, 50.0% (lift 0.60)."
        in page.text
    )


def test_classes_are_shown_in_the_units_of_their_kpi(gridded: WarehouseBuilder) -> None:
    rows = Page(render_report(gridded.run("2025-03-01"))).table("What the classes mean")
    assert rows == [
        ["Score", "2", "1"],
        ["Recency Gap, days", "below 3.5", "3.5 or more"],
        ["Frequency Visits, days", "4 or more", "below 4"],
    ]


def test_segments_say_what_they_are_worth(gridded: WarehouseBuilder) -> None:
    gridded.change("UPDATE fct_segment_profile SET total = 750, share_of_total = 0.75, mean = 1.25, customers = 600 "
                   "WHERE segment_key = 'k0' AND kpi = 'visits'")  # fmt: skip
    gridded.change("UPDATE fct_segment_profile SET customers = 400 WHERE segment_key = 'k1'")
    page = Page(render_report(gridded.run("2025-03-01")))
    rows = page.table("Shares are of the total over all customers.")
    assert rows[1] == ["Never came never", "600", "60.0%", "750", "75.0%", "1"]
    assert "“Never came” is 60.0% of the customers and holds 75.0% of Visits." in page.text


def test_micro_segments_are_not_counted_twice_in_what_segments_are_worth(gridded: WarehouseBuilder) -> None:
    worth = "total = 750, share_of_total = 0.75, mean = 1.25"
    gridded.change(f"UPDATE fct_segment_profile SET {worth}, customers = 600 WHERE segment_key = 'k0'")
    gridded.change("UPDATE fct_segment_profile SET customers = 400 WHERE segment_key = 'k1'")
    gridded.spread(gridded.run("2025-03-01"), "loyalty", "m1", "visits", (1, 2, 3))
    gridded.change(
        "UPDATE fct_segment_profile SET total = 900, share_of_total = 0.9, mean = 2, customers = 300 "
        "WHERE segment_key = 'm1'"
    )
    text = Page(render_report(gridded.run("2025-03-01"))).text
    assert "“Never came” is 60.0% of the customers and holds 75.0% of Visits." in text


def test_a_list_says_its_size_and_its_reasons(gridded: WarehouseBuilder) -> None:
    page = Page(render_report(gridded.run("2025-03-01")))
    rows = page.table("Reasons are checked from the top; the first that applies decides")
    assert rows[1][:5] == ["No", "no", "8", "0.8%", "- fewer than 10"]
    assert rows[2] == ["Yes", "yes", "992", "99.2%", "40.0%", "visits > 1"]
    assert "992 customers are eligible, 99.2% of all, with 40.0% of Visits. Owner: sales." in page.text


def test_suppressed_values_are_not_shown_as_zero(gridded: WarehouseBuilder) -> None:
    gridded.change("UPDATE fct_list_reason SET is_eligible = true")
    text = Page(render_report(gridded.run("2025-03-01"))).text
    assert (
        "1,000 customers are eligible, 100% of all, with 40.0% of Visits (not counting reasons with fewer than 10 "
        "customers)." in text
    )
    gridded.change("UPDATE fct_list_reason SET customers = 9, share = 0.009, worth = '{}'")
    text = Page(render_report(gridded.run("2025-03-01"))).text
    assert "18 customers are eligible, 1.8% of all. Owner: sales." in text


def test_undefined_values_are_not_shown_as_zero(gridded: WarehouseBuilder) -> None:
    gridded.change("""UPDATE fct_list_reason SET worth = '{"visits": {"total": null, "share_of_total": null}}'""")
    page = Page(render_report(gridded.run("2025-03-01")))
    assert page.table("Reasons are checked from the top; the first that applies decides")[2][4] == "-"
    assert "992 customers are eligible, 99.2% of all. Owner: sales." in page.text


def test_a_page_without_a_grid_has_no_grid_section(club: WarehouseBuilder) -> None:
    page = Page(render_report(club.run("2025-03-01")))
    assert not [name for name in page.ids if name.endswith(("-grid", "-worth")) or name.startswith("list")]
    assert all(link.removeprefix("#") in page.ids for link in page.links if link.startswith("#"))


def test_what_rounds_to_zero_has_no_sign(gridded: WarehouseBuilder) -> None:
    gridded.change("UPDATE fct_grid_profile SET total = -0.4, mean = -0.004 WHERE cell = 'old'")
    rows = Page(render_report(gridded.run("2025-03-01"))).table("The named cells, what their customers are worth")
    assert rows[1][3:6] == ["0", "75.0%", "0"]
