"""On which days learners visit, in four months of 30 days from registration.

A visit on day d begins between d and d + 1 times 24 hours after registration, and on the d-th calendar day too, so
that windows in hours and in calendar days agree.
"""

from dataclasses import dataclass

import numpy as np

from demo.learning.chance import Floats, Ints, make_stream
from demo.learning.people import DAY, People
from demo.learning.plan import MONTH, MonthOne
from demo.learning.thresholds import Threshold, list_clusters, share_out_learners

MONTHS = 4
_LATEST_START = 5400  # seconds after the learner's usual hour


@dataclass(frozen=True)
class VisitDays:
    """Every day with a visit, ordered by learner and day; arrays of one length, except ``first``.

    Attributes:
        learner: whose day, as a position in People.
        day: days since registration, 0 to 119.
        begin: when the first visit of the day begins, seconds since 1970, UTC.
        nth: 0 for a learner's first visit day, 1 for the next, and so on.
        first: per learner, the position of the first visit day (of the next learner's, when there is none).
    """

    learner: Ints
    day: Ints
    begin: Ints
    nth: Ints
    first: Ints

    def __len__(self) -> int:
        return len(self.learner)

    @property
    def month(self) -> Ints:
        """Months since registration, from 1."""
        return self.day // MONTH + 1

    def find_openings(self, month: int) -> Ints:
        """The first visit day of each learner who came in the month, as positions, by learner."""
        inside = np.flatnonzero(self.month == month)
        return inside[np.unique(self.learner[inside], return_index=True)[1]]


def draw_visit_days(seed: int, people: People, plan: MonthOne) -> VisitDays:
    """Month 1 as planned; then the few who return, with the counts and intervals published for months 2 to 4."""
    rng = make_stream(seed, "visit days")
    visitors = np.flatnonzero(plan.visits)
    returning = np.flatnonzero(plan.returns)
    learners, days = [visitors], [np.zeros(len(visitors), dtype=np.int64)]
    rows, picked = pick_days(
        rng, np.ones(len(returning), dtype=np.int64), plan.span[returning], plan.returns[returning]
    )
    learners.append(returning[rows])
    days.append(picked)
    last = np.where(plan.visits, plan.span, -1)
    for month in range(2, MONTHS + 1):
        who, when = _later_month(rng, month, last, people.activity)
        learners.append(who)
        days.append(when)
        np.maximum.at(last, who, when)
    return _in_order(rng, people, np.concatenate(learners), np.concatenate(days))


def pick_days(rng: np.random.Generator, first: Ints, last: Ints, count: Ints) -> tuple[Ints, Ints]:
    """For each row ``count`` different days in [first, last] (at most 30 of them), ``last`` always among them.

    Returns:
        The row number and the day of each picked day.
    """
    offset = np.arange(MONTH)
    length = (last - first)[:, None]
    keys = rng.random((len(first), MONTH))
    keys[offset == length] = -1.0
    keys[offset > length] = np.inf
    place = keys.argsort(axis=1).argsort(axis=1)
    rows, steps = np.nonzero(place < count[:, None])
    return rows, first[rows] + steps


def _later_month(rng: np.random.Generator, month: int, last: Ints, activity: Floats) -> tuple[Ints, Ints]:
    """Who comes back in a month after the first, and when; ``last`` is the last visit day so far, -1 for none."""
    rows = list_clusters("loyalty", month)
    sizes = share_out_learners("loyalty", month, len(last))
    free = last >= 0
    score = activity + rng.standard_normal(len(last))
    learners, days = [], []
    for row in sorted(rows[1:], key=lambda row: -row.ranges["count_of_returns"][1]):
        counts, earliest, latest = _feasible(row, last)
        able = np.flatnonzero(free & (earliest <= latest).any(axis=1))
        chosen = np.sort(able[np.argsort(-score[able], kind="stable")[: sizes[row.cluster]]])
        free[chosen] = False
        option = _few_rather_than_many(rng, (earliest <= latest)[chosen])
        low, high = earliest[chosen, option], latest[chosen, option]
        end = low + (rng.random(len(chosen)) * (high - low + 1)).astype(np.int64)
        start = np.full(len(chosen), MONTH * (month - 1))
        who, when = pick_days(rng, start, end, counts[option])
        learners.append(chosen[who])
        days.append(when)
    return np.concatenate(learners), np.concatenate(days)


def _feasible(row: Threshold, last: Ints) -> tuple[Ints, Ints, Ints]:
    """For each possible number of returns, between which days the last of them must lie for the row's interval.

    The mean interval of c returns is (last return - visit day before the first of them) / c.

    Returns:
        The numbers of returns (n,), and the earliest and latest day (learners, n); earliest > latest: not possible.
    """
    fewest, most = row.ranges["count_of_returns"]
    shortest, longest = row.ranges["days_to_return"]
    counts = np.arange(int(fewest), int(most) + 1)
    start, end = MONTH * (row.month - 1), MONTH * row.month - 1
    before = last[:, None]
    earliest = np.maximum(np.ceil(before + counts * shortest - 1e-9).astype(np.int64), start + counts - 1)
    latest = np.minimum(np.floor(before + counts * longest + 1e-9).astype(np.int64), end)
    return counts, earliest, latest


def _few_rather_than_many(rng: np.random.Generator, possible: np.ndarray) -> Ints:
    """One possible column per row, column j about as likely as 1 / (j + 1)."""
    weights = -np.log(np.arange(1, possible.shape[1] + 1))
    keys = np.where(possible, weights + rng.gumbel(size=possible.shape), -np.inf)
    columns: Ints = keys.argmax(axis=1)
    return columns


def _in_order(rng: np.random.Generator, people: People, learner: Ints, day: Ints) -> VisitDays:
    order = np.lexsort((day, learner))
    learner, day = learner[order], day[order]
    late = np.where(day == 0, 5 + rng.random(len(day)) * 55, rng.random(len(day)) * _LATEST_START)
    first = np.searchsorted(learner, np.arange(len(people)))
    return VisitDays(
        learner=learner,
        day=day,
        begin=people.registered[learner] + day * DAY + late.astype(np.int64),
        nth=np.arange(len(learner)) - first[learner],
        first=first,
    )
