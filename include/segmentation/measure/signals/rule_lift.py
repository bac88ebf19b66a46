"""The lift of a rule over the base rate, and whether it may be due to chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, sqrt

Z = 1.959963984540054
"""The standard errors of a 95% interval."""
_FARTHEST = 40.0
"""The logarithm of a ratio that no counts can distinguish from 0 or infinity."""


@dataclass(frozen=True)
class RuleLift:
    """The share of selected customers with a label, divided by the base rate: the share of all with the label.

    Attributes:
        ratio: 1 if the rule tells nothing.
        low, high: its 95% interval.
        p: the probability that the shares of the selected and the other customers differ as much by chance.
    """

    ratio: float
    low: float
    high: float
    p: float


def compute_lift(selected: int, selected_labelled: int, customers: int, labelled: int) -> RuleLift:
    """Compare the customers that a rule selects with all customers.

    The number of selected customers is fixed, so the lift follows from the ratio of two shares, those of the selected
    and of the other customers, and increases with it. The interval of the lift is that of the ratio, transformed. p is
    Fisher's exact test, two-sided. Both assume that the rule was not chosen on these customers.

    Args:
        selected: how many customers the rule selects, at least 1 and not all.
        selected_labelled: how many of them have the label.
        customers: how many customers there are.
        labelled: how many of them have the label, at least 1 and not all.
    """
    from scipy.stats import fisher_exact

    others, others_labelled = customers - selected, labelled - selected_labelled

    def compute_from_ratio(ratio: float) -> float:
        return 1 / (selected / customers + others / customers / ratio) if ratio else 0.0

    low, high = compute_ratio_interval(selected_labelled, selected, others_labelled, others)
    ratio = selected_labelled / selected * customers / labelled
    table = [[selected_labelled, selected - selected_labelled], [others_labelled, others - others_labelled]]
    return RuleLift(
        ratio, compute_from_ratio(low), compute_from_ratio(high), min(float(fisher_exact(table).pvalue), 1.0)
    )


def compute_ratio_interval(first_hits: int, first: int, second_hits: int, second: int) -> tuple[float, float]:
    """Compute the 95% interval of a ratio of two shares, even if one of them is 0 or 1.

    It holds all ratios that a score test does not reject: Koopman, "Confidence intervals for the ratio of two binomial
    proportions", Biometrics 40, 1984.

    Args:
        first_hits: hits in the numerator.
        first: customers in the numerator.
        second_hits: hits in the denominator; there must be hits in one of the two.
        second: customers in the denominator.

    Returns:
        The lower and upper end: 0 if the numerator has no hits, infinite if the denominator has none.
    """
    from scipy.optimize import brentq

    def compute_score(logarithm: float) -> float:
        """Return how many standard errors the shares are away from this ratio."""
        ratio = exp(logarithm)
        # The most likely second share under this ratio: a root of total·ratio·x² - b·x + hits.
        b = first_hits + second + ratio * (first + second_hits)
        hits, total = first_hits + second_hits, first + second
        below = 2 * hits / (b + sqrt(max(b * b - 4 * ratio * total * hits, 0.0)))
        above = min(ratio * below, 1.0)
        variance = above * (1 - above) / first + ratio * ratio * below * (1 - below) / second
        return (first_hits / first - ratio * second_hits / second) / sqrt(variance)

    low = brentq(lambda at: compute_score(at) - Z, -_FARTHEST, _FARTHEST) if first_hits else -inf
    high = brentq(lambda at: compute_score(at) + Z, -_FARTHEST, _FARTHEST) if second_hits else inf
    return exp(low), exp(high)


def compute_false_discovery_rates(ps: Sequence[float]) -> list[float]:
    """Compute the expected share of false findings among all findings with a p at least as low.

    Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society B 57, 1995:
    among many tests, some look like signals by chance. If those with a value up to 0.05 are accepted as signals,
    at most 5% of them are expected to be false.

    Args:
        ps: one per test.

    Returns:
        The adjusted values, in the same order.
    """
    from scipy.stats import false_discovery_control

    return [float(value) for value in false_discovery_control(ps, method="bh")] if ps else []
