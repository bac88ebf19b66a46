"""How many times the base rate a rule finds, and whether that may be chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, sqrt

Z = 1.959963984540054
"""Of a 95% interval."""
_FARTHEST = 40.0
"""Logarithm of a ratio that no counts can tell from 0 or infinity."""


@dataclass(frozen=True)
class RuleLift:
    """The share labelled of those whom a rule takes, over the base rate, the share labelled of all.

    Attributes:
        ratio: 1 where the rule tells nothing.
        low, high: its 95% interval.
        p: how likely shares as far apart, of those taken and of the others, are by chance.
    """

    ratio: float
    low: float
    high: float
    p: float


def compute_lift(taken: int, taken_labelled: int, customers: int, labelled: int) -> RuleLift:
    """Compare those whom a rule takes with everyone.

    How many the rule takes is given, so the lift follows from the ratio of the shares labelled of those taken and of
    the others, and rises with it; its interval is the ratio's, carried over. p is Fisher's exact, two-sided. Both are
    for a rule that was not chosen on the customers who are counted here.

    Args:
        taken: customers whom the rule takes, at least 1 and not all.
        taken_labelled: those of them with the label.
        customers: all of them.
        labelled: those of them with the label, at least 1 and not all.
    """
    from scipy.stats import fisher_exact

    others, others_labelled = customers - taken, labelled - taken_labelled

    def lift(ratio: float) -> float:
        return 1 / (taken / customers + others / customers / ratio) if ratio else 0.0

    low, high = compute_ratio_interval(taken_labelled, taken, others_labelled, others)
    found = taken_labelled / taken * customers / labelled
    table = [[taken_labelled, taken - taken_labelled], [others_labelled, others - others_labelled]]
    return RuleLift(found, lift(low), lift(high), min(float(fisher_exact(table).pvalue), 1.0))


def compute_ratio_interval(first_hits: int, first: int, second_hits: int, second: int) -> tuple[float, float]:
    """The 95% interval of a ratio of two shares, also where one of them is 0 or 1.

    All ratios that a score test does not refuse: Koopman, "Confidence intervals for the ratio of two binomial
    proportions", Biometrics 40, 1984.

    Args:
        first_hits: hits of the share above the line.
        first: of how many.
        second_hits: hits of the share below it; one of the two has to have some.
        second: of how many.

    Returns:
        Lower and upper end; 0 where the first has no hits, infinite where the second has none.
    """
    from scipy.optimize import brentq

    def score(logarithm: float) -> float:
        """How many standard errors the shares are from having this ratio."""
        ratio = exp(logarithm)
        # The likeliest second share under this ratio: a root of total·ratio·x² - b·x + hits.
        b = first_hits + second + ratio * (first + second_hits)
        hits, total = first_hits + second_hits, first + second
        below = 2 * hits / (b + sqrt(max(b * b - 4 * ratio * total * hits, 0.0)))
        above = min(ratio * below, 1.0)
        variance = above * (1 - above) / first + ratio * ratio * below * (1 - below) / second
        return (first_hits / first - ratio * second_hits / second) / sqrt(variance)

    low = brentq(lambda at: score(at) - Z, -_FARTHEST, _FARTHEST) if first_hits else -inf
    high = brentq(lambda at: score(at) + Z, -_FARTHEST, _FARTHEST) if second_hits else inf
    return exp(low), exp(high)


def compute_false_discovery_rates(ps: Sequence[float]) -> list[float]:
    """The share of false ones that has to be expected among all that are at least as unlikely to be chance.

    Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society B 57, 1995:
    where many questions are asked at once, some look like signals by chance. Taking those with a value up to 0.05 for
    signals keeps the expected share of false ones among them below 5%.

    Args:
        ps: of every question that was asked.

    Returns:
        The adjusted values, in the same order.
    """
    from scipy.stats import false_discovery_control

    return [float(value) for value in false_discovery_control(ps, method="bh")] if ps else []
