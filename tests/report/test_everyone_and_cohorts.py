"""Personas, funnel, demographics, goals and cohorts on the page."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_reader import Page
from report_warehouse import WarehouseBuilder

from include.segmentation.report import report
from include.segmentation.report.page.report_page import render_report

MONTH = "2025-03-01"


@pytest.fixture
def people(club: WarehouseBuilder) -> WarehouseBuilder:
    """1,000 customers in three personas, a funnel of three steps, countries, and Google's estimates of ages."""
    run = club.run(MONTH)
    here = {"cadence": run.cadence, "as_of": run.as_of}
    texts = {"description": "Who they are.", "recommended_action": "Write.", "owner": "crm"}
    for position, (name, part_of, customers) in enumerate(
        (("gone", None, 600), ("engaged", None, 400), ("long_term", "engaged", 150), ("none", None, 0)), start=1
    ):
        row = {"persona": name, "part_of": part_of, "label": name.replace("_", " ").capitalize(), "position": position}
        club.put("fct_persona", **here, **texts, **row, customers=customers, share=customers / 1000, own_customers=0)
    reached = {"all": (1000, 394, 9), "k0": (600, 0, 0), "k1": (394, 394, 9), "k2": (None, None, None)}
    for key, counts in reached.items():
        place = {"macro_segment": "all" if key == "all" else "loyalty", "segment_key": key}
        for step, (label, customers) in enumerate(zip(("Joined", "Came", "Stayed"), counts, strict=True), start=1):
            before = counts[step - 2] if step > 1 else None
            row = {"step": step, "name": label.lower(), "label": label, "suppressed": customers is None}
            row |= {"share": customers / counts[0]} if customers is not None else {}
            row |= {"conversion": customers / before} if before else {}
            met = customers and customers + 5 * (step == 3)  # some stayed without having come
            club.put("fct_funnel", **here, **place, **row, customers=customers, met=met)
    countries = {f"C{n:02}": 100 - n for n in range(1, 8)}
    for key, values in (
        ("all", countries | {"other": 300, "unknown": 28}),
        ("k0", {"C01": 500, "C07": 40, "other": 40, "unknown": 20}),
        ("k1", {"other": 394, "unknown": 0}),
        ("k2", {"other": 6, "unknown": 0}),
    ):
        of = sum(values.values())
        place = {"macro_segment": "all" if key == "all" else "loyalty", "segment_key": key, "dimension": "country"}
        for value, customers in values.items():
            figures = {"customers": customers, "share": customers / of, "coverage": 1 - values["unknown"] / of}
            club.put("fct_segment_demographic", **here, **place, value=value, **figures, report="")
    for value, share in (("25-34", 0.2), ("unknown", 0.8)):
        place = {"macro_segment": "all", "segment_key": "all", "dimension": "user_age_bracket", "report": "ages"}
        club.put("fct_segment_demographic", **here, **place, value=value, share=share, coverage=0.2)
    return club


def page_of(builder: WarehouseBuilder, as_of: str = MONTH) -> Page:
    return Page(render_report(builder.run(as_of)))


def test_personas_are_a_tree_and_a_table(people: WarehouseBuilder) -> None:
    text = render_report(people.run(MONTH))
    tree = text[
        text.index("From all customers to the personas, with their shares: 60.0% Gone, 40.0% Engaged, 15.0% Long") :
    ]
    tree = tree[: tree.index("</svg>")]
    places = [
        tree.index(f"{label}</text>")
        for label in ("100%  All customers", "60.0%  Gone", "40.0%  Engaged", "15.0%  Long term")
    ]
    assert places == sorted(places)
    assert Page(text).table("Named combinations of macro segments") == [
        ["Persona", "Customers", "Share", "Recommended action", "Owner"],
        ["Gone Who they are.", "600", "60.0%", "Write.", "crm"],
        ["Engaged Who they are.", "400", "40.0%", "Write.", "crm"],
        ["Long term Who they are.", "150", "15.0%", "Write.", "crm"],
    ], "everybody has a persona, so “none” is not shown"
    people.change("UPDATE fct_persona SET customers = 1, share = 0.001 WHERE persona = 'none'")
    assert page_of(people).table("Named combinations")[-1][:3] == ["None Who they are.", "1", "0.1%"]


def test_the_funnel_covers_all_customers_and_segments(people: WarehouseBuilder) -> None:
    page = page_of(people)
    assert page.table("Customers who reached each step and every step before it by 1 March 2025")[1:] == [
        ["Joined", "1,000", "100%", "-", "1,000"],
        ["Came", "394", "39.4%", "39.4%", "394"],
        ["Stayed", "9", "0.9%", "2.3%", "14"],
    ]
    assert page.table("Share of each segment's customers who reached a step") == [
        ["Segment", "Joined", "Came", "Stayed"],
        ["Never came never", "100%", "0.0% 0.0% of previous", "0.0%"],
        ["Coming, Many Visits coming.01", "100%", "100% 100% of previous", "2.3% 2.3% of previous"],
        ["Coming, Few Visits coming.02", *["- fewer than 10"] * 3],
    ]


