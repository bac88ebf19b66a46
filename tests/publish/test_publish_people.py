"""Funnel, demographics and personas: what is told of segments adds up to them, and small groups stay untold."""

import random
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from publish_shop import PROFILE, Customer, Shop

from include.segmentation.errors import DataError, ProfileError
from include.segmentation.publish import publish

TOLD: dict[str, Any] = {
    "funnel": [
        {"name": "known", "label": "Known", "when": "true"},
        {"name": "visited", "label": "Visited", "when": "visits >= 1 -- ever"},
        {"name": "soon", "label": "Came back soon", "when": "visit_gap < 5"},
        {"name": "bought", "label": "Bought", "when": "purchases >= 1"},
    ],
    "demographics": {"country": {"label": "Country", "unknown": ["??"]}},
    "personas": [
        {
            **{"name": "buyer", "label": "Buyer", "when": {"value": ["bought"]}, "description": "Bought."},
            **{"recommended_action": "Thank them.", "owner": "sales"},
            "personas": [{"name": "vip", "label": "VIP", "when": {"value": ["Big"], "visiting": ["visitor"]}}],
        },
        {"name": "guest", "label": "Guest", "when": {"visiting": ["visitor"]}},
    ],
}
COUNTRIES = ("DE", "DE", "DE", "DE", "FR", "FR", "IT", " IT ", "other", "unknown", "??", "", None, "XK")


def profile(**changed: Any) -> dict[str, Any]:
    value = PROFILE["macro_segments"]["value"] | {"segments": {"v2": {"alias": "Big", "rule": "revenue >= 100"}}}
    return PROFILE | TOLD | {"macro_segments": PROFILE["macro_segments"] | {"value": value}} | changed


@pytest.fixture
def shop(shop_with: Callable[[dict[str, Any]], Shop]) -> Shop:
    made = shop_with(profile())
    made.accept("2025-01-01")
    return made


def crowd(seed: int, size: int) -> dict[str, Customer]:
    chance = random.Random(seed)
    found = {}
    for number in range(size):
        visits, purchases = chance.choice((0, 1, 5)), chance.choice((0, 0, 1, 4))
        found[f"c{number}"] = Customer(
            purchases=purchases,
            revenue=chance.choice((5.0, 50.0, 500.0)) if purchases and chance.random() < 0.3 + seed / 10 else 0.0,
            visits=visits,
            visit_gap=chance.choice((2.0, 9.0)) if visits else None,
            country=chance.choice(COUNTRIES),
        )
    return found


@pytest.fixture
def crowds(shop: Shop) -> Shop:
    """Three runs with other customers each."""
    for month, size in enumerate((200, 25, 7), start=1):
        run = shop.run(f"2025-{month:02}-01")
        shop.leave(run, crowd(month, size))
        publish(run)
    return shop


SEGMENTS = """
    SELECT as_of, macro_segment, segment_key, customer_id FROM fct_segment_label WHERE cadence = 'monthly'
    UNION ALL SELECT as_of, 'all', 'all', customer_id FROM fct_customer_kpi WHERE cadence = 'monthly'
"""


def test_a_step_has_whom_its_conditions_and_all_before_it_hold_for(crowds: Shop) -> None:
    expected = crowds.rows(f"""
        WITH member AS ({SEGMENTS}), reached AS (
            SELECT *, CASE WHEN visits >= 1 IS NOT TRUE THEN 1 WHEN visit_gap < 5 IS NOT TRUE THEN 2
                WHEN purchases >= 1 IS NOT TRUE THEN 3 ELSE 4 END AS steps
            FROM member JOIN fct_customer_kpi USING (as_of, customer_id)
        ), counted AS (
            SELECT as_of, macro_segment, segment_key, step, count(*) AS size,
                count(*) FILTER (WHERE steps >= step) AS n,
                count(*) FILTER (WHERE (ARRAY[true, visits >= 1, visit_gap < 5, purchases >= 1])[step]) AS met
            FROM reached, generate_series(1, 4) AS step GROUP BY 1, 2, 3, 4
        )
        SELECT as_of::date, macro_segment, segment_key, step, CASE WHEN size >= 10 THEN n END,
            CASE WHEN size >= 10 THEN met END
        FROM counted ORDER BY 1, 2, 3, 4
    """)
    columns = "as_of::date, macro_segment, segment_key, step, customers, met"
    found = crowds.rows(f"SELECT {columns} FROM fct_funnel ORDER BY 1, 2, 3, 4")
    with_customers = {row[:3] for row in expected}
    assert [row for row in found if row[:3] in with_customers] == expected
    assert {row[4:] for row in found if row[:3] not in with_customers} <= {(None, None)}
    assert len(found) == 3 * 4 * (1 + 3 + 2), "segments without customers have their rows too"


