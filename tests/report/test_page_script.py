"""The page's filters and table of customers, and its accessibility."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_checker import find_violations
from page_reader import Page
from report_warehouse import WarehouseBuilder
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from include.segmentation.profile.loader import load_profile
from include.segmentation.report import report
from include.segmentation.report.page.report_page import render_report
from include.segmentation.report.queries import customer_queries

DAY = "2025-03-01"


@pytest.fixture
def crowd(club: WarehouseBuilder) -> WarehouseBuilder:
    """60 who never came, 40 in a segment whose name looks like a formula, and 6 in a small segment."""
    run = club.run(DAY)
    club.change(f"UPDATE segmentation_run SET fingerprints = '{{\"loyalty\": \"5eed\"}}' WHERE run_id = '{run.run_id}'")
    club.change("UPDATE dim_segment SET name = '=Coming, \"Many\" Visits' WHERE segment_key = 'k1'")
    for number in range(106):
        key = "k0" if number < 60 else "k1" if number < 100 else "k2"
        gap = None if key == "k0" else number / 4
        club.customer(run, f"ada-{number}", {"loyalty": key}, visits=number * 100, visit_gap=gap, visits_ever=number)
    return club


def path_of(builder: WarehouseBuilder) -> str:
    return Path(report(builder.run(DAY))["path"]).as_uri()


def plain(text: str) -> str:
    """Every dash and minus as -."""
    return text.replace("\N{EN DASH}", "-").replace("\N{MINUS SIGN}", "-")


def texts(browser: Any, selector: str) -> list[str]:
    return [plain(element.text) for element in browser.find_elements(By.CSS_SELECTOR, selector)]


def shown(browser: Any, selector: str) -> list[str]:
    elements = browser.find_elements(By.CSS_SELECTOR, selector)
    return [plain(each.text) for each in elements if each.is_displayed()]


def choose(browser: Any, field: str, text: str) -> None:
    Select(browser.find_element(By.ID, field)).select_by_visible_text(text)


def column(browser: Any, place: int) -> list[str]:
    return texts(browser, f"#list tbody tr > :nth-child({place})")


def test_customers_are_pseudonyms_and_never_of_a_small_segment(crowd: WarehouseBuilder) -> None:
    text = render_report(crowd.run(DAY))
    assert "A sample of 100 of 1,000 customers, with equally many from each segment" in " ".join(
        Page(text).text.split()
    )
    assert "ada-" not in text


def test_a_customer_in_any_small_segment_is_left_out(crowd: WarehouseBuilder) -> None:
    """One customer is in a large segment of one macro segment and in a small one of another."""
    run = crowd.run(DAY)
    crowd.size(run, "value", "v1", 9, of=1000)
    where = {"cadence": run.cadence, "as_of": run.as_of, "macro_segment": "value", "stratum": "any"}
    crowd.put("fct_segment_label", **where, customer_id="ada-0", segment_key="v1")
    drawn = customer_queries.sample_customers(crowd.connection, run)
    assert len(drawn) == 99
    assert {key for each in drawn for key in each.segments.values()} == {"k0", "k1"}


def test_the_period_filter_offers_the_last_12_runs(club: WarehouseBuilder) -> None:
    for day in range(2, 16):
        run = club.run(f"2025-03-{day:02}")
        club.publish(run, 1000, {"loyalty": "loyalty-m1"})
        club.size(run, "loyalty", "k0", day, of=1000)
    text = render_report(run)
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    days = [past["day"] for past in json.loads(data)["runs"]]
    assert days == [f"{day} March 2025" for day in range(15, 3, -1)]
    assert re.findall(r'<option value="\d+">(.*?)</option>', text) == days


def test_the_sql_finds_the_customer_behind_a_pseudonym(crowd: WarehouseBuilder) -> None:
    text = render_report(crowd.run(DAY))
    match = re.search(r"<code>(SELECT .*?)</code>", text, re.DOTALL)
    assert match
    sql = match.group(1).replace("&#39;", "'").replace("&gt;", ">")
    everyone = "\n".join(sql.splitlines()[:-1])
    assert len(crowd.connection.execute(everyone.encode()).fetchall()) == 106
    pseudonym = re.findall(r'\["([0-9a-f]{12})"', text)[0]
    (row,) = crowd.connection.execute(sql.replace("…", pseudonym).encode()).fetchall()
    assert row[0] == pseudonym
    assert any(str(value).startswith("ada-") for value in row)


def test_as_many_of_every_segment_are_drawn_whatever_the_order_of_rows(
    crowd: WarehouseBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_queries, "CUSTOMERS_SHOWN", 20)
    drawn = customer_queries.sample_customers(crowd.connection, crowd.run(DAY))
    assert [sum(each.segments["loyalty"] == key for each in drawn) for key in ("k0", "k1", "k2")] == [10, 10, 0]
    crowd.change("CREATE TABLE shuffled AS SELECT * FROM fct_segment_label ORDER BY md5(customer_id)")
    crowd.change("TRUNCATE fct_segment_label")
    crowd.change("INSERT INTO fct_segment_label SELECT * FROM shuffled")
    assert customer_queries.sample_customers(crowd.connection, crowd.run(DAY)) == drawn


def test_pseudonyms_of_two_runs_cannot_be_joined(crowd: WarehouseBuilder) -> None:
    before = {each.pseudonym for each in customer_queries.sample_customers(crowd.connection, crowd.run(DAY))}
    crowd.change('UPDATE segmentation_run SET fingerprints = \'{"loyalty": "other"}\'')
    assert not before & {each.pseudonym for each in customer_queries.sample_customers(crowd.connection, crowd.run(DAY))}


def test_a_run_without_fingerprints_shows_nobody(crowd: WarehouseBuilder) -> None:
    """Without fingerprints a hash could be undone by trying all ids."""
    crowd.change("UPDATE segmentation_run SET fingerprints = '{}'")
    assert "No customers can be shown for this run" in Page(render_report(crowd.run(DAY))).text


def test_a_run_whose_labels_are_gone_says_so(club: WarehouseBuilder) -> None:
    assert "No customers can be shown for this run" in Page(render_report(club.run(DAY))).text


def test_a_card_shows_a_segment_at_a_glance(club: WarehouseBuilder) -> None:
    profile_text = club.profile.path.read_text().replace("title: A club", "title: A club\nworth: [visits]")
    club.profile.path.write_text(profile_text)
    club.profile = load_profile("club", club.profile.path.parent)
    worth = "total = 12345.5, share_of_total = 0.75, mean = 31.3"
    club.change(f"UPDATE fct_segment_profile SET {worth} WHERE segment_key = 'k1' AND kpi = 'visits'")
    text = plain(" ".join(Page(render_report(club.run(DAY))).text.split()))
    assert "Coming, Many Visits coming.01 394 39.4% -96 since 1 February 2025: +4 in, -100 out" in text
    assert "Visits 6-1,234 days (Many)" in text
    assert "Visits 12,346 days, 75.0% of the total, 31 per customer" in text


@pytest.mark.parametrize("width", [800, 1200])
def test_axe_finds_nothing_serious(crowd: WarehouseBuilder, chromium: Callable[..., Any], width: int) -> None:
    browser = chromium(width)
    browser.get(path_of(crowd))
    assert find_violations(browser) == []
    browser.execute_script("document.querySelectorAll('details').forEach(part => part.open = true)")
    choose(browser, "period", "1 February 2025")
    assert find_violations(browser) == []
    wide = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1]


def test_one_segment_and_its_customers(crowd: WarehouseBuilder, chromium: Callable[..., Any]) -> None:
    browser = chromium(1200)
    browser.get(path_of(crowd))
    assert texts(browser, "#found") == ["1 to 25 of 100"]
    choose(browser, "segment", '=Coming, "Many" Visits')
    assert len(shown(browser, ".card")) == 1
    assert texts(browser, "#found") == ["1 to 25 of 40"]
    assert set(column(browser, 2)) == {'=Coming, "Many" Visits'}
    assert shown(browser, "#loyalty-kpis ~ .scroll .heat tbody tr:not([hidden]) th small")[0] == "coming.01"
    browser.find_element(By.CSS_SELECTOR, "#filters [type=reset]").click()
    WebDriverWait(browser, 5).until(lambda b: len(shown(b, ".card")) == 3)
    assert texts(browser, "#found") == ["1 to 25 of 100"]


def test_the_period_filter_shows_an_earlier_run(crowd: WarehouseBuilder, chromium: Callable[..., Any]) -> None:
    before, first = crowd.run("2025-02-01"), crowd.run("2025-01-15")
    crowd.publish(first, 990, {"loyalty": "loyalty-m1"})
    crowd.size(first, "loyalty", "k0", 470, of=990)
    crowd.move(before, first, "loyalty", "k1", "k0", 30, 520, activity=10, ageing=20)
    browser = chromium(1200)
    browser.get(path_of(crowd))
    assert texts(browser, ".card .size b") == ["600", "394", "6"]
    choose(browser, "period", "1 February 2025")
    assert texts(browser, ".card .size b") == ["500", "490", "0"]
    assert texts(browser, ".card .change")[0].startswith("+30 since 15 January 2025")
    assert shown(browser, ".then p") == ["1 February 2025: 30 moved: 10 by activity, 20 by ageing."]
    assert texts(browser, ".then tbody tr") == ['=Coming, "Many" Visits Never came 30 10 by activity, 20 by ageing']
    assert shown(browser, ".now") == []
    assert "everything else is from 1 March 2025." in shown(browser, "[data-past]")[0]
    choose(browser, "period", "15 January 2025")
    assert texts(browser, ".card .size b") == ["470", "-", "-"]
    assert shown(browser, ".then p") == ["15 January 2025 was the first run."]
    choose(browser, "period", "1 March 2025")
    assert texts(browser, ".card .size b") == ["600", "394", "6"]
    assert len(shown(browser, ".now")) == 1


def test_the_table_is_sorted_by_keyboard(crowd: WarehouseBuilder, chromium: Callable[..., Any]) -> None:
    browser = chromium(1200)
    browser.get(path_of(crowd))
    assert column(browser, 1) == sorted(column(browser, 1))
    gap = browser.find_elements(By.CSS_SELECTOR, "#list thead th button")[3]
    gap.send_keys(Keys.ENTER)
    assert column(browser, 4)[:2] == ["15.0", "15.3"]
    gap.send_keys(Keys.SPACE)  # the head is still there and has the focus
    assert column(browser, 4)[:2] == ["24.8", "24.5"]
    assert [head.get_attribute("aria-sort") for head in browser.find_elements(By.CSS_SELECTOR, "#list thead th")] == [
        *("none", "none", "none", "descending", "none")
    ]
    for _ in range(3):
        browser.find_element(By.ID, "later").click()
    assert column(browser, 4)[-1] == "-"  # undefined is last, whichever way it is sorted
    assert not browser.find_element(By.ID, "later").is_enabled()
    gap.send_keys(Keys.ENTER)
    assert column(browser, 4)[0] == "15.0"


def test_customers_are_found_and_downloaded(
    crowd: WarehouseBuilder, chromium: Callable[..., Any], tmp_path: Path
) -> None:
    browser = chromium(1200)
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    browser.get(path_of(crowd))
    browser.find_element(By.ID, "find").send_keys("MANY visits")
    assert texts(browser, "#found") == ["1 to 25 of 40"]
    browser.find_element(By.ID, "csv").click()
    file = tmp_path / "customers.csv"
    WebDriverWait(browser, 10).until(lambda _: file.is_file())
    with file.open(encoding="utf-8-sig", newline="") as lines:
        head, *rows = csv.reader(lines)
    assert head == ["customer", "loyalty", "visits", "visit_gap", "visits_ever"]
    assert len(rows) == 40
    assert {row[1] for row in rows} == {'\'=Coming, "Many" Visits'}  # no formula to a spreadsheet
    assert sorted(float(row[2]) for row in rows) == [number * 100 for number in range(60, 100)]
    browser.find_element(By.ID, "find").send_keys(" nobody")
    assert texts(browser, "#found") == ["No customers match."]


def test_without_scripts_everything_of_the_run_is_there(crowd: WarehouseBuilder, chromium: Callable[..., Any]) -> None:
    browser = chromium(800, scripts=False)
    browser.get(path_of(crowd))
    assert len(shown(browser, ".card")) == 3
    assert len(shown(browser, "#loyalty-moves ~ .now .scroll")) == 1
    assert shown(browser, ".filters") == []
    assert shown(browser, "noscript p") == ["This table needs JavaScript; the rest of the page does not."]


def test_the_navigation_shows_the_parts_of_what_is_read(crowd: WarehouseBuilder, chromium: Callable[..., Any]) -> None:
    browser = chromium(1400)
    browser.get(path_of(crowd))
    assert shown(browser, "nav li li") == []
    browser.find_element(By.CSS_SELECTOR, "nav a[href='#loyalty']").click()
    WebDriverWait(browser, 5).until(lambda b: "Who moved" in shown(b, "nav li li"))
    assert texts(browser, "nav a[aria-current]") == ["Loyalty"]


def test_a_link_into_folded_evidence_opens_it(crowd: WarehouseBuilder, chromium: Callable[..., Any]) -> None:
    browser = chromium(1200)
    browser.get(path_of(crowd))
    assert not browser.find_element(By.ID, "checks").is_displayed()
    browser.find_element(By.CSS_SELECTOR, "a[href='#checks']").click()
    WebDriverWait(browser, 5).until(lambda b: b.find_element(By.ID, "checks").is_displayed())
