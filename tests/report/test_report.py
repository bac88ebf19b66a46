"""The report shows what the warehouse holds, in one file that needs nothing else."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_reader import Page
from report_warehouse import WarehouseBuilder

from include.segmentation.artifacts import ReportSummary
from include.segmentation.errors import DataError
from include.segmentation.profile.loader import load_profile
from include.segmentation.report import report
from include.segmentation.report.charts.line_charts import spread_labels
from include.segmentation.report.page.report_page import SCRIPT

HEAD, ROW = "Customers per segment on", "Median of each KPI"


def text_of(builder: WarehouseBuilder, as_of: str = "2025-03-01") -> str:
    return Path(report(builder.run(as_of))["path"]).read_text(encoding="utf-8")


def page_of(builder: WarehouseBuilder, as_of: str = "2025-03-01") -> Page:
    return Page(text_of(builder, as_of))


def test_a_summary_is_returned_and_kept(club: WarehouseBuilder) -> None:
    run = club.run("2025-03-01")
    summary = report(run)
    assert summary == ReportSummary.read_from(run).to_dict()
    assert summary["path"].endswith("/club/_runs/monthly/2025-03-01/report/report.html")
    assert Path(summary["path"]).stat().st_size == summary["bytes"] < 1_000_000


def test_the_segments_are_the_warehouses(club: WarehouseBuilder) -> None:
    rows = page_of(club).table(HEAD)
    assert rows[1:] == [
        ["Never came never", "600", "60.0%", "+100 +120 in -20 out", "0-1 No To Few", "- undefined"],
        ["Coming, Many Visits coming.01", "394", "39.4%", "-96 +4 in -100 out", "6-1,234 Many", "2.5-3.5 Short"],
        ["Coming, Few Visits coming.02", "6", "0.6%", "+6 +6 in 0 out", "- fewer than 10", "- fewer than 10"],
    ]
    assert rows[0][:4] == ["Segment", "Customers", "Share", "Change since 1 February 2025"]
    assert rows[0][4:] == ["Visits days", "Gap days"]  # a KPI that only decides strata has no column


def test_a_changed_number_in_the_warehouse_is_a_changed_number_on_the_page(club: WarehouseBuilder) -> None:
    club.change("UPDATE fct_segment_profile SET p50 = 777 WHERE segment_key = 'k1' AND kpi = 'visits'")
    assert page_of(club).table(ROW)[2] == ["Coming, Many Visits coming.01", "777", "3.2"]


def test_the_headline_says_who_moved(club: WarehouseBuilder) -> None:
    text = " ".join(page_of(club).text.split())
    assert (
        "60 customers moved to “Never came” (Loyalty); models unchanged. 1,000 customers in total. The largest segment "
        "is “Never came” (Loyalty) with 60.0% of them. The largest move since 1 February 2025: 100 went from "
        "“Coming, Many Visits” to “Never came” (Loyalty)."
    ) in text
    assert "3 segments, 1,000 customers; 110 moved to another segment since 1 February 2025." in text


def test_the_headline_uses_the_words_of_the_profile(club: WarehouseBuilder) -> None:
    """Of the 100 who went quiet, 40 were moved by a new model, which is not an event."""
    profile_text = club.profile.path.read_text().replace("title: A club", "title: A club\ncustomers: members")
    for name, became in (("never", "went quiet"), ("coming", "came back")):
        profile_text = profile_text.replace(f"- name: {name}\n", f"- name: {name}\n      became: {became}\n")
    club.profile.path.write_text(profile_text)
    club.profile = load_profile("club", club.profile.path.parent)
    assert "60 members went quiet, 9 came back; models unchanged." in " ".join(page_of(club).text.split())


def test_the_headline_of_a_quiet_month(club: WarehouseBuilder) -> None:
    club.change("DELETE FROM fct_segment_migration WHERE from_key <> to_key")
    assert "No customers moved to another segment; models unchanged." in " ".join(page_of(club).text.split())


def test_the_migration_has_margins(club: WarehouseBuilder) -> None:
    rows = page_of(club).table("Customers by segment on 1 February 2025 (rows)")
    assert rows[0][-2:] == ["Left no longer a customer", "Total"]
    assert rows[1:] == [
        ["Never came never", "480 96.0%", "4 0.8%", "6 1.2%", "10 2.0%", "500"],
        ["Coming, Many Visits coming.01", "100 20.4%", "390 79.6%", "·", "·", "490"],
        ["New not a customer before", "20 100%", "·", "·", "·", "20"],
        ["Total", "600", "394", "6", "10", "1,010"],
    ]


def test_the_movement_comes_with_its_reasons(club: WarehouseBuilder) -> None:
    page = page_of(club)
    assert (
        "110 moved: 9 by activity, 60 by ageing, 1 by late data, 40 by the new model; 32 of them are near a border. "
        "20 are new, 10 left."
    ) in " ".join(page.text.split())
    assert page.table("All moves, by reason") == [
        ["From", "To", "Customers", "Activity", "Ageing", "Late data", "New model", "Near a border"],
        ["Coming, Many Visits coming.01", "Never came never", "100", "-", "60", "-", "40", "30"],
        ["Never came never", "Coming, Few Visits coming.02", "6", "5", "-", "1", "-", "2"],
        ["Never came never", "Coming, Many Visits coming.01", "4", "4", "-", "-", "-", "-"],
    ]


def test_moves_of_an_earlier_version_have_no_reason_and_a_stale_run_says_so(club: WarehouseBuilder) -> None:
    club.change(
        "UPDATE fct_segment_migration SET activity = 0, ageing = 0, late_data = 0, refit = 0, boundary_noise = 0"
    )
    assert "another run was added" not in page_of(club).text.lower()
    club.change("UPDATE segmentation_run SET is_stale = true")
    page = page_of(club)
    assert "110 moved: 110 for reasons that were not recorded. 20 are new" in " ".join(page.text.split())
    assert "After this run was labelled, another run was added between it and the previous one." in page.text


def test_the_evidence_says_which_k_and_why(club: WarehouseBuilder) -> None:
    page = page_of(club)
    assert page.table("Coming: every number of segments tried")[1:] == [
        ["2", "0.94", "97%", "40.0%", "60.0%", "0.432", "chosen"],
        ["3", "0.61", "90%", "40.0%", "60.0%", "0.432", ""],
    ]
    others = page.table("Coming: silhouette of other algorithms")
    assert others == [
        ["Algorithm", "k = 2", "k = 5"],
        ["hdbscan", "", "0.200 largest 70.0%"],
        ["ward", "0.300 largest 55.0%", ""],
    ]
    text = " ".join(page.text.split())
    assert "Coming. Cut into 2 segments. Stopped before k = 3: a cluster comes back with a Jaccard of 0.61" in text
    assert "Not separated: 1 of 2 clusters has no gap to a neighbour. Customers on the two sides" in text
    assert (
        "The top 30% of customers by Visits hold 82.8% of the total; "
        "as many from the segments with the highest means hold 70.0%." in text
    )
    assert "Never came. " not in text  # this stratum is not to be cut


@pytest.mark.parametrize(
    ("separated", "p", "sentence"),
    [
        (
            1,
            0.01,
            "Separated: all 2 clusters have a gap to their neighbours, and a single Gaussian does not split as well (p "
            "= 0.01).",
        ),
        (0, 0.4, "Not separated: a single Gaussian with the same covariance splits just as well (p = 0.40)."),
    ],
)
def test_the_test_against_a_single_gaussian_is_described(
    club: WarehouseBuilder, separated: int, p: float, sentence: str
) -> None:
    for metric, value in {"separated": separated, "gaussian_p": p}.items():
        club.change(f"UPDATE fct_model_quality SET value = {value} WHERE metric = '{metric}'")
    assert sentence in " ".join(page_of(club).text.split())


def test_actions_rules_and_definitions(club: WarehouseBuilder) -> None:
    club.change("UPDATE dim_segment SET fidelity = 0.9799, rule_words = 'here; or there' WHERE segment_key = 'k1'")
    club.change("UPDATE dim_segment SET fidelity = NULL, alias = 'Guests' WHERE segment_key = 'k2'")
    page = page_of(club)
    text = " ".join(page.text.split())
    assert "Write to them. marketing Rule here; or there 97% match" in text
    assert "Guests coming.02 Coming, Few Visits 6 0.6%" in text
    assert "Rule whoever is coming match not measured" in text
    assert page.table(HEAD)[3][0] == "Guests coming.02"
    assert "Days with a visit. Window: trailing 30d, up to 1 March 2025. Unit: days." in text
    assert "Undefined, not zero, when visits_ever <= 1." in text
    assert {f"kpi-{name}" for name in ("visits", "visit_gap", "visits_ever")} <= set(page.ids)


def test_names_that_do_not_fit_are_listed_with_their_macro_segment(club: WarehouseBuilder) -> None:
    assert "Names that no longer fit" not in page_of(club).text
    finding = (
        "segment k1 'Coming, Many Visits': Many Visits holds for 12% of its customers; found is Visits 0 to 4 days"
    )
    verdict = {"name": "names_agree", "macro_segment": "loyalty", "verdict": "warn", "found": finding}
    club.change(f"UPDATE segmentation_run SET gates = $g$[{json.dumps(verdict)}]$g$ WHERE as_of = '2025-03-01'")
    page = page_of(club)
    assert page.text.count(finding) == 2  # at the head of its macro segment, and among the checks
    assert page.table("A run is not published while a check stops it")[1] == [
        "names agree",
        "loyalty",
        "warning",
        finding,
    ]


def test_the_run_is_described_at_the_end(club: WarehouseBuilder) -> None:
    page = page_of(club)
    text = " ".join(page.text.split())
    assert "12,345; counted, but not in any segment" in text
    assert "Rows in quarantine 67" in text
    assert "loyalty loyalty-m1" in text
    assert "code 0.1.0, duckdb 1.5.6" in text
    assert page.table("A run is not published while a check stops it")[1] == [
        *("populations reconcile", "loyalty", "passed", "1000 in the population")
    ]
    assert "All checks before publishing passed." in text
    assert page.table("Each extract is known to be complete")[1] == ["visits", "2025-06-01 01:02"]


def test_the_most_serious_verdicts_come_first(club: WarehouseBuilder) -> None:
    club.change(
        """UPDATE segmentation_run SET gates = gates
        || '[{"name": "drift", "macro_segment": "loyalty", "verdict": "warn", "found": "PSI of Visits 0.40",
              "allowed": "PSI up to 0.25", "approved_by": ""},
             {"name": "row_counts", "macro_segment": "", "verdict": "ask", "found": "customers went from 9 to 5",
              "allowed": "90% to 300% of what there was", "approved_by": "mira"}]'"""
    )
    page = page_of(club)
    assert page.table("A run is not published while a check stops it")[1:] == [
        [
            *("row counts", "the run", "needed approval, approved by mira"),
            "customers went from 9 to 5 allowed: 90% to 300% of what there was",
        ],
        ["drift", "loyalty", "warning", "PSI of Visits 0.40 allowed: PSI up to 0.25"],
        ["populations reconcile", "loyalty", "passed", "1000 in the population"],
    ]
    assert "2 of 3 checks before publishing raised a warning or needed approval." in page.text


