"""Signals on the page, in words that a marketer understands."""

from datetime import date
from typing import Any

import pytest
from page_reader import Page
from report_warehouse import WarehouseBuilder

from include.segmentation.profile.signals import Signals
from include.segmentation.report.page.report_page import render_report
from include.segmentation.run import Run

SIGNALS = Signals.model_validate(
    {
        "landmarks": [1, 7],
        "horizon": 30,
        "counts": {"bought": {"label": "Bought", "definition": "Orders.", "unit": "orders"}},
        "labels": {
            "member": {"label": "Member", "definition": "Pays a fee.", "when": "bought >= 3"},
            "buyer": {"label": "Buyer", "definition": "Buys.", "when": "bought >= 1"},
        },
    }
)


@pytest.fixture
def asking(club: WarehouseBuilder) -> WarehouseBuilder:
    """On 1 March: no rule after a day; after a week one for buyers, and a doubtful one for members."""
    club.profile = club.profile.model_copy(update={"signals": SIGNALS})
    run = club.run("2025-03-01")
    for landmark, name, kpi, outcome in (
        *((1, "buyer", "*", "no_rule"), (1, "member", "*", "never"), (1, "buyer", "visits", "no_rule")),
    ):
        put(club, run, label=name, landmark=landmark, kpi=kpi, outcome=outcome, labelled=30 if name == "buyer" else 0)
    rule = {"outcome": "measured", "landmark": 7, "label": "buyer"}
    buyer = {"rule": "Visits 5 days or more", "lift": 3.0, "lift_low": 2.0, "lift_high": 4.0, "q": 0.001}
    put(club, run, kpi="*", **rule, **buyer | {"precision": 0.3, "recall": 0.75})
    for kpi, words, low, times, q in (
        ("visits", "Visits 4 days or more", 1.5, 2.5, 0.001),
        ("visit_gap", "Gap below 3 days", 1.75, 2.25, 0.001),
        ("visits_ever", "Visits ever 9 or more", 2.0, 3.0, 0.2),
    ):
        alone = {"rule": words, "lift_low": low, "lift": times, "q": q, "precision": times / 10, "recall": 0.5}
        put(club, run, kpi=kpi, **rule, **buyer | alone)
    chance = {"rule": "Visits 1 day", "lift": 1.2, "lift_low": 0.8, "lift_high": 1.6, "q": 0.3, "precision": 0.12}
    put(club, run, kpi="*", **rule | {"label": "member"}, **chance, recall=0.5)
    return club


def put(club: WarehouseBuilder, run: Run, **row: Any) -> None:
    counted = {"learned_from": 700, "learned_labelled": 70, "customers": 300, "labelled": 30}
    here = {"run_id": run.run_id, "as_of": run.as_of, "horizon": 30, "holdout_from": date(2025, 1, 20)}
    club.put("fct_signal", **here | counted | row)


def test_a_table_per_landmark_in_the_order_of_the_profile(asking: WarehouseBuilder) -> None:
    page = Page(render_report(asking.run("2025-03-01")))
    assert page.table(
        "Each rule uses what is known after 1 day and predicts who gets the label in the 30 days after that. It is "
        "measured on customers who registered from 20 January 2025 on."
    )[1:] == [
        [
            "Member Pays a fee.",
            "0.0% 0 of 300",
            "None of the earlier customers, or none of the later ones, got the label.",
            "-",
            "-",
            "-",
        ],
        ["Buyer Buys.", "10.0% 30 of 300", "No rule that matches enough customers predicts the label.", "-", "-", "-"],
    ]
    week = page.table("Each rule uses what is known after 7 days")
    doubtful = ["Visits 1 day May be chance.", "12.0%", "50.0%", "1.2 times 0.8-1.6"]
    assert week[1] == ["Member Pays a fee.", "10.0% 30 of 300", *doubtful]
    alone = (
        "Gap below 3 days: 2.2 times (1.8-4.0), precision 22.5% "
        "Visits 4 days or more: 2.5 times (1.5-4.0), precision 25.0%"
    )
    measured = [f"Visits 5 days or more {alone}", "30.0%", "75.0%", "3.0 times 2.0-4.0"]
    assert week[2] == ["Buyer Buys.", "10.0% 30 of 300", *measured]
    assert "#signals" in page.links


def test_without_signals_there_is_no_section(asking: WarehouseBuilder) -> None:
    assert 'id="signals"' not in render_report(asking.run("2025-02-01"))
    asking.profile = asking.profile.model_copy(update={"signals": None})
    assert 'id="signals"' not in render_report(asking.run("2025-03-01"))
