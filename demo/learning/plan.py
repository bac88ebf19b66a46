"""Plan month 1 of every learner so that each macro segment has exactly the published clusters.

The published ranges overlap. The functions below therefore place each learner inside the range of one cluster and
outside the others. ``tests/demo`` recomputes the clusters with SQL.
"""

from dataclasses import dataclass

import numpy as np

from demo.learning.chance import Floats, Ints, assign_by_rank, deal_groups, draw_correlated, draw_skewed, make_stream
from demo.learning.people import People
from demo.learning.thresholds import share_out_learners

MONTH = 30
LAST_DAY = MONTH - 1  # of month 1, counted from the day of registration
_NEVER_VISITED = 0.6  # share of the learners without an enrolment


@dataclass(frozen=True)
class MonthOne:
    """The counts of month 1, one value per learner; ``*_cluster`` is the published cluster number.

    Attributes:
        visits: False for learners who never visit after registration.
        returns: visit days after the first.
        span: days from the first to the last visit day.
        categories: different categories among the enrolments.
        completions: upper limit; a learner never completes more courses than they enrolled in.
    """

    visits: np.ndarray
    loyalty_cluster: Ints
    returns: Ints
    span: Ints
    interest_cluster: Ints
    certificates: Ints
    diplomas: Ints
    categories: Ints
    engagement_cluster: Ints
    completions: Ints
    value_cluster: Ints
    abandonments: Ints
    purchases: Ints


def plan_month_one(seed: int, people: People) -> MonthOne:
    """Assign all learners to the published clusters of the four macro segments and draw their counts."""
    activity, learners = people.activity, len(people)
    interest_sizes = share_out_learners("interest", 1, learners)
    loyalty_sizes = share_out_learners("loyalty", 1, learners)
    never = min(int(_NEVER_VISITED * interest_sizes[0]), int(loyalty_sizes[0]))
    visits = np.ones(learners, dtype=bool)
    visits[np.argsort(activity, kind="stable")[:never]] = False

    interest = _assign_clusters(
        make_stream(seed, "interest"), activity, 0.6, visits, [0, 1, 2, 3, 4, 5], interest_sizes
    )
    enrolled = interest > 0
    engagement_sizes = share_out_learners("engagement", 1, learners)
    engagement = _assign_clusters(
        make_stream(seed, "engagement"), activity, 0.6, enrolled, [0, 1, 2, 4, 3], engagement_sizes
    )
    loyalty = _assign_clusters(make_stream(seed, "loyalty"), activity, 0.5, visits, [0, 2, 1, 5, 3, 4], loyalty_sizes)
    value = _assign_clusters(
        make_stream(seed, "value"), activity, 0.5, visits, [0, 1, 3, 2, 4], share_out_learners("value", 1, learners)
    )

    returns, span = _draw_returns(make_stream(seed, "returns"), loyalty, activity)
    certificates, diplomas, categories = _draw_enrolments(make_stream(seed, "enrolments"), interest, activity)
    abandonments, purchases = _draw_carts(make_stream(seed, "carts"), value)
    return MonthOne(
        visits=visits,
        loyalty_cluster=loyalty,
        returns=returns,
        span=span,
        interest_cluster=interest,
        certificates=certificates,
        diplomas=diplomas,
        categories=categories,
        engagement_cluster=engagement,
        completions=_draw_completions(make_stream(seed, "completions"), engagement, activity),
        value_cluster=value,
        abandonments=abandonments,
        purchases=purchases,
    )


def _assign_clusters(
    rng: np.random.Generator, activity: Floats, strength: float, able: np.ndarray, order: list[int], sizes: Ints
) -> Ints:
    """Assign clusters by ascending score; learners who are not ``able`` come first, so they get cluster 0."""
    score = np.where(able, draw_correlated(rng, activity, strength), -np.inf)
    return np.asarray(order)[deal_groups(score, sizes[order])]


def _draw_returns(rng: np.random.Generator, cluster: Ints, activity: Floats) -> tuple[Ints, Ints]:
    """Draw returns and the days from first to last visit; days / returns is the mean return interval.

    Interval: cluster 1 at most 2 days, 3 over 2 (over 5 at five returns), 4 at most 5, 5 from 8 and 2 from 18 days.
    """
    learners = len(cluster)
    low = np.array([0, 1, 1, 1, 5, 1])[cluster]
    high = np.array([0, 4, 1, 5, LAST_DAY, 3])[cluster]
    returns = draw_skewed(rng, low, high, learners, median=1.6)
    for group in range(1, 6):
        inside = cluster == group
        returns[inside] = assign_by_rank(returns[inside], draw_correlated(rng, activity[inside], 0.8))
    shortest = np.select(
        [cluster == 1, cluster == 2, (cluster == 3) & (returns == 5), cluster == 3, cluster == 4, cluster == 5],
        [returns, 18, 26, 2 * returns + 1, returns, 8 * returns],
    )
    longest = np.select(
        [cluster == 1, cluster == 2, cluster == 3, cluster == 4, cluster == 5],
        [2 * returns, LAST_DAY, (7.7 * returns).astype(np.int64), 5 * returns, 17 * returns],
    )
    longest = np.minimum(longest, LAST_DAY)
    return returns, shortest + (rng.random(learners) * (longest - shortest + 1)).astype(np.int64)


