"""The days on which learners visit, in four months of 30 days from registration.

A visit on day d starts between d and d + 1 times 24 hours after registration and also on the d-th calendar day, so
windows in hours and in calendar days agree.
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
        learner: position of the learner in People.
        day: days since registration, 0 to 119.
        begin: start of the day's first visit, seconds since 1970, UTC.
        nth: 0 for a learner's first visit day, 1 for the next, and so on.
        first: per learner, the position of the first visit day (without visits: of the next learner's).
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
        """Find the position of each learner's first visit day in the month, by learner."""
        inside = np.flatnonzero(self.month == month)
        return inside[np.unique(self.learner[inside], return_index=True)[1]]


def draw_visit_days(seed: int, people: People, plan: MonthOne) -> VisitDays:
    """Draw visit days: month 1 as planned, months 2 to 4 with the published counts and intervals of returns."""
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
        who, when = _draw_later_month(rng, month, last, people.activity)
        learners.append(who)
        days.append(when)
        np.maximum.at(last, who, when)
    return _sort_visit_days(rng, people, np.concatenate(learners), np.concatenate(days))


def pick_days(rng: np.random.Generator, first: Ints, last: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Pick ``count`` distinct days per row in [first, last] (at most 30 days), always including ``last``.

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


def _draw_later_month(rng: np.random.Generator, month: int, last: Ints, activity: Floats) -> tuple[Ints, Ints]:
    """Draw who returns in a later month, and when; ``last`` is the last visit day so far, -1 for none."""
    rows = list_clusters("loyalty", month)
    sizes = share_out_learners("loyalty", month, len(last))
    free = last >= 0
    score = activity + rng.standard_normal(len(last))
    learners, days = [], []
    for row in sorted(rows[1:], key=lambda row: -row.ranges["count_of_returns"][1]):
        counts, earliest, latest = _bound_last_return(row, last)
        able = np.flatnonzero(free & (earliest <= latest).any(axis=1))
        chosen = np.sort(able[np.argsort(-score[able], kind="stable")[: sizes[row.cluster]]])
        free[chosen] = False
        option = _choose_few_returns(rng, (earliest <= latest)[chosen])
        low, high = earliest[chosen, option], latest[chosen, option]
        end = low + (rng.random(len(chosen)) * (high - low + 1)).astype(np.int64)
        start = np.full(len(chosen), MONTH * (month - 1))
        who, when = pick_days(rng, start, end, counts[option])
        learners.append(chosen[who])
        days.append(when)
    return np.concatenate(learners), np.concatenate(days)


def _bound_last_return(row: Threshold, last: Ints) -> tuple[Ints, Ints, Ints]:
    """Compute, for each number of returns, the days between which the last return must lie.

    The mean interval of c returns is (last return - last visit day before the first return) / c.

    Returns:
        Numbers of returns (n,), earliest and latest day (learners, n); impossible if earliest > latest.
    """
    fewest, most = row.ranges["count_of_returns"]
    shortest, longest = row.ranges["days_to_return"]
    counts = np.arange(int(fewest), int(most) + 1)
    start, end = MONTH * (row.month - 1), MONTH * row.month - 1
    before = last[:, None]
    earliest = np.maximum(np.ceil(before + counts * shortest - 1e-9).astype(np.int64), start + counts - 1)
    latest = np.minimum(np.floor(before + counts * longest + 1e-9).astype(np.int64), end)
    return counts, earliest, latest


def _choose_few_returns(rng: np.random.Generator, possible: np.ndarray) -> Ints:
    """Choose one possible column per row; the weight of column j is 1 / (j + 1)."""
    weights = -np.log(np.arange(1, possible.shape[1] + 1))
    keys = np.where(possible, weights + rng.gumbel(size=possible.shape), -np.inf)
    columns: Ints = keys.argmax(axis=1)
    return columns


def _sort_visit_days(rng: np.random.Generator, people: People, learner: Ints, day: Ints) -> VisitDays:
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
