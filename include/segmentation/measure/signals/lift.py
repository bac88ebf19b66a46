"""How many times as often a label comes true where a rule holds, and whether that may be chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Lift:
    """A ratio of two shares.

    Attributes:
        ratio: the share labelled where the rule holds, over the share labelled among the others; None where nobody of
            the others is.
        low, high: its 95% interval; None where there is none.
        p: of the two shares being the same.
    """

    ratio: float | None
    low: float | None
    high: float | None
    p: float


def lift_of(taken: int, taken_labelled: int, others: int, others_labelled: int) -> Lift:
    """Compare those whom a rule takes with the others.

    The interval is that of the logarithm of a ratio of two binomial proportions (Katz, Baptista, Azen and Pike,
    "Obtaining confidence intervals for the risk ratio in cohort studies", Biometrics 34, 1978); p is Fisher's exact,
    two-sided. Both are for a rule that was not chosen on the customers who are counted here.

    Args:
        taken: customers whom the rule takes, at least 1.
        taken_labelled: those of them with the label.
        others: all others, at least 1.
        others_labelled: those of them with the label.
    """
    from scipy.stats import fisher_exact
    from scipy.stats.contingency import relative_risk

    found = relative_risk(taken_labelled, taken, others_labelled, others)
    interval = found.confidence_interval(CONFIDENCE)
    table = [[taken_labelled, taken - taken_labelled], [others_labelled, others - others_labelled]]
    p = float(fisher_exact(table).pvalue)
    return Lift(_known(found.relative_risk), _known(interval.low), _known(interval.high), min(p, 1.0))


def false_discovery(ps: Sequence[float]) -> list[float]:
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


def _known(value: float) -> float | None:
    return float(value) if isfinite(value) else None