def test_drift_is_shown_run_by_run(club: WarehouseBuilder) -> None:
    assert "Drift is measured at the primary cadence" in page_of(club).text
    for day, psi in (("2025-02-01", 0.1), ("2025-03-01", 0.31)):
        measured = [
            {"macro_segment": "loyalty", "metric": "js", "stratum": "", "kpi": "", "value": 0.012},
            {"macro_segment": "loyalty", "metric": "psi", "stratum": "coming", "kpi": "visits", "value": psi},
            {"macro_segment": "loyalty", "metric": "psi", "stratum": "coming", "kpi": "visit_gap", "value": 0.02},
        ]
        club.change(f"UPDATE segmentation_run SET drift = '{json.dumps(measured)}' WHERE run_id = 'club/monthly/{day}'")
    assert page_of(club).table("How far the customers of each run are from the customers of the fit")[1:] == [
        ["1 March 2025", "loyalty-m1", "0.01", "0.31 over the limit Visits, coming", "-"],
        ["1 February 2025", "loyalty-m1", "0.01", "0.10 Visits, coming", "-"],
    ]


def test_only_complete_cohort_months_are_shown(club: WarehouseBuilder) -> None:
    """Everyone of January has lived 30 days by 3 March and 60 days by 2 April."""
    assert "No registration cohort has completed a month by 1 March 2025." in page_of(club).text
    club.publish(club.run("2025-03-03"), 1000, {"loyalty": "loyalty-m1"})
    for key in ("k0", "k1", "k2"):
        club.size(club.run("2025-03-03"), "loyalty", key, 100, of=300)
    rows = page_of(club, "2025-03-03").table("first seen in January 2025")
    assert rows == [
        ["Segment", "Month 1"],
        ["Never came never", "70.0% · 700 Visits 0-2"],
        ["Coming, Many Visits coming.01", "29.7% · 297 Visits 3-4"],
        ["Coming, Few Visits coming.02", "0.3% · 3 fewer than 10"],
    ]


