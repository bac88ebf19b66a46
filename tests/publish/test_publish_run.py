"""One run, published: what the tables hold, and that publishing again changes nothing."""

from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pyarrow as pa
from publish_shop import Customer, Shop

from include.segmentation.artifacts import PublishSummary
from include.segmentation.lake.change_log import LogState
from include.segmentation.publish import publish

JANUARY = datetime(2024, 12, 31, 23, tzinfo=UTC)  # midnight in Berlin


def crowd(number: int, **kpis: float) -> dict[str, Customer]:
    return {f"c{i:03}": Customer(purchases=1, revenue=i / 100, **kpis) for i in range(number)}


def test_every_table_is_filled_and_the_summary_counts_them(shop: Shop) -> None:
    shop.accept("2025-01-01")
    run = shop.run("2025-01-01")
    shop.leave(run, crowd(12) | {"n": Customer(visits=3, visit_gap=4.5)})

    summary = publish(run)

    assert summary["customers"] == 13
    assert summary["rows"] == {
        **{"dim_model": 2, "dim_segment": 5, "fct_model_quality": 2, "segmentation_run": 1, "dim_customer": 13},
        "segmentation_check": 1,
        **{"customer_analytics_record": 13, "fct_customer_kpi": 13, "fct_segment_label": 26},
        **{"dim_grid_cell": 0, "dim_score_class": 0, "fct_grid_cell": 0, "fct_grid_profile": 0, "fct_grid_quality": 0},
        **{"fct_list_member": 0, "fct_list_reason": 0, "fct_figure": 0, "dim_figure": 0},
        **{"fct_funnel": 0, "fct_segment_demographic": 0, "fct_persona": 0},  # the profile declares none
        **{"fct_segment_size": 5, "fct_segment_profile": 10, "fct_cohort_segment": 10, "fct_signal": 0},
    }
    assert {name: len(rows) for name, rows in shop.tables().items()} | {"segmentation_check": 1} == summary["rows"] | {
        **{"dim_kpi": 4, "fct_segment_event": 26, "fct_segment_membership": 26, "fct_segment_migration": 0}
    }
    assert PublishSummary.read_from(run).to_dict() == summary


def test_publishing_twice_gives_identical_tables(shop: Shop) -> None:
    shop.accept("2025-01-01")
    for as_of, number in (("2025-01-01", 12), ("2025-02-01", 15)):
        shop.leave(shop.run(as_of), crowd(number))
        publish(shop.run(as_of))
    once = shop.tables()

    publish(shop.run("2025-02-01"))
    publish(shop.run("2025-01-01"))

    assert shop.tables() == once


def test_the_record_is_wide_and_names_the_segments(shop: Shop) -> None:
    shop.accept("2025-01-01")
    run = shop.run("2025-01-01")
    shop.leave(run, {"a": Customer(purchases=4, revenue=250.25, country=None), "b": Customer(visits=1, visit_gap=0.5)})
    publish(run)

    rows = shop.rows(
        "SELECT customer_id, as_of, country, email_consent, purchases, revenue, visit_gap, value_segment_key, "
        "value_segment, value_micro_key, visiting_segment_key FROM customer_analytics_record ORDER BY 1"
    )

    assert rows == [
        ("a", JANUARY, None, 1, 4.0, 250.25, None, "v2", 'Segment "v2", näher', None, "w0"),
        ("b", JANUARY, "DE", 1, 0.0, 0.0, 0.5, "v0", 'Segment "v0", näher', None, "w1"),
    ]


def test_a_profile_is_described_by_values_that_occur(shop: Shop) -> None:
    shop.accept("2025-01-01")
    run = shop.run("2025-01-01")
    bought = {f"v1{i:03}": Customer(1 + i % 2, revenue=(i + 1) / 10, visits=1, visit_gap=7) for i in range(37)}
    rich = {f"v2{i:03}": Customer(3, revenue=100.1) for i in range(10)}
    shop.leave(run, bought | rich | {"alone": Customer()})
    publish(run)

    found = shop.rows(
        "SELECT segment_key, customers, total, share_of_total, nonzero_share, nulls, min, max, mean, band "
        "FROM fct_segment_profile WHERE kpi = 'revenue' ORDER BY 1"
    )
    total = Decimal("70.3") + 1001
    assert found == [
        ("v0", 1, *[None] * 8),
        ("v1", 37, Decimal("70.30"), float(Decimal("70.3") / total), 1.0, 0, 0.1, 3.7, 1.9, "Low"),
        ("v2", 10, Decimal("1001.00"), float(1001 / total), 1.0, 0, 100.1, 100.1, 100.1, "High"),
    ]
    percentiles = "p05, p25, p50, p75, p95"
    assert shop.rows(
        f"SELECT segment_key, ARRAY[{percentiles}] FROM fct_segment_profile WHERE customers >= 10 AND kpi = 'revenue'"
    ) == shop.rows(
        "SELECT segment_key, percentile_disc(ARRAY[0.05, 0.25, 0.5, 0.75, 0.95]) WITHIN GROUP (ORDER BY revenue) "
        "FROM fct_segment_label JOIN fct_customer_kpi USING (cadence, as_of, customer_id) "
        "WHERE segment_key IN ('v1', 'v2') GROUP BY 1 ORDER BY 1"
    )
    silent = shop.rows(
        "SELECT customers, nulls, total, nonzero_share, min, p50, mean, band FROM fct_segment_profile "
        "WHERE segment_key = 'w0' AND kpi = 'visit_gap'"
    )
    assert silent == [(11, 11, None, 0.0, None, None, None, None)]
    assert shop.rows("SELECT band FROM fct_segment_profile WHERE segment_key = 'w1' AND kpi = 'visit_gap'") == [
        ("Long",)  # a value equal to an edge is in the upper band
    ]
    assert shop.rows("SELECT band FROM fct_segment_profile WHERE segment_key = 'v1' AND kpi = 'purchases'") == [
        ("Some",)
    ]


