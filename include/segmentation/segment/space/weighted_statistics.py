"""Statistics of customers who are collapsed to distinct values with counts."""

from collections.abc import Sequence

import numpy as np

from include.segmentation.common.arrays import Floats, Integers


def find_quantiles(values: Floats, counts: Integers, shares: Sequence[float]) -> list[float]:
    """Find, for each share, the smallest value that at least this share of the customers do not exceed.

    The result is always one of the values. For the shares in use (multiples of 0.05) and up to 3 million customers it
    equals the definition in exact arithmetic.

    Args:
        values: float64[values], in any order.
        counts: int64[values], the customers behind each.
        shares: each from 0 to 1.
    """
    return list(np.quantile(values, list(shares), weights=counts, method="inverted_cdf").tolist())


def take_every_nth(counts: Integers, customers: int) -> tuple[Integers, Integers]:
    """Take every n-th customer in the order of the vectors: a sample without randomness.

    Args:
        counts: int64[vectors], the customers behind each.
        customers: the size of the sample, at most.

    Returns:
        The vectors in the sample, rising, and the customers of each in the sample.
    """
    ends = np.cumsum(counts)
    customers = min(int(ends[-1]), customers)
    places = (2 * np.arange(customers, dtype=np.int64) + 1) * int(ends[-1]) // (2 * customers)
    vectors, sizes = np.unique(np.searchsorted(ends, places, "right"), return_counts=True)
    return vectors, sizes


def compute_means(points: Floats, counts: Integers, labels: Integers, k: int) -> Floats:
    """Compute float64[k, columns], the mean of the customers of each label; 0 for a label without customers."""
    sizes = np.bincount(labels, weights=counts, minlength=k)
    sums = [np.bincount(labels, weights=column * counts, minlength=k) for column in points.T]
    return np.column_stack(sums) / np.maximum(sizes, 1)[:, None]