def test_months_are_compared(club: WarehouseBuilder) -> None:
    run = club.run("2025-04-02")
    club.publish(run, 1000, {"loyalty": "loyalty-m1"})
    club.size(run, "loyalty", "k0", 1000, of=1000)
    club.change("UPDATE fct_cohort_segment SET share = 0.9 WHERE segment_key = 'k0' AND month = 2")
    page = page_of(club, "2025-04-02")
    assert page.table("first seen in January 2025")[0] == ["Segment", "Month 1", "Month 2"]
    assert "Month 2: “Never came” grew most, from 70.0% to 90.0%." in page.text


def test_a_first_run_has_nothing_to_compare_with(club: WarehouseBuilder) -> None:
    page = page_of(club, "2025-02-01")
    text = " ".join(page.text.split())
    assert "First run: 990 customers in 3 segments." in text
    assert "This is the first run of its cadence, so nobody can have moved yet." in text
    assert "This is the first monthly run, so there is nothing to compare it with yet." in text
    assert "There is only one monthly run so far." in text
    assert [row[1:4] for row in page.table(HEAD)[1:]] == [
        ["500", "50.5%", "- first run"],
        ["490", "49.5%", "- first run"],
        ["0", "0.0%", "- first run"],
    ]


def test_a_later_run_does_not_change_an_earlier_page(club: WarehouseBuilder) -> None:
    before = text_of(club)
    later = club.run("2025-04-01")
    club.publish(later, 5, {"loyalty": "loyalty-m9"})
    club.size(later, "loyalty", "k0", 5, of=5)
    club.segment("loyalty", "k0", "Renamed", "never", valid_from=later.as_of)
    assert text_of(club) == before