def test_the_first_step_of_the_segments_adds_up_to_everyone(crowds: Shop) -> None:
    rows = crowds.rows("""
        SELECT funnel.customers, size.customers, suppressed_funnel, size.suppressed
        FROM (SELECT *, suppressed AS suppressed_funnel FROM fct_funnel WHERE step = 1) AS funnel
        JOIN fct_segment_size AS size USING (cadence, as_of, macro_segment, segment_key)
    """)
    assert len(rows) == 3 * 5
    for reached, size, suppressed, is_small in rows:
        assert (reached, suppressed) == (None if size < 10 else size, size < 10)
        assert suppressed == is_small
    everyone = "SELECT customers FROM fct_funnel WHERE macro_segment = 'all' AND step = 1 ORDER BY as_of"
    assert crowds.rows(everyone) == [(200,), (25,), (None,)]


def test_conversion_is_of_the_step_before_and_never_of_fewer_than_ten(crowds: Shop) -> None:
    rows = crowds.rows("""
        SELECT step, customers, share, conversion, lag(customers) OVER steps, first_value(customers) OVER steps
        FROM fct_funnel WINDOW steps AS (PARTITION BY as_of, macro_segment, segment_key ORDER BY step)
    """)
    for step, customers, share, conversion, before, size in rows:
        assert share == (None if customers is None else customers / size)
        assert conversion == (None if step == 1 or before is None or before < 10 else customers / before)
    assert any(row[3] is None and row[0] > 1 and row[1] is not None for row in rows), "small steps occur"


def test_values_add_up_to_the_segment_and_coverage_is_what_is_known(crowds: Shop) -> None:
    rows = crowds.rows("""
        SELECT found.as_of, macro_segment, segment_key, sum(found.customers), sum(found.share),
            1 - sum(found.share) FILTER (WHERE value = 'unknown'), min(coverage), max(coverage),
            coalesce(size.customers, run.customers)
        FROM fct_segment_demographic AS found JOIN segmentation_run AS run USING (cadence, as_of)
        LEFT JOIN fct_segment_size AS size USING (cadence, as_of, macro_segment, segment_key)
        GROUP BY 1, 2, 3, size.customers, run.customers
    """)
    assert len(rows) > 10
    for *_, customers, share, known, least, most, size in rows:
        assert customers == size
        assert share == pytest.approx(1)
        assert least == most == pytest.approx(known)
    empty = "SELECT count(*) FROM fct_segment_size WHERE customers > 0"
    assert crowds.rows(empty) == [(len(rows) - 3,)], "whoever is somewhere is told of"


def test_a_value_is_told_as_it_is_or_not_at_all(shop: Shop) -> None:
    """Values of fewer than ten are in other, which holds ten or all that is known."""
    counted = """
        SELECT as_of, macro_segment, segment_key, trim(country), count(*)
        FROM (%s) AS member JOIN dim_customer USING (as_of, customer_id)
        WHERE trim(country) NOT IN ('', '??', 'unknown', 'other') GROUP BY 1, 2, 3, 4
    """
    run = shop.run("2025-01-01")
    shop.leave(run, crowd(1, 300))
    publish(run)
    truth = {row[1:4]: row[4] for row in shop.rows(counted % SEGMENTS)}
    found = shop.rows(
        "SELECT macro_segment, segment_key, value, customers FROM fct_segment_demographic WHERE as_of = %s",
        run.as_of,
    )
    told = {row[:3]: row[3] for row in found if row[2] not in ("other", "unknown")}
    assert told
    assert told.items() <= truth.items()
    assert min(told.values()) >= 10
    for group in {row[:2] for row in found}:
        others = {row[2]: row[3] for row in found if row[:2] == group}
        assert others.get("other", 10) >= 10 or set(others) == {"other", "unknown"}


