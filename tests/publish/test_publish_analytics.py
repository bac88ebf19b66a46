"""What Google says about its own figures arrives in the run's row, and in its report."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from publish_shop import PROFILE, Customer, Shop

from demo.ga4 import serve_facts
from include.segmentation.extract import extract
from include.segmentation.publish import publish
from include.segmentation.report import report

REPORT = {"kind": "report", "source": "ga4", "metrics": ["activeUsers"]}
REPORTS = {
    "everybody": REPORT | {"dimensions": ["date"]},
    "ages": REPORT | {"dimensions": ["date", "userAgeBracket"], "coverage_of": "everybody"},
    "pages": REPORT | {"dimensions": ["date", "pagePath"], "filter": {"pagePath": "/nowhere"}},
}
# Day -> age -> users. Fewer than 10 are withheld: on the third day 12 of 40 are known, on the second 30 of 60.
USERS = {
    "20241215": {"25-34": 30, "unknown": 10},
    "20241216": {"25-34": 20, "35-44": 10, "unknown": 25, "(not set)": 5},
    "20241217": {"25-34": 12, "35-44": 8, "unknown": 20},
}


def make_facts() -> pa.Table:
    rows = [
        {"date": day, "pagePath": "/", "userAgeBracket": age, "visitor": 1000 * place + n, "sessions": 1}
        for day, ages in USERS.items()
        for place, (age, users) in enumerate(ages.items())
        for n in range(users)
    ]
    return pa.Table.from_pylist(rows)


@pytest.fixture
def shop(shop_with: Callable[[dict[str, Any]], Shop], monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop with three reports, of 1 to 17 December."""
    profile = PROFILE | {
        "sources": PROFILE["sources"]
        | {"ga4": {"kind": "ga4", "connection": "shop_ga4", "property": "properties/412345678"}},
        "extracts": PROFILE["extracts"] | REPORTS,
    }
    shop = shop_with(profile)
    with serve_facts(make_facts()) as server:
        connection = {"conn_type": "google_cloud_platform", "extra": {"api_endpoint": server.url, "is_anonymous": True}}
        monkeypatch.setenv("AIRFLOW_CONN_SHOP_GA4", json.dumps(connection))
        server.faults.metadata = {"timeZone": "Europe/Berlin"}
        for name in REPORTS:
            extract(shop.run("2024-12-16"), name)
        server.faults.metadata |= {
            "samplingMetadatas": [{"samplesReadCount": "25", "samplingSpaceSize": "100"}],
            "dataLossFromOtherRow": True,
            "dataTruncationReasons": [{"dataTruncationType": "DATA_TRUNCATION_TYPE_PROPERTY"}],
        }
        for name in REPORTS:
            extract(shop.run("2024-12-18"), name)  # the three restated days say all of that
    return shop


def limits(shop: Shop, as_of: str) -> dict[str, Any]:
    run = shop.run(as_of)
    shop.leave(run, {"a": Customer(purchases=1)})
    publish(run)
    ((found,),) = shop.rows("SELECT analytics FROM segmentation_run WHERE as_of = %s", run.as_of)
    return found


def test_ages_are_told_of_everyone_in_shares_with_their_coverage(shop: Shop) -> None:
    shop.accept("2024-12-18")
    coverage = limits(shop, "2024-12-18")["ages"]["coverage"]["share"]
    rows = (
        "SELECT macro_segment, segment_key, dimension, value, customers, share, coverage, report "
        "FROM fct_segment_demographic ORDER BY share DESC"
    )
    everyone = ("all", "all", "user_age_bracket")
    assert shop.rows(rows) == [
        (*everyone, "unknown", None, 68 / 140, 72 / 140, "ages"),
        (*everyone, "25-34", None, 62 / 140, 72 / 140, "ages"),
        (*everyone, "35-44", None, 10 / 140, 72 / 140, "ages"),
    ]
    assert coverage == pytest.approx(72 / 140, abs=1e-6)


def test_the_run_says_what_google_says(shop: Shop) -> None:
    shop.accept("2024-12-18")
    found = limits(shop, "2024-12-18")
    flags = {
        "sampled_days": 5,
        "sampled_share": 0.25,
        "other_row_days": 5,
        "truncated_days": 5,
        "truncated": "PROPERTY",
    }
    whole = {"days": 17, "first_day": "2024-12-01", "last_day": "2024-12-17"} | flags
    assert found == {
        "everybody": whole | {"rows": 3, "empty_days": 14, "thresholded_days": 0, "coverage": None},
        "ages": whole
        | {"rows": 7, "empty_days": 14, "thresholded_days": 17}
        | {"coverage": {"of": "everybody", "share": 0.514286, "least": 0.3, "most": 0.75}},
        "pages": whole | {"rows": 0, "empty_days": 17, "thresholded_days": 0, "coverage": None},
    }


def test_days_after_as_of_do_not_count(shop: Shop) -> None:
    shop.accept("2024-12-16")
    found = limits(shop, "2024-12-16")["ages"]
    assert (found["days"], found["last_day"], found["rows"]) == (15, "2024-12-15", 2)
    assert found["coverage"] == {"of": "everybody", "share": 0.75, "least": 0.75, "most": 0.75}


def test_the_report_shows_it(shop: Shop) -> None:
    shop.accept("2024-12-18")
    limits(shop, "2024-12-18")
    page = Path(report(shop.run("2024-12-18"))["path"]).read_text()
    assert "Google Analytics: limits of the data" in page
    assert '<td class="num">51.4%<small>30.0% to 75.0% a day</small></td>' in page
    assert "at least 25.0% of events used" in page


def test_a_warehouse_of_before_gains_the_column(shop: Shop) -> None:
    shop.accept("2024-12-16")
    limits(shop, "2024-12-16")
    shop.forget_version()
    with psycopg.connect(shop.url) as connection:
        connection.execute("ALTER TABLE shop.segmentation_run DROP COLUMN analytics")
    assert limits(shop, "2024-12-18")["pages"]["days"] == 17
    assert shop.rows("SELECT analytics FROM segmentation_run ORDER BY as_of")[0] == ({},)