def test_a_new_model_is_named_and_old_segments_keep_their_names(club: WarehouseBuilder) -> None:
    run = club.run("2025-04-01")
    club.publish(run, 1000, {"loyalty": "loyalty-m2"}, look_ahead=True)
    club.segment("loyalty", "k9", "Everybody", "coming", valid_from=run.as_of)
    club.size(run, "loyalty", "k9", 1000, of=1000)
    club.move(run, club.run("2025-03-01"), "loyalty", "k1", "k9", 394, 394, refit=394)
    page = page_of(club, "2025-04-01")
    text = " ".join(page.text.split())
    assert "; new model of Loyalty." in text
    assert "New model: loyalty-m2." in text
    assert "Look-ahead: this date is before the first model" in text
    assert "3 segments of earlier models are not drawn." in text
    assert page.table(HEAD)[1][3] == "- new segment"
    assert "394 moved: 394 by the new model." in text
    rows = page.table("Customers by segment on 1 March 2025 (rows)")
    assert rows[1] == ["Coming, Many Visits coming.01", "394 100%", "394"]


def test_a_name_is_text_and_never_markup(club: WarehouseBuilder) -> None:
    evil = "<script>alert('$x^2$ & \"y\"')</script>"
    club.change(f"UPDATE dim_segment SET name = $${evil}$$ WHERE segment_key = 'k0'".replace("$$", "$evil$"))
    text = text_of(club)
    page = Page(text)
    assert page.tags.count("script") == 2  # the page's data and its own script
    assert text.count("</script>") == 2
    assert page.table(HEAD)[1][0] == f"{evil} never"
    assert page.text.count("alert('$x^2$ &") >= 5  # tables, trend and tree alike


