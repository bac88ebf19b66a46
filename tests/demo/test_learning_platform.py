"""The generated platform has the published clusters, recomputed with SQL, and is consistent."""

from collections import Counter

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.learning import Platform, generate_platform, list_clusters, read_thresholds
from demo.learning.thresholds import scale_counts, share_out_learners

pytestmark = pytest.mark.slow

LOYALTY = """
    WITH visit_days AS (SELECT DISTINCT user_id, visited_at::DATE AS day FROM visits),
    returns AS (
        SELECT user_id, day - lag(day) OVER (PARTITION BY user_id ORDER BY day) AS gap,
            (day - registered_at::DATE) // 30 + 1 AS month
        FROM visit_days JOIN users USING (user_id)
    )
    SELECT user_id, count(gap) AS returns, coalesce(avg(gap), 0) AS gap
    FROM users LEFT JOIN (SELECT * FROM returns WHERE month = $month) USING (user_id) GROUP BY user_id
"""
ENGAGEMENT = """
    WITH seen AS (
        SELECT user_id, count(*) FILTER (viewed_at < registered_at + INTERVAL 1 DAY) AS first_day,
            count(*) FILTER (viewed_at >= registered_at + INTERVAL 1 DAY
                AND viewed_at < registered_at + INTERVAL 7 DAY) AS first_week
        FROM topic_views JOIN users USING (user_id) GROUP BY user_id
    ), done AS (
        SELECT user_id, count(*) AS completions FROM enrolments JOIN users USING (user_id)
        WHERE completed_at < registered_at + INTERVAL 30 DAY GROUP BY user_id
    )
    SELECT user_id, coalesce(completions, 0), coalesce(first_day, 0), coalesce(first_week, 0)
    FROM users LEFT JOIN seen USING (user_id) LEFT JOIN done USING (user_id)
"""
INTEREST = """
    SELECT user_id, count(*) FILTER (course_type = 'certificate'), count(*) FILTER (course_type = 'diploma'),
        count(DISTINCT category)
    FROM users LEFT JOIN (
        SELECT e.user_id, course_type, category FROM enrolments AS e JOIN courses USING (course_id)
        JOIN users AS u USING (user_id) WHERE enrolled_at < registered_at + INTERVAL 30 DAY
    ) USING (user_id) GROUP BY user_id
"""
VALUE = """
    WITH paid AS (
        SELECT user_id, count(*) AS purchases FROM orders JOIN users USING (user_id)
        WHERE ordered_at < registered_at + INTERVAL 30 DAY
            AND (refunded_at IS NULL OR refunded_at >= registered_at + INTERVAL 30 DAY)
        GROUP BY user_id
    ), left_behind AS (
        SELECT user_id, count(*) AS carts FROM carts JOIN users USING (user_id)
        WHERE created_at < registered_at + INTERVAL 29 DAY AND cart_id NOT IN (
            SELECT cart_id FROM orders WHERE cart_id IS NOT NULL)
        GROUP BY user_id
    )
    SELECT user_id, coalesce(carts, 0), coalesce(purchases, 0)
    FROM users LEFT JOIN paid USING (user_id) LEFT JOIN left_behind USING (user_id)
"""


def loyalty_cluster(returns: int, gap: float) -> int:
    if returns == 0:
        return 0
    if gap >= 18:
        return 2
    if gap >= 8:
        return 5
    if returns >= 5 and gap <= 5:
        return 4
    return 1 if gap <= 2 else 3


def engagement_cluster(completions: int, first_day: int, first_week: int) -> int:
    if completions == 0:
        return int(first_day + first_week > 0)
    if first_day <= 36:
        return 2
    return 3 if first_day >= 109 else 4


def interest_cluster(certificates: int, diplomas: int, categories: int) -> int:
    if categories == 0:
        return 0
    if diplomas >= 17:
        return 5
    if categories >= 12 or diplomas >= 6:
        return 4
    if categories >= 5:
        return 3
    return 1 if diplomas == 0 or categories == 4 else 2


def value_cluster(abandonments: int, purchases: int) -> int:
    if abandonments:
        return 2 if purchases else 1
    return {0: 0, 1: 3}.get(purchases, 4)


MONTH_ONE = {
    "loyalty": (LOYALTY, lambda returns, gap: loyalty_cluster(returns, gap), ("count_of_returns", "days_to_return")),
    "engagement": (ENGAGEMENT, engagement_cluster, ("completions", "first_day_topics", "first_week_topics")),
    "interest": (
        INTEREST,
        interest_cluster,
        ("certificate_enrolments", "diploma_enrolments", "distinct_categories"),
    ),
    "value": (VALUE, value_cluster, ("cart_abandonments", "purchases")),
}


