"""Carts, orders and views of the pricing page."""

from dataclasses import dataclass

import numpy as np

from demo.learning.chance import Ints, draw_skewed, make_stream
from demo.learning.days import MONTHS, VisitDays
from demo.learning.people import DAY
from demo.learning.plan import MONTH, MonthOne

PER_EVENT = 90  # seconds that a cart or an order takes at the end of a visit
# In the months 3 and 4 that were not pasted, of those who returned: only abandoned, only bought, did both.
_LATER = (0.026, 0.025, 0.003)
_REFUNDED = 0.06
_ORDERED_WITHOUT_CART = 0.2
_JUST_LOOKING = 0.035  # visit days with a look at the prices that leads nowhere
_PRICES = np.array([995, 1250, 1999, 2490, 2900, 3995, 5400, 7999, 9900])  # EUR cents
_DISCOUNTS = np.array([100, 100, 100, 85, 75])  # per cent of the price that is paid


@dataclass(frozen=True)
class Intents:
    """Carts and orders, ordered by visit day and time. In a month a learner's orders come before abandoned carts.

    Attributes:
        visit: on which visit day, a position in VisitDays.
        place: 0 for the first of that visit day.
        ordered: True for an order, False for an abandoned cart.
        cart: whether a cart was used (always when it was abandoned).
        cents: amount of an order in EUR cents.
        refund_after: seconds from the order to its refund, 0 for none; in month 1 never before day 30.
    """

    visit: Ints
    place: Ints
    ordered: np.ndarray
    cart: np.ndarray
    cents: Ints
    refund_after: Ints


def plan_purchases(seed: int, plan: MonthOne, days: VisitDays) -> Intents:
    """Carts and orders as planned in month 1, and at the published rates in later months."""
    rng = make_stream(seed, "shop")
    parts = [_on_visits(rng, days, np.arange(len(plan.visits)), 1, plan.purchases, plan.abandonments)]
    for month in range(2, MONTHS + 1):
        came = days.learner[days.find_openings(month)]
        kind = rng.choice(4, size=len(came), p=[*_LATER, 1 - sum(_LATER)])
        purchases = np.where(np.isin(kind, (1, 2)), draw_skewed(rng, 1, 2, len(came), median=1.1, sigma=0.5), 0)
        abandonments = np.where(np.isin(kind, (0, 2)), draw_skewed(rng, 1, 2, len(came), median=1.1, sigma=0.5), 0)
        parts.append(_on_visits(rng, days, came, month, purchases, abandonments))
    visit = np.concatenate([part[0] for part in parts])
    ordered = np.concatenate([part[1] for part in parts])
    order = np.lexsort((~ordered, visit))
    visit, ordered = visit[order], ordered[order]
    size = len(visit)
    refunded = ordered & (rng.random(size) < _REFUNDED)
    soonest = np.maximum(1, MONTH - days.day[visit])  # what was bought in month 1 still counts at its end
    return Intents(
        visit=visit,
        place=np.arange(size) - np.searchsorted(visit, visit),
        ordered=ordered,
        cart=~ordered | (rng.random(size) >= _ORDERED_WITHOUT_CART),
        cents=rng.choice(_PRICES, size) * rng.choice(_DISCOUNTS, size) // 100,
        refund_after=np.where(refunded, ((soonest + rng.random(size) * 6) * DAY).astype(np.int64), 0),
    )


def draw_pricing_views(seed: int, days: VisitDays, intents: Intents) -> Ints:
    """Visit days of each view of the pricing page: one to five before carts and orders, one or two by the curious."""
    rng = make_stream(seed, "pricing views")
    views = np.where(rng.random(len(days)) < _JUST_LOOKING, draw_skewed(rng, 1, 4, len(days), median=1.3, sigma=0.6), 0)
    buying = np.unique(intents.visit)
    views[buying] += draw_skewed(rng, 1, 5, len(buying), median=1.8)
    return np.repeat(np.arange(len(days)), views)


def _on_visits(
    rng: np.random.Generator, days: VisitDays, learner: Ints, month: int, purchases: Ints, abandonments: Ints
) -> tuple[Ints, np.ndarray]:
    """Spread purchases, then abandoned carts over the month's visit days but its last, when a cart is not yet old."""
    usable = np.flatnonzero((days.month == month) & (days.day < MONTH * month - 1))
    first = np.searchsorted(days.learner[usable], learner)
    visits = np.searchsorted(days.learner[usable], learner, side="right") - first
    events = np.where(visits > 0, purchases + abandonments, 0)
    row = np.repeat(np.arange(len(learner)), events)
    on = np.sort(row + rng.random(len(row))) - row  # rising within a row
    place = np.arange(len(row)) - np.repeat(np.cumsum(events) - events, events)
    visit = usable[first[row] + np.minimum((on * visits[row]).astype(np.int64), visits[row] - 1)]
    return visit, place < purchases[row]