def test_small_and_empty_segments_are_shown_without_their_ranges(shop: Shop) -> None:
    shop.accept("2025-01-01")
    run = shop.run("2025-01-01")
    shop.leave(run, crowd(9))
    publish(run)

    sizes = 'SELECT segment_key, customers, share, entered, "left", suppressed FROM fct_segment_size ORDER BY 1'
    assert shop.rows(sizes) == [
        ("v0", 0, 0.0, None, None, True),
        ("v1", 9, 1.0, None, None, True),
        ("v2", 0, 0.0, None, None, True),
        ("w0", 9, 1.0, None, None, True),
        ("w1", 0, 0.0, None, None, True),
    ]
    shown = "count(total) + count(min) + count(p50) + count(max) + count(mean) + count(share_of_total) + count(band)"
    assert shop.rows(f"SELECT count(*), {shown} FROM fct_segment_profile") == [(10, 0)]
    assert shop.rows("SELECT count(*), count(min) + count(p50) FROM fct_cohort_segment WHERE customers > 0") == [(4, 0)]


def test_names_and_texts_arrive_unchanged(shop: Shop) -> None:
    strange = 'a "quoted", back\\slashed\nname\\N; ü'
    shop.accept("2025-01-01", v1=strange)
    run = shop.run("2025-01-01")
    shop.leave(run, {strange: Customer(purchases=1, country=""), "NULL": Customer(purchases=1, country=None)})
    publish(run)

    assert shop.rows("SELECT customer_id, country, value_segment FROM customer_analytics_record ORDER BY 1") == [
        ("NULL", None, strange),
        (strange, "", strange),
    ]


def test_the_run_tells_what_it_was_made_from(shop: Shop) -> None:
    shop.accept("2025-02-01")
    run = shop.run("2025-01-01")
    with run.lake.open_log("orders").hold_writer_lock():
        run.lake.open_log("orders").append(
            pa.table({"order_id": pa.array([1], pa.int64())}), LogState(complete_through=JANUARY)
        )
    twice_and_once = pa.table({"source_seq": pa.array([1, 1, 2], pa.int64())})  # one row failed two expectations
    run.lake.open_quarantine("orders").append(twice_and_once, LogState())
    shop.leave(run, crowd(10), look_ahead=True)

    assert publish(run)["look_ahead"] is True

    ((customers, unknown, quarantined, look_ahead, primary, through, models, gates, versions),) = shop.rows(
        "SELECT customers, unknown_rows, quarantined, look_ahead, is_primary, complete_through, models, gates, "
        "versions FROM segmentation_run WHERE run_id = 'shop/monthly/2025-01-01'"
    )
    assert (customers, unknown, quarantined, look_ahead, primary) == (10, 7, 2, True, True)
    assert through == {"orders": JANUARY.isoformat()}
    assert models == {"value": "value-m1", "visiting": "visiting-m1"}
    assert {gate["verdict"] for gate in gates} <= {"pass", "warn"}
    assert ("populations_reconcile", "value") in {(gate["name"], gate["macro_segment"]) for gate in gates}
    assert {"code", "duckdb", "pyarrow"} <= versions.keys()


def test_every_column_is_explained(shop: Shop) -> None:
    shop.accept("2025-01-01")
    shop.leave(shop.run("2025-01-01"), crowd(1))
    publish(shop.run("2025-01-01"))

    unexplained = shop.rows(
        "SELECT attrelid::regclass, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "WHERE relnamespace = 'shop'::regnamespace AND relkind = 'r' AND attnum > 0 "
        "AND (col_description(attrelid, attnum) IS NULL OR obj_description(attrelid, 'pg_class') IS NULL)"
    )

    assert unexplained == []
    ((comment,),) = shop.rows(
        "SELECT col_description(attrelid, attnum) FROM pg_attribute "
        "WHERE attrelid = 'fct_customer_kpi'::regclass AND attname = 'visit_gap'"
    )
    assert comment == "Gap: Days. In days, lifetime. NULL when visits = 0."


def test_missing_tables_and_comments_are_added(shop: Shop) -> None:
    shop.accept("2025-01-01")
    run = shop.run("2025-01-01")
    shop.leave(run, crowd(10))
    publish(run)
    expected = shop.tables()
    with psycopg.connect(shop.url) as connection:
        connection.execute("COMMENT ON COLUMN shop.dim_model.model_id IS NULL")
        connection.execute("DROP TABLE shop.fct_model_quality")

    publish(run)

    assert shop.tables() == expected
    comment = "SELECT col_description('dim_model'::regclass, 1)"
    assert shop.rows(comment) == [("The model.",)]


def test_repeating_a_run_corrects_the_attributes_of_customers(shop: Shop) -> None:
    shop.accept("2025-01-01")
    run = shop.run("2025-01-01")
    for country in ("DE", "FR"):
        shop.leave(run, {"a": Customer(purchases=1, country=country)})
        publish(run)
        assert shop.rows("SELECT country FROM dim_customer") == [(country,)]