def query(platform: Platform, sql: str, **parameters: object) -> list[tuple]:
    with duckdb.connect() as engine:
        for name, table in platform.tables.items():
            engine.register(name, table)
        return engine.execute(sql, parameters or None).fetchall()


@pytest.fixture(scope="module")
def platform() -> Platform:
    return generate_platform()


@pytest.mark.parametrize("macro", MONTH_ONE)
def test_month_one_has_exactly_the_published_clusters(platform: Platform, macro: str) -> None:
    sql, cluster_of, kpis = MONTH_ONE[macro]
    published = {row.cluster: row for row in list_clusters(macro, 1)}
    sizes: Counter[int] = Counter()
    for _, *values in query(platform, sql, **({"month": 1} if macro == "loyalty" else {})):
        row = published[cluster_of(*values)]
        sizes[row.cluster] += 1
        for kpi, value in zip(kpis, values, strict=True):
            low, high = row.ranges[kpi]
            assert low <= value <= high, (row.name, kpi, value)
    assert sizes == {row.cluster: row.learners for row in published.values()}


@pytest.mark.parametrize("macro", MONTH_ONE)
@pytest.mark.parametrize("learners", [500, 4001])
def test_other_sizes_keep_the_proportions(macro: str, learners: int) -> None:
    sql, cluster_of, _ = MONTH_ONE[macro]
    rows = query(generate_platform(learners=learners), sql, **({"month": 1} if macro == "loyalty" else {}))
    sizes = Counter(cluster_of(*values) for _, *values in rows)
    assert [sizes[row.cluster] for row in list_clusters(macro, 1)] == share_out_learners(macro, 1, learners).tolist()


@pytest.mark.parametrize("month", [2, 3, 4])
def test_later_months_follow_the_published_loyalty(platform: Platform, month: int) -> None:
    sizes: Counter[tuple[int, ...]] = Counter()
    for _, returns, gap in query(platform, LOYALTY, month=month):
        fitting = [
            row.cluster
            for row in list_clusters("loyalty", month)
            if row.ranges["count_of_returns"][0] <= returns <= row.ranges["count_of_returns"][1]
            and row.ranges["days_to_return"][0] - 1e-9 <= gap <= row.ranges["days_to_return"][1] + 1e-9
        ]
        sizes[tuple(fitting)] += 1
    shared = sizes.pop((1, 5), 0)  # two published ranges of month 2 touch: three returns, 15 days apart
    expected = {(row.cluster,): row.learners for row in list_clusters("loyalty", month)}
    assert sum(sizes.values()) + shared == 33_280
    assert sizes.keys() == expected.keys()
    assert sum(abs(sizes[key] - expected[key]) for key in expected) == shared


def test_the_published_extremes_exist(platform: Platform) -> None:
    assert max(row[2] for row in query(platform, ENGAGEMENT)) == 674
    assert max(row[3] for row in query(platform, ENGAGEMENT)) == 931
    assert max(row[3] for row in query(platform, INTEREST)) == 73