def test_a_segment_of_one_tells_no_country(shop: Shop) -> None:
    run = shop.run("2025-01-01")
    shop.leave(run, {f"c{n}": Customer() for n in range(30)} | {"one": Customer(purchases=1, country="IS")})
    publish(run)
    rows = "SELECT segment_key, value, customers FROM fct_segment_demographic WHERE macro_segment IN ('all', 'value')"
    assert sorted(shop.rows(rows)) == [
        *(("all", "other", 31), ("all", "unknown", 0)),
        *(("v0", "DE", 30), ("v0", "unknown", 0), ("v1", "other", 1), ("v1", "unknown", 0)),
    ], "31 less 30 would be one from Iceland"


def test_a_persona_is_the_first_that_matches(shop: Shop) -> None:
    run = shop.run("2025-01-01")
    shop.leave(run, crowd(3, 300))
    publish(run)
    expected = shop.rows("""
        SELECT CASE WHEN value_segment_key = 'v2' AND visits >= 1 THEN 'vip' WHEN purchases >= 1 THEN 'buyer'
            WHEN visits >= 1 THEN 'guest' ELSE 'none' END AS who, count(*)::int,
            count(DISTINCT coalesce(persona, 'none')), min(coalesce(persona, 'none'))
        FROM customer_analytics_record GROUP BY 1
    """)
    assert {who for who, *_ in expected} == {"vip", "buyer", "guest", "none"}
    assert all((kinds, said) == (1, who) for who, _, kinds, said in expected)
    own = dict(row[:2] for row in expected)
    found = shop.rows(
        "SELECT persona, part_of, customers, own_customers, share FROM fct_persona WHERE as_of = %s ORDER BY position",
        run.as_of,
    )
    assert found == [
        ("buyer", None, own["buyer"] + own["vip"], own["buyer"], (own["buyer"] + own["vip"]) / 300),
        ("vip", "buyer", own["vip"], own["vip"], own["vip"] / 300),
        ("guest", None, own["guest"], own["guest"], own["guest"] / 300),
        ("none", None, own["none"], own["none"], own["none"] / 300),
    ]
    said = "SELECT label, description, recommended_action, owner FROM fct_persona WHERE persona = 'buyer' LIMIT 1"
    assert shop.rows(said) == [("Buyer", "Bought.", "Thank them.", "sales")]


def test_publishing_again_changes_nothing_and_a_profile_without_them_tells_nothing(
    crowds: Shop, shop_with: Callable[[dict[str, Any]], Shop]
) -> None:
    before = crowds.tables()
    publish(crowds.run("2025-02-01"))
    assert crowds.tables() == before
    silent = shop_with(profile(funnel=[], personas=[], demographics={}))
    publish(silent.run("2025-03-01"))
    for table in ("fct_funnel", "fct_persona", "fct_segment_demographic"):
        months = silent.rows(f"SELECT DISTINCT extract(month FROM as_of + interval '2h')::int FROM {table} ORDER BY 1")
        assert months == [(1,), (2,)], table
    assert silent.rows("SELECT count(*), count(persona) FROM customer_analytics_record") == [(7, 0)]


SPOILT = {
    "UPDATE fct_funnel SET customers = 9999 WHERE step = 1 AND segment_key = 'all'": "funnel step known of all",
    "UPDATE fct_segment_demographic SET customers = customers + 1 WHERE segment_key = 'all'": "country of all",
    "DELETE FROM fct_segment_demographic WHERE value = 'unknown' AND customers > 0": "country of",
    "UPDATE fct_persona SET own_customers = 0 WHERE true": "personas add up to 0 but 25 are expected",
}


def test_what_does_not_add_up_is_refused(crowds: Shop) -> None:
    """Publishing a run also looks at the one after it."""
    for spoilt, words in SPOILT.items():
        with psycopg.connect(crowds.url, options="-c search_path=shop") as connection:
            connection.execute(f"{spoilt} AND as_of BETWEEN '2025-01-15' AND '2025-02-15'")
        with pytest.raises(DataError, match=f"{words}.*nothing was published"):
            publish(crowds.run("2025-01-01"))
        publish(crowds.run("2025-02-01"))  # which puts it right


def test_an_attribute_that_the_population_was_not_measured_with(shop_with: Callable[[dict[str, Any]], Shop]) -> None:
    shop = shop_with(profile(demographics={"town": {"label": "Town"}}))
    shop.accept("2025-01-01")
    shop.leave(shop.run("2025-01-01"), crowd(1, 20))
    with pytest.raises(
        ProfileError, match=r"shop\.yaml: demographics\.town: no attribute of the population; allowed: co"
    ):
        publish(shop.run("2025-01-01"))
