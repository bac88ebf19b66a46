"""Figures on the page: tables, bars and heatmaps."""

import re

import pytest
from page_reader import Page
from psycopg.rows import dict_row
from report_warehouse import WarehouseBuilder

from include.segmentation.profile.figures import Figure
from include.segmentation.report.page.report_page import render_report
from include.segmentation.report.queries.customer_queries import write_identity_query

SALES = {"label": "Sales by month", "definition": "What was sold.", "by": {"month": "Month"}, "draw": "bars"}
SALES |= {"values": {"sold": {"label": "Sold", "unit": "EUR"}, "back": {"label": "Back", "unit": "share"}}}
RETENTION = {"label": "Retention", "definition": "Who came back.", "by": {"cohort": "Cohort", "month": "Month"}}
RETENTION |= {"values": {"customers": {"label": "Customers"}, "share": {"label": "Share", "unit": "share"}}}


@pytest.fixture
def figured(club: WarehouseBuilder) -> WarehouseBuilder:
    """The club with sales of two months, and the retention of two cohorts."""
    figures = {"sales": Figure.model_validate(SALES), "retention": Figure.model_validate(RETENTION)}
    club.profile = club.profile.model_copy(update={"figures": figures})
    run = club.run("2025-03-01")

    def put(figure: str, row: tuple[int, str], column: tuple[int, str], **values: float | None) -> None:
        place = {"cadence": run.cadence, "as_of": run.as_of, "figure": figure, "row_position": row[0], "row": row[1]}
        place |= {"column_position": column[0], "column": column[1]}
        for measure, value in values.items():
            club.put("fct_figure", **place, measure=measure, value=value)

    put("sales", (1, "2025-02"), (1, ""), sold=1234.0, back=0.125)
    put("sales", (2, "2025-01"), (1, ""), sold=-20.0, back=None)
    put("retention", (1, "2025-01"), (1, "9"), customers=40, share=1.0)
    put("retention", (1, "2025-01"), (2, "10"), customers=0, share=0.0)
    put("retention", (2, "2025-02"), (1, "9"), customers=12, share=1.0)
    return club


def test_a_figure_by_one_has_a_row_each_and_bars_of_the_first_value(figured: WarehouseBuilder) -> None:
    text = render_report(figured.run("2025-03-01"))
    rows = Page(text).table("What was sold.")
    assert rows == [["Month", "Sold EUR", "Back"], ["2025-02", "1,234", "12.5%"], ["2025-01", "-20", "-"]]
    assert 'aria-label="Sales by month: Sold. Last: 2025-01 -20"' in text


def test_an_undefined_last_value_is_not_shown_as_zero(figured: WarehouseBuilder) -> None:
    figured.change("UPDATE fct_figure SET value = NULL WHERE figure = 'sales' AND \"row\" = '2025-01'")
    assert 'aria-label="Sales by month: Sold. Last: 2025-01 \N{EN DASH}"' in render_report(figured.run("2025-03-01"))


def test_a_figure_by_two_is_a_heatmap_of_counts_with_shares(figured: WarehouseBuilder) -> None:
    rows = Page(render_report(figured.run("2025-03-01"))).table("Who came back.")
    assert rows == [["Cohort \\ Month", "9", "10"], ["2025-01", "40 100%", "0 0.0%"], ["2025-02", "12 100%", ""]]


def test_figures_stand_in_the_order_of_the_profile_and_can_be_jumped_to(figured: WarehouseBuilder) -> None:
    page = Page(render_report(figured.run("2025-03-01")))
    assert [name for name in page.ids if name.startswith("figure-")] == ["figure-sales", "figure-retention"]
    assert {"#figures", "#figure-sales", "#figure-retention"} <= set(page.links)


def test_a_figure_that_the_run_did_not_measure_is_left_out(figured: WarehouseBuilder) -> None:
    figured.change("DELETE FROM fct_figure WHERE figure = 'sales'")
    assert [n for n in Page(render_report(figured.run("2025-03-01"))).ids if n.startswith("figure-")] == [
        "figure-retention"
    ]


@pytest.mark.parametrize("place", ["row", "column"])
def test_customers_in_a_figure_are_the_pseudonyms_of_the_run(figured: WarehouseBuilder, place: str) -> None:
    sales = SALES | {"customers": "month"} if place == "row" else RETENTION | {"customers": "month"}
    figured.profile = figured.profile.model_copy(update={"figures": {"buyers": Figure.model_validate(sales)}})
    run = figured.run("2025-03-01")
    figured.customer(run, "ada-1", {"loyalty": "k1"})
    here = {
        "cadence": run.cadence,
        "as_of": run.as_of,
        "figure": "buyers",
        "row_position": 1,
        "column_position": 1,
    }
    words = {"row": "ada-1", "column": ""} if place == "row" else {"row": "2025-01", "column": "ada-1"}
    figured.put("fct_figure", **here, **words, measure="sold" if place == "row" else "customers", value=7.0)
    assert "Customers are shown under this run&#39;s pseudonyms." not in render_report(
        run
    )  # it has no fingerprints to hash with
    figured.change(
        f"UPDATE segmentation_run SET fingerprints = '{{\"loyalty\": \"5eed\"}}' WHERE run_id = '{run.run_id}'"
    )
    text = render_report(run)
    assert "ada-1" not in text
    assert "Customers are shown under this run&#39;s pseudonyms." in text
    (pseudonym,) = set(re.findall(r">([0-9a-f]{12})<", text))
    everyone = "\n".join(write_identity_query(run).splitlines()[:-1])
    assert (pseudonym, "ada-1") in [
        (row["pseudonym"], row["customer_id"])
        for row in figured.connection.cursor(row_factory=dict_row).execute(everyone.encode()).fetchall()
    ]
