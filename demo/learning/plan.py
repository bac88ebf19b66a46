"""What every learner does in month 1, so that each macro segment has exactly the clusters that were published.

The published ranges overlap. Each learner is therefore kept inside one cluster's range and outside the ranges of the
others, by the rules in the functions below; ``tests/demo`` finds the same clusters again by SQL.
"""

from dataclasses import dataclass

import numpy as np

from demo.learning.chance import Floats, Ints, assign_by_rank, deal_groups, draw_correlated, draw_skewed, make_stream
from demo.learning.people import People
from demo.learning.thresholds import share_out_learners

MONTH = 30
LAST_DAY = MONTH - 1  # of month 1, counted from the day of registration
_NEVER_VISITED = 0.6  # of those without any enrolment


@dataclass(frozen=True)
class MonthOne:
    """The counts of month 1, one value per learner; ``*_cluster`` is the published cluster number.

    Attributes:
        visits: False for learners who never come after registering.
        returns: visit days after the first.
        span: days from the first to the last visit day.
        categories: different categories among the enrolments.
        completions: wished for; no learner completes more than they enrolled in.
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
    """Deal all learners into the published clusters of the four macro segments and draw their counts."""
    activity, learners = people.activity, len(people)
    interest_sizes = share_out_learners("interest", 1, learners)
    loyalty_sizes = share_out_learners("loyalty", 1, learners)
    never = min(int(_NEVER_VISITED * interest_sizes[0]), int(loyalty_sizes[0]))
    visits = np.ones(learners, dtype=bool)
    visits[np.argsort(activity, kind="stable")[:never]] = False

    interest = _deal(make_stream(seed, "interest"), activity, 0.6, visits, [0, 1, 2, 3, 4, 5], interest_sizes)
    enrolled = interest > 0
    engagement_sizes = share_out_learners("engagement", 1, learners)
    engagement = _deal(make_stream(seed, "engagement"), activity, 0.6, enrolled, [0, 1, 2, 4, 3], engagement_sizes)
    loyalty = _deal(make_stream(seed, "loyalty"), activity, 0.5, visits, [0, 2, 1, 5, 3, 4], loyalty_sizes)
    value = _deal(
        make_stream(seed, "value"), activity, 0.5, visits, [0, 1, 3, 2, 4], share_out_learners("value", 1, learners)
    )

    returns, span = _returns(make_stream(seed, "returns"), loyalty, activity)
    certificates, diplomas, categories = _enrolments(make_stream(seed, "enrolments"), interest, activity)
    abandonments, purchases = _carts(make_stream(seed, "carts"), value)
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
        completions=_completions(make_stream(seed, "completions"), engagement, activity),
        value_cluster=value,
        abandonments=abandonments,
        purchases=purchases,
    )


def _deal(
    rng: np.random.Generator, activity: Floats, strength: float, able: np.ndarray, order: list[int], sizes: Ints
) -> Ints:
    """Cluster numbers by rising score; who is not ``able`` comes first and so lands in the cluster of nothing."""
    score = np.where(able, draw_correlated(rng, activity, strength), -np.inf)
    return np.asarray(order)[deal_groups(score, sizes[order])]


def _returns(rng: np.random.Generator, cluster: Ints, activity: Floats) -> tuple[Ints, Ints]:
    """Returns, and days from the first to the last visit; their quotient is the mean return interval.

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


def _enrolments(rng: np.random.Generator, cluster: Ints, activity: Floats) -> tuple[Ints, Ints, Ints]:
    """Certificate and diploma enrolments, and in how many categories.

    Cluster 1 has no diploma, or one at four categories; 2 one to three diplomas in up to three categories; 3 five to
    eleven categories; 4 twelve or more categories, or six or more diplomas; 5 seventeen or more diplomas.
    """
    counts = np.zeros((3, len(cluster)), dtype=np.int64)
    draws = {1: _narrow, 2: _diploma_minded, 3: _broad, 4: _broader, 5: _broadest}
    for group, draw in draws.items():
        inside = np.flatnonzero(cluster == group)
        counts[:, inside[np.argsort(activity[inside], kind="stable")]] = _by_volume(draw(rng, len(inside)))
    return counts[0], counts[1], counts[2]


def _by_volume(drawn: np.ndarray) -> np.ndarray:
    return drawn[:, np.argsort(drawn[:2].sum(axis=0), kind="stable")]


def _narrow(rng: np.random.Generator, size: int) -> np.ndarray:
    certificates = draw_skewed(rng, 1, 26, size, median=1.5)
    categories = draw_skewed(rng, 1, np.minimum(4, certificates), size, median=1.6)
    return np.stack([certificates, (categories == 4) & (rng.random(size) < 0.3), categories])


def _diploma_minded(rng: np.random.Generator, size: int) -> np.ndarray:
    diplomas = draw_skewed(rng, 1, 3, size, median=1.3)
    certificates = draw_skewed(rng, 0, 16, size, median=1.8)
    return np.stack(
        [certificates, diplomas, draw_skewed(rng, 1, np.minimum(3, certificates + diplomas), size, median=1.6)]
    )


def _broad(rng: np.random.Generator, size: int) -> np.ndarray:
    categories = draw_skewed(rng, 5, 11, size, median=1.7)
    diplomas = draw_skewed(rng, 0, 5, size, median=1.8)
    return np.stack([draw_skewed(rng, categories - diplomas, 21, size, median=2.5), diplomas, categories])


def _broader(rng: np.random.Generator, size: int) -> np.ndarray:
    categories = draw_skewed(rng, 6, 32, size, median=7.0, sigma=0.6)
    least = np.where(categories < 12, 6, 0)
    diplomas = draw_skewed(rng, least, np.minimum(16, np.where(categories < 12, categories, 16)), size, median=2.5)
    return np.stack(
        [draw_skewed(rng, np.maximum(0, categories - diplomas), 66, size, median=5.0), diplomas, categories]
    )


def _broadest(rng: np.random.Generator, size: int) -> np.ndarray:
    categories = draw_skewed(rng, 21, 73, size, median=20.0)
    diplomas = draw_skewed(rng, 17, np.minimum(41, categories), size, median=8.0)
    drawn = np.stack(
        [draw_skewed(rng, np.maximum(22, categories - diplomas), 248, size, median=50.0), diplomas, categories]
    )
    drawn[:, :1] = np.array([[248], [41], [73]])  # the most curious learner of all
    return drawn


def _completions(rng: np.random.Generator, cluster: Ints, activity: Floats) -> Ints:
    """Courses completed: none in clusters 0 and 1; the caller caps them at the enrolments."""
    completions = np.zeros(len(cluster), dtype=np.int64)
    for group, most in {2: 17, 3: 61, 4: 62}.items():
        inside = cluster == group
        drawn = draw_skewed(rng, 1, most, int(inside.sum()), median=1.7)
        completions[inside] = assign_by_rank(drawn, draw_correlated(rng, activity[inside], 0.9))
    return completions


def _carts(rng: np.random.Generator, cluster: Ints) -> tuple[Ints, Ints]:
    """Abandoned carts and purchases."""
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
