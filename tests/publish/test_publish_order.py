"""Several runs: movement, membership and validity are the same whatever the order of publishing."""

import os
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from publish_shop import Customer, Shop

from include.segmentation.publish import publish

AS_OFS = ("2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01")
NEVER, SOME, MANY = Customer(), Customer(purchases=1, revenue=5), Customer(purchases=9, revenue=500)
MEMBERSHIP = (
    "SELECT customer_id, (valid_from + interval '1 day')::date::text, (valid_to + interval '1 day')::date::text, "
    "is_current, segment_key, entered_reason, run_id FROM fct_segment_membership WHERE macro_segment = 'value' "
    "ORDER BY 1, 2"
)


def story(shop: Shop) -> None:
    """Four months: a moves and comes back, b leaves for a while, c stays, d is new; a second model from March."""
    shop.accept("2025-01-01")
    shop.accept("2025-03-01", model="m2", v1="Renamed")
    months = [
        {"a": NEVER, "b": SOME, "c": SOME},
        {"a": replace(SOME, last_seen=datetime(2025, 1, 9, tzinfo=UTC)), "c": SOME, "d": MANY},
        {"a": SOME, "b": SOME, "c": SOME, "d": SOME},
        {"a": NEVER, "b": SOME, "c": SOME, "d": SOME},
    ]
    models = ("m1", "m1", "m2", "m2")
    for i, (as_of, customers) in enumerate(zip(AS_OFS, months, strict=True)):
        follows = (shop.run(AS_OFS[i - 1]), models[i - 1]) if i else None
        shop.leave(shop.run(as_of), customers, model=models[i], follows=follows)


def test_membership_tells_who_was_where_when_and_why(shop: Shop) -> None:
    story(shop)
    for as_of in AS_OFS:
        publish(shop.run(as_of))

    january, february, march, april = (f"shop/monthly/{as_of}" for as_of in AS_OFS)
    assert shop.rows(MEMBERSHIP) == [
        ("a", "2025-01-01", "2025-02-01", False, "v0", "new", january),
        ("a", "2025-02-01", "2025-04-01", False, "v1", "activity", february),
        ("a", "2025-04-01", None, True, "v0", "ageing", april),
        ("b", "2025-01-01", "2025-02-01", False, "v1", "new", january),
        ("b", "2025-03-01", None, True, "v1", "new", march),
        ("c", "2025-01-01", None, True, "v1", "new", january),
        ("d", "2025-02-01", "2025-03-01", False, "v2", "new", february),
        ("d", "2025-03-01", None, True, "v1", "refit", march),
    ]


def test_migration_margins_equal_both_populations(shop: Shop) -> None:
    story(shop)
    for as_of in AS_OFS[:2]:
        publish(shop.run(as_of))

    moved = (
        "SELECT from_key, to_key, customers, share FROM fct_segment_migration "
        "WHERE macro_segment = 'value' ORDER BY 1, 2"
    )
    assert shop.rows(moved) == [
        ("new", "v2", 1, 1.0),
        ("v0", "v1", 1, 1.0),
        ("v1", "left", 1, 0.5),
        ("v1", "v1", 1, 0.5),
    ]
    sizes = (
        'SELECT segment_key, customers, entered, "left" FROM fct_segment_size '
        "WHERE macro_segment = 'value' AND run_id = 'shop/monthly/2025-02-01' ORDER BY 1"
    )
    assert shop.rows(sizes) == [("v0", 0, 0, 1), ("v1", 2, 1, 1), ("v2", 1, 1, 0)]


@pytest.mark.parametrize("order", [(3, 2, 1, 0), (2, 0, 3, 1)])
def test_any_order_of_publishing_gives_the_same_tables(shop: Shop, order: tuple[int, ...]) -> None:
    story(shop)
    for as_of in AS_OFS:
        publish(shop.run(as_of))
    in_order = shop.tables()
    empty(shop)

    for i in order:
        publish(shop.run(AS_OFS[i]))

    assert shop.tables() == in_order


KINDS = st.sampled_from([None, NEVER, SOME, MANY, Customer(visits=2, visit_gap=1.5)])
MONTHS = st.lists(st.fixed_dictionaries(dict.fromkeys("abcd", KINDS)), min_size=3, max_size=4)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(months=MONTHS, data=st.data())
def test_any_history_gives_the_same_tables_in_any_order(
    shop: Shop, tmp_path: Path, months: list, data: st.DataObject
) -> None:
    os.environ["SEGMENTATION_LAKE"] = str(tmp_path / uuid.uuid4().hex)  # lake_root puts it back
    shop.accept("2025-01-01")
    runs = [shop.run(as_of) for as_of in AS_OFS[: len(months)]]
    for run, month in zip(runs, months, strict=True):
        shop.leave(run, {"always": SOME} | {name: kind for name, kind in month.items() if kind})
    empty(shop)
    for run in runs:
        publish(run)
    in_order = shop.tables()
    empty(shop)

    for run in data.draw(st.permutations(runs)):
        publish(run)
    publish(data.draw(st.sampled_from(runs)))

    assert shop.tables() == in_order


def empty(shop: Shop) -> None:
    with psycopg.connect(shop.url) as connection:
        connection.execute("DROP SCHEMA IF EXISTS shop CASCADE")
