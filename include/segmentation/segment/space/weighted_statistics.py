"""Arrays, and statistics of customers who stand behind distinct values."""

from collections.abc import Sequence

import numpy as np

from include.segmentation.common.arrays import Floats, Integers


def find_quantile(values: Floats, counts: Integers, share: float) -> float:
    """The smallest value that at least ``share`` of the customers do not exceed."""
    return find_quantiles(values, counts, [share])[0]


def find_quantiles(values: Floats, counts: Integers, shares: Sequence[float]) -> list[float]:
    """``quantile`` of each of the shares."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(counts[order])
    return [float(value) for value in values[order][np.searchsorted(reached, np.array(shares) * reached[-1])]]


def take_every_nth(counts: Integers, people: int) -> tuple[Integers, Integers]:
    """Take every n-th customer in the order of the vectors: a sample without a die.

    Args:
        counts: int64[vectors], the customers behind each.
        people: how many to take at most.

    Returns:
        The vectors taken, rising, and the customers taken of each.
    """
    ends = np.cumsum(counts)
    people = min(int(ends[-1]), people)
    places = (2 * np.arange(people, dtype=np.int64) + 1) * int(ends[-1]) // (2 * people)
    vectors, taken = np.unique(np.searchsorted(ends, places, "right"), return_counts=True)
    return vectors, taken


def compute_means(points: Floats, counts: Integers, labels: Integers, k: int) -> Floats:
    """float64[k, columns], the mean of the customers of each label; 0 where nobody has it."""
    sizes = np.bincount(labels, weights=counts, minlength=k)
    sums = [np.bincount(labels, weights=column * counts, minlength=k) for column in points.T]
    return np.column_stack(sums) / np.maximum(sizes, 1)[:, None]