def test_one_file_that_needs_nothing_else(club: WarehouseBuilder) -> None:
    text = text_of(club)
    page = Page(text)
    inside = {f"#{name}" for name in page.ids}
    assert {link for link in page.links if link not in inside} == {"data:,"}
    assert not re.search(r"@import|url\((?!#)|<script (?!type=.application/json)|<iframe|<img", text)
    assert f"<script>{SCRIPT}</script>" in text  # letter by letter: where it is served, its hash lets it run
    assert len(page.ids) == len(set(page.ids))


def test_the_same_warehouse_gives_the_same_bytes(club: WarehouseBuilder, chart_cache: dict[str, str]) -> None:
    before = text_of(club)
    chart_cache.clear()
    club.change("CREATE TABLE shuffled AS SELECT * FROM fct_segment_size")
    club.change("DELETE FROM fct_segment_size")
    club.change("INSERT INTO fct_segment_size SELECT * FROM shuffled ORDER BY customers")
    assert text_of(club) == before


def test_charts_have_names_and_text(club: WarehouseBuilder) -> None:
    text = text_of(club)
    assert text.count('role="img"') == 3
    assert "0.75" in text[text.index("Coming: lowest Jaccard") :]
    assert 'aria-label="Loyalty: share of customers per segment over the runs. Now: Never came 60.0%, ' in text
    assert "<text" in text  # not outlines: small, searchable, in the page's own font
    assert "coming.01  39.4%" in text.replace("&#160;", " ")


def test_every_coloured_cell_can_be_read(club: WarehouseBuilder) -> None:
    colours = re.findall(r"background:#(\w{6});color:#(\w{3})\b", " ".join(page_of(club).styles))
    assert len(colours) > 8
    for back, ink in colours:
        lighter, darker = sorted([luminance(back), luminance(ink * 2)], reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_a_run_that_is_not_published(club: WarehouseBuilder) -> None:
    run = club.run("2025-04-01")
    with pytest.raises(
        DataError, match=r"club/monthly/2025-04-01 is not published in warehouse schema 'club'; run the"
    ):
        report(run)
    assert ReportSummary.read_from(run) is None


def test_nothing_was_ever_published(club: WarehouseBuilder) -> None:
    club.change("DROP SCHEMA club CASCADE")
    with pytest.raises(DataError, match="is not published in warehouse schema 'club'"):
        report(club.run("2025-03-01"))


def test_many_runs_stay_readable(club: WarehouseBuilder) -> None:
    for day in range(2, 28):
        run = club.run(f"2025-02-{day:02}")
        club.publish(run, 1000, {"loyalty": "loyalty-m1"})
        club.size(run, "loyalty", "k0", day, of=1000)
    text = text_of(club)
    assert text.count(">2025</text>") <= 7
    assert "27 Feb<" not in text


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.01, 0.2))
def test_labels_never_overlap_and_keep_their_order(places: list[float], gap: float) -> None:
    spread = spread_labels(places, gap)
    ordered = [place for _, place in sorted(zip(places, spread, strict=True))]
    assert all(b - a >= gap - 1e-9 for a, b in pairwise(ordered))
    assert min(spread) >= -1e-9
    assert max(spread) <= max(1.0, gap * (len(spread) - 1)) + 1e-9


