"""Segments, models and KPIs by validity; the record, customers and cohorts follow the newest run only."""

import copy
from collections.abc import Callable
from typing import Any

from publish_shop import PROFILE, Customer, Shop

from include.segmentation.model.timeline import read_timeline, record_decision
from include.segmentation.publish import publish

CROWD = {f"c{i:02}": Customer(purchases=1, revenue=i) for i in range(12)}
DAY = "(%s + interval '1 hour')::date::text"  # as_of is midnight in Berlin


def test_a_renamed_segment_gets_a_new_version_and_keeps_its_key(shop: Shop) -> None:
    shop.accept("2025-01-01")
    shop.accept("2025-03-01", model="m2", v1="New name")
    shop.leave(shop.run("2025-01-01"), CROWD)
    publish(shop.run("2025-01-01"))

    versions = (
        f"SELECT segment_key, name, {DAY % 'valid_from'}, {DAY % 'valid_to'}, is_current, model_id, owner, "
        "recommended_action FROM dim_segment WHERE macro_segment = 'value' ORDER BY 1, 3"
    )
    assert shop.rows(versions) == [
        ("v0", 'Segment "v0", näher', "2025-01-01", None, True, "value-m1", "", "Invite."),
        ("v1", 'Segment "v1", näher', "2025-01-01", "2025-03-01", False, "value-m1", "sales", ""),
        ("v1", "New name", "2025-03-01", None, True, "value-m2", "sales", ""),
        ("v2", 'Segment "v2", näher', "2025-01-01", None, True, "value-m1", "sales", ""),
    ]
    assert shop.rows("SELECT value_segment FROM customer_analytics_record LIMIT 1") == [('Segment "v1", näher',)]


def test_two_models_of_one_day_leave_the_versions_of_the_last(shop: Shop) -> None:
    """Fitted again after a correction: what the first said has never been valid."""
    shop.accept("2025-01-01")
    shop.accept("2025-03-01", model="m2", v1="New name")
    shop.accept("2025-03-01", model="m3", v1="Newer name", v2="Other")
    shop.leave(shop.run("2025-01-01"), CROWD)
    publish(shop.run("2025-01-01"))
    versions = f"SELECT segment_key, name, {DAY % 'valid_from'}, {DAY % 'valid_to'} FROM dim_segment "
    assert shop.rows(versions + "WHERE segment_key IN ('v1', 'v2') ORDER BY 1, 3") == [
        ("v1", 'Segment "v1", näher', "2025-01-01", "2025-03-01"),
        ("v1", "Newer name", "2025-03-01", None),
        ("v2", 'Segment "v2", näher', "2025-01-01", "2025-03-01"),
        ("v2", "Other", "2025-03-01", None),
    ]


def test_models_and_their_evidence_are_listed_with_what_was_decided(shop: Shop) -> None:
    shop.accept("2025-01-01")
    shop.accept("2025-03-01", model="m2")
    run = shop.run("2025-01-01")
    newest = read_timeline(run.lake, "value")[-1].model
    record_decision(run.lake, newest, "rejected", "ann")
    shop.leave(run, CROWD)
    publish(run)

    models = "SELECT model_id, status, decided_by, segments, model ->> 'seed' FROM dim_model ORDER BY 1"
    assert shop.rows(models)[:2] == [
        ("value-m1", "accepted", "a test", 3, "1"),
        ("value-m2", "rejected", "ann", 3, "1"),
    ]
    assert shop.rows("SELECT count(*) FROM dim_segment WHERE model_id = 'value-m2'") == [(0,)]
    evidence = "SELECT stratum, algorithm, k, metric, value FROM fct_model_quality WHERE model_id = 'value-m1'"
    assert shop.rows(evidence) == [("bought", "kmeans", 2, "jaccard", 0.9)]


def test_a_redefined_and_a_retired_kpi_end_where_another_run_begins(
    shop: Shop, shop_with: Callable[[dict[str, Any]], Shop]
) -> None:
    shop.accept("2025-01-01")
    shop.leave(shop.run("2025-01-01"), CROWD)
    publish(shop.run("2025-01-01"))
    profile = copy.deepcopy(PROFILE)
    profile["macro_segments"]["value"]["kpis"]["revenue"]["definition"] = "Paid and not refunded."
    later = shop_with(profile)
    later.registered = shop.registered
    later.leave(later.run("2025-02-01"), CROWD)
    publish(later.run("2025-02-01"))
    without = copy.deepcopy(profile)
    del without["macro_segments"]["visiting"]
    last = shop_with(without)
    last.registered = shop.registered
    last.leave(last.run("2025-03-01"), CROWD)
    publish(last.run("2025-03-01"))

    versions = (
        f'SELECT kpi, definition, {DAY % "valid_from"}, {DAY % "valid_to"}, is_current, "window" '
        "FROM dim_kpi ORDER BY 1, 3"
    )
    assert last.rows(versions) == [
        ("purchases", "Orders.", "2025-01-01", None, True, "lifetime"),
        ("revenue", "Paid.", "2025-01-01", "2025-02-01", False, "trailing 30d"),
        ("revenue", "Paid and not refunded.", "2025-02-01", None, True, "trailing 30d"),
        ("visit_gap", "Days.", "2025-01-01", "2025-03-01", False, "lifetime"),
        ("visits", "Visits.", "2025-01-01", "2025-03-01", False, "lifetime"),
    ]
    kept = "SELECT count(visits), count(purchases), count(*) FROM fct_customer_kpi"
    assert last.rows(kept) == [(24, 36, 36)]


def test_the_record_follows_the_newest_run_of_the_primary_cadence(shop: Shop) -> None:
    shop.accept("2025-01-01")
    for as_of, cadence, country in (
        ("2025-02-01", "monthly", "FR"),
        ("2025-01-01", "monthly", "DE"),
        ("2025-02-10", "daily", "IT"),
    ):
        shop.leave(shop.run(as_of, cadence), {"a": Customer(country=country)})
        publish(shop.run(as_of, cadence))

    assert shop.rows("SELECT country, run_id FROM customer_analytics_record") == [("FR", "shop/monthly/2025-02-01")]
    assert shop.rows(f"SELECT country, {DAY % 'as_of'} FROM dim_customer") == [("IT", "2025-02-10")]
    assert shop.rows("SELECT count(*) FROM fct_segment_membership WHERE run_id ~ 'daily'") == [(0,)]
    assert shop.rows("SELECT DISTINCT cadence FROM fct_segment_migration") == [("monthly",)]


def test_cohort_months_come_from_the_newest_run(shop: Shop) -> None:
    shop.accept("2025-01-01")
    for as_of, revenue in (("2025-02-01", 1.0), ("2025-03-01", 20.0), ("2025-01-01", 3.0)):
        customers = {f"c{i:02}": Customer(purchases=1, revenue=revenue + i) for i in range(11)}
        shop.leave(shop.run(as_of), customers | {"never": Customer()})
        publish(shop.run(as_of))

    months = (
        "SELECT cohort::text, month, segment_key, customers, share, min, p25, p50, p75, max, model_id, "
        f"{DAY % 'as_of'} FROM fct_cohort_segment WHERE kpi = 'revenue' ORDER BY segment_key"
    )
    newest = ("value-m1", "2025-03-01")
    assert shop.rows(months) == [
        ("2024-12-01", 1, "v0", 1, 1 / 12, *[None] * 5, *newest),
        ("2024-12-01", 1, "v1", 11, 11 / 12, 20.0, 22.0, 25.0, 28.0, 30.0, *newest),
        ("2024-12-01", 1, "v2", 0, 0.0, *[None] * 5, *newest),
    ]