def test_counts_are_heavy_tailed_and_macro_segments_go_together(platform: Platform) -> None:
    topics = sorted(row[2] for row in query(platform, ENGAGEMENT) if row[2])
    assert topics[len(topics) // 2] < sum(topics) / len(topics) * 0.7
    returns = dict(row[:2] for row in query(platform, LOYALTY, month=1))
    enrolled = {row[0]: row[1] + row[2] for row in query(platform, INTEREST)}
    eager = [returns[learner] for learner, courses in enrolled.items() if courses >= 10]
    assert sum(eager) / len(eager) > 1.3 * sum(returns.values()) / len(returns)


def test_engagement_falls_with_visits_and_is_not_the_pasted_month(platform: Platform) -> None:
    studying = [
        query(
            platform,
            "SELECT count(DISTINCT user_id) FROM topic_views JOIN users USING (user_id) "
            "WHERE (viewed_at::DATE - registered_at::DATE) // 30 + 1 = $month",
            month=month,
        )[0][0]
        for month in (1, 2, 3, 4)
    ]
    assert studying[0] == 22_636
    assert 200 < studying[3] < studying[2] < studying[1] < 1779


@pytest.mark.parametrize(
    "never",
    [
        "SELECT 1 FROM topic_views t LEFT JOIN enrolments e ON e.user_id = t.user_id AND e.course_id = t.course_id "
        "AND e.enrolled_at <= t.viewed_at WHERE e.enrolment_id IS NULL",
        "SELECT 1 FROM topic_views t LEFT JOIN visits v ON v.user_id = t.user_id AND t.viewed_at >= v.visited_at "
        "AND t.viewed_at + to_seconds(t.seconds) <= v.visited_at + to_seconds(v.seconds) WHERE v.visit_id IS NULL",
        "SELECT 1 FROM enrolments e LEFT JOIN visits v ON v.user_id = e.user_id "
        "AND v.visited_at::DATE = e.enrolled_at::DATE WHERE v.visit_id IS NULL",
        "SELECT 1 FROM orders o LEFT JOIN visits v ON v.user_id = o.user_id "
        "AND v.visited_at::DATE = o.ordered_at::DATE WHERE v.visit_id IS NULL",
        "SELECT 1 FROM enrolments WHERE completed_at < enrolled_at",
        "SELECT 1 FROM enrolments WHERE updated_at <> coalesce(completed_at, enrolled_at)",
        "SELECT 1 FROM enrolments GROUP BY user_id, course_id HAVING count(*) > 1",
        "SELECT 1 FROM topic_views GROUP BY user_id, topic_id HAVING count(*) > 1",
        "SELECT 1 FROM orders o JOIN carts c USING (cart_id) WHERE c.status <> 'ordered' OR c.user_id <> o.user_id "
        "OR c.created_at > o.ordered_at",
        "SELECT 1 FROM carts WHERE (status = 'ordered') <> (cart_id IN (SELECT cart_id FROM orders))",
        "SELECT 1 FROM orders WHERE refunded_at <= ordered_at OR amount <= 0",
        "SELECT 1 FROM visits JOIN users USING (user_id) WHERE visited_at < registered_at",
        "SELECT 1 FROM visits WHERE visited_at + to_seconds(seconds) >= TIMESTAMP '2025-06-01' OR seconds <= 0",
        "SELECT 1 FROM users WHERE registered_at < '2025-01-01' OR registered_at >= '2025-02-01'",
        "SELECT 1 FROM (SELECT visit_id, lag(visited_at) OVER (ORDER BY visit_id) AS before, visited_at FROM visits) "
        "WHERE before > visited_at",
    ],
)
def test_the_tables_are_consistent(platform: Platform, never: str) -> None:
    assert query(platform, f"SELECT count(*) FROM ({never})") == [(0,)]


def test_special_cases_occur(platform: Platform) -> None:
    counts = query(
        platform,
        "SELECT (SELECT count(*) FROM users WHERE country IS NULL), (SELECT count(*) FROM orders "
        "WHERE refunded_at IS NOT NULL), (SELECT count(*) FROM orders WHERE cart_id IS NULL), (SELECT count(*) FROM "
        "orders WHERE amount <> round(amount)), (SELECT count(*) FROM users WHERE analytics_consent = 0), "
        "(SELECT count(*) FROM carts WHERE status = 'abandoned'), "
        "(SELECT count(*) FROM users WHERE user_id NOT IN (SELECT user_id FROM visits))",
    )[0]
    assert all(count > 10 for count in counts), counts


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, other, different = generate_platform(7, 300), generate_platform(7, 300), generate_platform(8, 300)
    assert one == other
    assert all(one.tables[name].equals(other.tables[name]) for name in one.tables)
    assert not one.tables["visits"].equals(different.tables["visits"])


@settings(deadline=None, max_examples=15)
@given(learners=st.integers(1, 60), seed=st.integers(0, 2**31))
def test_any_small_size_works(learners: int, seed: int) -> None:
    sizes = Counter(
        loyalty_cluster(*values) for _, *values in query(generate_platform(seed, learners), LOYALTY, month=1)
    )
    assert [sizes[row.cluster] for row in list_clusters("loyalty", 1)] == share_out_learners(
        "loyalty", 1, learners
    ).tolist()


def test_zero_learners_is_an_error() -> None:
    with pytest.raises(ValueError, match="learners is 0"):
        generate_platform(learners=0)


@given(counts=st.lists(st.integers(0, 50_000), min_size=1).filter(any), total=st.integers(0, 10**6))
def test_largest_remainder_sums_up_and_stays_within_one(counts: list[int], total: int) -> None:
    scaled = scale_counts(counts, total)
    assert scaled.sum() == total
    assert all(abs(part - count * total / sum(counts)) < 1 for part, count in zip(scaled, counts, strict=True))


def test_the_pasted_months_stay_as_they_were_published() -> None:
    by_month = Counter({(row.macro_segment, row.month): 0 for row in read_thresholds()})
    for row in read_thresholds():
        by_month[row.macro_segment, row.month] += row.learners
    wrong = {key: total for key, total in by_month.items() if total != 33_280}
    assert wrong == {("engagement", 2): 33_013, ("value", 2): 33_013}