@pytest.mark.parametrize("width", [800, 1400])
def test_in_a_browser(club: WarehouseBuilder, chromium: Callable[[int], Any], width: int) -> None:
    first, second = club.run("2025-02-01"), club.run("2025-03-01")
    for i in range(10):
        name = f"Coming, Low To Very High Visits, Fairly Short To Very Long Gap, about {i} days"
        club.segment("loyalty", f"w{i}", name, "coming", path=f"loyalty.coming.{i + 3:02}")
        club.size(second, "loyalty", f"w{i}", 1234, of=20000)
        club.move(second, first, "loyalty", "k0", f"w{i}", 1234, of=20000)
    page = Path(report(second)["path"]).as_uri()
    browser = chromium(width)
    browser.get(page)
    wide = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1]
    scrolling = "return [...document.querySelectorAll('.scroll')].some(part => part.scrollWidth > part.clientWidth)"
    assert browser.execute_script(scrolling)  # the wide table does so on its own
    assert browser.get_log("browser") == []
    sent = [e["message"] for e in browser.get_log("performance") if '"Network.requestWillBeSent"' in e["message"]]
    requests = re.findall(r'"url":"([^"]+)"', " ".join(sent))
    assert page in requests
    assert {url for url in requests if not url.startswith(("file://", "data:"))} == set()
    assert browser.execute_script("return getComputedStyle(document.querySelector('nav')).position") == "sticky"
    focused = browser.execute_script(
        "document.querySelector('.skip').focus(); return document.querySelector('.skip').getBoundingClientRect().left"
    )
    assert focused >= 0


def test_the_days_of_a_page_are_the_profiles(club: WarehouseBuilder) -> None:
    """as_of 23:30 UTC is not midnight, so the page shows the time."""
    run = club.run((datetime(2025, 3, 1, tzinfo=UTC) - timedelta(minutes=30)).isoformat())
    club.publish(run, 10, {"loyalty": "loyalty-m1"})
    club.size(run, "loyalty", "k0", 10, of=10)
    assert "Customer segments on 28 February 2025, 23:30" in Path(report(run)["path"]).read_text()


def test_google_analytics_limits(club: WarehouseBuilder) -> None:
    assert "Google Analytics" not in page_of(club).text
    run = club.run("2025-04-01")
    flags = {"thresholded_days": 0, "other_row_days": 0, "sampled_days": 0, "truncated_days": 0}
    flags |= {"empty_days": 0, "sampled_share": None, "truncated": None, "coverage": None}
    ages = {"days": 1234, "rows": 5678, "empty_days": 3, "thresholded_days": 1234}
    ages |= {"coverage": {"of": "everybody", "share": 0.6123, "least": 0.5, "most": 0.7}}
    views = {"days": 31, "rows": 40, "sampled_days": 2, "sampled_share": 0.125, "truncated_days": 1}
    analytics = {"views": flags | views | {"truncated": "GOOGLE_ADS"}, "ages": flags | ages}
    club.publish(run, 10, {"loyalty": "loyalty-m1"}, analytics=analytics)
    club.size(run, "loyalty", "k0", 10, of=10)
    rows = page_of(club, "2025-04-01").table("withheld")
    assert rows[0] == ["Report", "Days", "Rows", "Thresholded", "Sampled", "(other)", "Truncated", "Coverage"]
    assert rows[1:] == [
        ["ages", "1,234 3 without rows", "5,678", "1,234", "-", "-", "-", "61.2% 50.0% to 70.0% a day"],
        ["views", "31", "40", "-", "2 at least 12.5% of events used", "-", "1 google ads", "-"],
    ]
