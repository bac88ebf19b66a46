"""The silhouette of customers, in the space they were clustered in (never in a projection of it)."""

import numpy as np

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.segment.space.weighted_statistics import take_every_nth

SILHOUETTE_SAMPLE = 2_000
_ROWS = 1_000


def compute_silhouette(points: Floats, counts: Integers, labels: Integers) -> float:
    """The mean silhouette of all customers (Rousseeuw 1987); customers with equal KPIs are at distance 0.

    Args:
        points: float64[vectors, KPIs].
        counts: int64[vectors], the customers behind each.
        labels: int64[vectors], 0 to k - 1, every one in use.
    """
    return float(np.average(compute_silhouettes(points, counts, labels), weights=counts))


def compute_silhouettes(points: Floats, counts: Integers, labels: Integers) -> Floats:
    """float64[vectors], the silhouette of each vector's customers."""
    sizes = np.bincount(labels, weights=counts).astype(np.float64)
    member = np.zeros((len(points), len(sizes)))
    member[np.arange(len(points)), labels] = counts
    norms = (points**2).sum(axis=1)
    found = []
    for start in range(0, len(points), _ROWS):
        rows = slice(start, start + _ROWS)
        squared = norms[rows, None] + norms[None, :] - 2 * points[rows] @ points.T
        sums = np.sqrt(np.maximum(squared, 0.0)) @ member
        found.append(_scores(sums, sizes, labels[rows]))
    return np.concatenate(found)


def sample_clusters(counts: Integers, labels: Integers) -> tuple[Integers, Integers]:
    """Every n-th customer in the order of cluster and vector: each cluster keeps its share, without a die.

    Returns:
        The vectors taken and the customers taken of each, at most ``SAMPLE`` customers in all.
    """
    order = np.argsort(labels, kind="stable")
    vectors, taken = take_every_nth(counts[order], SILHOUETTE_SAMPLE)
    return order[vectors], taken


def _scores(sums: Floats, sizes: Floats, labels: Integers) -> Floats:
    rows = np.arange(len(labels))
    own = sums[rows, labels] / np.maximum(sizes[labels] - 1, 1)
    others = sums / sizes
    others[rows, labels] = np.inf
    other = others.min(axis=1)
    larger = np.maximum(own, other)
    scores = (other - own) / np.where(larger > 0, larger, 1.0)
    return np.where(sizes[labels] > 1, scores, 0.0)