def test_demographics_include_unknown_values(people: WarehouseBuilder) -> None:
    page = page_of(people)
    rows = page.table(
        "Country, known for 97.2% of customers. Values with fewer than 10 customers are counted in “other”."
    )
    assert rows[1] == ["C01", "99", "9.9%"]
    assert [row[0] for row in rows[-2:]] == ["other", "unknown"]
    ages = page.table("Google Analytics report ages: Google's estimates for groups of users")
    assert ages == [["User age bracket", "Share"], ["25-34", "20.0%"], ["unknown", "80.0%"]]
    by_segment = page.table("Country: share of each segment's customers")
    assert by_segment[0] == ["Segment", "C01", "C02", "C03", "C04", "C05", "other", "unknown"]
    in_other = ["- in other"] * 5
    assert by_segment[1] == ["Never came never", "83.3%", *in_other[1:], "13.3%", "3.3%"]
    assert by_segment[2] == ["Coming, Many Visits coming.01", *in_other, "100%", "0.0%"]


def test_every_link_of_the_page_leads_somewhere(people: WarehouseBuilder) -> None:
    for as_of in (MONTH, "2025-02-01"):  # the first run has none of it
        page = page_of(people, as_of)
        assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
        assert ("people-funnel" in page.ids) == ("loyalty-who" in page.ids) == (as_of == MONTH)


def test_goals_lead_to_indicators_and_kpis(club: WarehouseBuilder) -> None:
    assert "What the KPIs are for" not in page_of(club).text
    chains = {"visits_ever": ("Grow", "Reach"), "visits": ("Stay", "Rhythm"), "visit_gap": ("Grow", "Reach")}
    for kpi, (goal, indicator) in chains.items():
        goal_json = f"""'{{"goal": "{goal}", "indicator": "{indicator}", "owner": "product"}}'"""
        club.change(f"UPDATE segmentation_run SET kpis = jsonb_set(kpis, '{{{kpi}}}', kpis -> '{kpi}' || {goal_json})")
    assert page_of(club).table("Each goal, its indicators, and the KPIs that measure them") == [
        ["Goal", "Indicator", "KPI", "Measured in", "Owner"],
        ["Stay", "Rhythm", "Visits", "days, trailing 30d", "product"],
        ["Grow", "Reach", "Gap", "days, lifetime", "product"],
        ["Grow", "Reach", "Visits ever", "days, lifetime", "product"],
    ]


def test_each_month_of_a_segment_describes_its_change(club: WarehouseBuilder) -> None:
    run = club.run("2025-04-02")
    club.publish(run, 1000, {"loyalty": "loyalty-m1"})
    club.size(run, "loyalty", "k0", 1000, of=1000)
    second = "WHERE segment_key = '%s' AND month = 2"
    club.change(f"UPDATE fct_cohort_segment SET share = 0.9 {second % 'k0'}")
    club.change(f"UPDATE fct_cohort_segment SET share = 0.1, p50 = 1 {second % 'k1'} AND kpi = 'visits'")
    club.change(f"UPDATE fct_cohort_segment SET share = 0.1 {second % 'k1'}")
    rows = page_of(club, "2025-04-02").table("first seen in January 2025")
    assert rows[1][2].endswith("Grew from 70.0% to 90.0%.")
    assert rows[2][2].endswith("Shrank from 29.7% to 10.0%; median Visits fell from 3 to 1 days.")
    assert rows[3][2] == "0.3% · 3 fewer than 10 Same share as in month 1."
    assert not any("Grew" in row[1] or "Shrank" in row[1] for row in rows[1:]), "a first month has nothing before it"


@pytest.mark.parametrize("width", [800, 1400])
def test_people_in_a_browser(people: WarehouseBuilder, chromium: Callable[[int], Any], width: int) -> None:
    browser = chromium(width)
    browser.get(Path(report(people.run(MONTH))["path"]).as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert browser.get_log("browser") == []
    sizes = browser.execute_script(
        "return [...document.querySelectorAll('#people h3, #people table, #people figure svg')].map(part => "
        "[part.tagName, part.getBoundingClientRect().height > 0, part.closest('section').id])"
    )
    assert len(sizes) >= 8
    assert all(height and where == "people" for _, height, where in sizes)
    words = browser.execute_script("return document.querySelector('#people figure svg').getAttribute('aria-label')")
    assert re.search(r"60\.0% Gone", words)