def _draw_enrolments(rng: np.random.Generator, cluster: Ints, activity: Floats) -> tuple[Ints, Ints, Ints]:
    """Draw the numbers of certificate enrolments, diploma enrolments and categories.

    Cluster 1: no diploma, or one with four categories. 2: one to three diplomas, at most three categories. 3: five to
    eleven categories. 4: twelve or more categories, or six or more diplomas. 5: seventeen or more diplomas.
    """
    counts = np.zeros((3, len(cluster)), dtype=np.int64)
    draws = {1: _draw_narrow, 2: _draw_diploma_minded, 3: _draw_broad, 4: _draw_more_broad, 5: _draw_most_broad}
    for group, draw in draws.items():
        inside = np.flatnonzero(cluster == group)
        counts[:, inside[np.argsort(activity[inside], kind="stable")]] = _sort_by_volume(draw(rng, len(inside)))
    return counts[0], counts[1], counts[2]


def _sort_by_volume(counts: np.ndarray) -> np.ndarray:
    return counts[:, np.argsort(counts[:2].sum(axis=0), kind="stable")]


def _draw_narrow(rng: np.random.Generator, size: int) -> np.ndarray:
    certificates = draw_skewed(rng, 1, 26, size, median=1.5)
    categories = draw_skewed(rng, 1, np.minimum(4, certificates), size, median=1.6)
    return np.stack([certificates, (categories == 4) & (rng.random(size) < 0.3), categories])


def _draw_diploma_minded(rng: np.random.Generator, size: int) -> np.ndarray:
    diplomas = draw_skewed(rng, 1, 3, size, median=1.3)
    certificates = draw_skewed(rng, 0, 16, size, median=1.8)
    return np.stack(
        [certificates, diplomas, draw_skewed(rng, 1, np.minimum(3, certificates + diplomas), size, median=1.6)]
    )


def _draw_broad(rng: np.random.Generator, size: int) -> np.ndarray:
    categories = draw_skewed(rng, 5, 11, size, median=1.7)
    diplomas = draw_skewed(rng, 0, 5, size, median=1.8)
    return np.stack([draw_skewed(rng, categories - diplomas, 21, size, median=2.5), diplomas, categories])


def _draw_more_broad(rng: np.random.Generator, size: int) -> np.ndarray:
    categories = draw_skewed(rng, 6, 32, size, median=7.0, sigma=0.6)
    least = np.where(categories < 12, 6, 0)
    diplomas = draw_skewed(rng, least, np.minimum(16, np.where(categories < 12, categories, 16)), size, median=2.5)
    return np.stack(
        [draw_skewed(rng, np.maximum(0, categories - diplomas), 66, size, median=5.0), diplomas, categories]
    )


def _draw_most_broad(rng: np.random.Generator, size: int) -> np.ndarray:
    categories = draw_skewed(rng, 21, 73, size, median=20.0)
    diplomas = draw_skewed(rng, 17, np.minimum(41, categories), size, median=8.0)
    counts = np.stack(
        [draw_skewed(rng, np.maximum(22, categories - diplomas), 248, size, median=50.0), diplomas, categories]
    )
    counts[:, :1] = np.array([[248], [41], [73]])  # the published maximum
    return counts


def _draw_completions(rng: np.random.Generator, cluster: Ints, activity: Floats) -> Ints:
    """Draw the number of completed courses: 0 in clusters 0 and 1. The caller limits it to the enrolments."""
    completions = np.zeros(len(cluster), dtype=np.int64)
    for group, most in {2: 17, 3: 61, 4: 62}.items():
        inside = cluster == group
        counts = draw_skewed(rng, 1, most, int(inside.sum()), median=1.7)
        completions[inside] = assign_by_rank(counts, draw_correlated(rng, activity[inside], 0.9))
    return completions


def _draw_carts(rng: np.random.Generator, cluster: Ints) -> tuple[Ints, Ints]:
    """Draw the numbers of abandoned carts and purchases."""
    learners = len(cluster)
    abandonments = np.where(np.isin(cluster, (1, 2)), draw_skewed(rng, 1, 4, learners, median=1.3, sigma=0.7), 0)
    purchases = np.select(
        [cluster == 2, cluster == 3, cluster == 4],
        [
            draw_skewed(rng, 1, 3, learners, median=1.3, sigma=0.7),
            1,
            draw_skewed(rng, 2, 4, learners, median=1.3, sigma=0.7),
        ],
    )
    return abandonments, purchases
