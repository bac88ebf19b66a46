"""Carts, orders and views of the pricing page."""

from dataclasses import dataclass

import numpy as np

from demo.learning.chance import Ints, draw_skewed, make_stream
from demo.learning.days import MONTHS, VisitDays
from demo.learning.people import DAY
from demo.learning.plan import MONTH, MonthOne

PER_EVENT = 90  # seconds per cart or order at the end of a visit
# Shares of returning learners in months 3 and 4 (not pasted): only abandoned, only bought, did both.
_LATER = (0.026, 0.025, 0.003)
_REFUNDED = 0.06
_ORDERED_WITHOUT_CART = 0.2
_JUST_LOOKING = 0.035  # share of visit days with pricing views but no cart or order
_PRICES = np.array([995, 1250, 1999, 2490, 2900, 3995, 5400, 7999, 9900])  # EUR cents
_DISCOUNTS = np.array([100, 100, 100, 85, 75])  # per cent of the full price


@dataclass(frozen=True)
class Intents:
    """Carts and orders, ordered by visit day and time. Within a month, a learner's orders precede abandoned carts.

    Attributes:
        visit: position of the visit day in VisitDays.
        place: 0 for the first cart or order of the visit day.
        ordered: True for an order, False for an abandoned cart.
        cart: whether there was a cart (always for an abandoned one).
        cents: amount of an order in EUR cents.
        refund_after: seconds from the order to its refund, 0 for none; never before day 30 for orders in month 1.
    """

    visit: Ints
    place: Ints
    ordered: np.ndarray
    cart: np.ndarray
    cents: Ints
    refund_after: Ints


def plan_purchases(seed: int, plan: MonthOne, days: VisitDays) -> Intents:
    """Draw carts and orders: as planned in month 1, at the published rates in later months."""
    rng = make_stream(seed, "shop")
    parts = [_spread_over_visits(rng, days, np.arange(len(plan.visits)), 1, plan.purchases, plan.abandonments)]
    for month in range(2, MONTHS + 1):
        came = days.learner[days.find_openings(month)]
        kind = rng.choice(4, size=len(came), p=[*_LATER, 1 - sum(_LATER)])
        purchases = np.where(np.isin(kind, (1, 2)), draw_skewed(rng, 1, 2, len(came), median=1.1, sigma=0.5), 0)
        abandonments = np.where(np.isin(kind, (0, 2)), draw_skewed(rng, 1, 2, len(came), median=1.1, sigma=0.5), 0)
        parts.append(_spread_over_visits(rng, days, came, month, purchases, abandonments))
    visit = np.concatenate([part[0] for part in parts])
    ordered = np.concatenate([part[1] for part in parts])
    order = np.lexsort((~ordered, visit))
    visit, ordered = visit[order], ordered[order]
    size = len(visit)
    refunded = ordered & (rng.random(size) < _REFUNDED)
    soonest = np.maximum(1, MONTH - days.day[visit])  # orders of month 1 still count at its end
    return Intents(
        visit=visit,
        place=np.arange(size) - np.searchsorted(visit, visit),
        ordered=ordered,
        cart=~ordered | (rng.random(size) >= _ORDERED_WITHOUT_CART),
        cents=rng.choice(_PRICES, size) * rng.choice(_DISCOUNTS, size) // 100,
        refund_after=np.where(refunded, ((soonest + rng.random(size) * 6) * DAY).astype(np.int64), 0),
    )


def draw_pricing_views(seed: int, days: VisitDays, intents: Intents) -> Ints:
    """Draw the visit day of each pricing view: 1 to 5 before carts and orders, a few on other visit days."""
    rng = make_stream(seed, "pricing views")
    views = np.where(rng.random(len(days)) < _JUST_LOOKING, draw_skewed(rng, 1, 4, len(days), median=1.3, sigma=0.6), 0)
    buying = np.unique(intents.visit)
    views[buying] += draw_skewed(rng, 1, 5, len(buying), median=1.8)
    return np.repeat(np.arange(len(days)), views)


def _spread_over_visits(
    rng: np.random.Generator, days: VisitDays, learner: Ints, month: int, purchases: Ints, abandonments: Ints
) -> tuple[Ints, np.ndarray]:
    """Spread purchases, then abandoned carts, over the month; omit its last day, when a cart is not yet old."""
    usable = np.flatnonzero((days.month == month) & (days.day < MONTH * month - 1))
    first = np.searchsorted(days.learner[usable], learner)
    visits = np.searchsorted(days.learner[usable], learner, side="right") - first
    events = np.where(visits > 0, purchases + abandonments, 0)
    row = np.repeat(np.arange(len(learner)), events)
    on = np.sort(row + rng.random(len(row))) - row  # ascending within a row
    place = np.arange(len(row)) - np.repeat(np.cumsum(events) - events, events)
    visit = usable[first[row] + np.minimum((on * visits[row]).astype(np.int64), visits[row] - 1)]
    return visit, place < purchases[row]
