"""The silhouette of customers, in the space of the KPIs (never in a projection)."""

import numpy as np

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.segment.space.weighted_statistics import take_every_nth

SILHOUETTE_SAMPLE = 2_000
_ROWS = 1_000


def compute_silhouette(points: Floats, counts: Integers, labels: Integers) -> float:
    """Compute the mean silhouette of all customers; customers with equal KPIs are at distance 0.

    P. J. Rousseeuw (1987), Silhouettes: a graphical aid to the interpretation and validation of cluster analysis,
    Journal of Computational and Applied Mathematics 20, 53-65.

    Args:
        points: float64[vectors, KPIs].
        counts: int64[vectors], the customers behind each.
        labels: int64[vectors], 0 to k - 1, each in use.
    """
    return float(np.average(compute_silhouettes(points, counts, labels), weights=counts))


def compute_silhouettes(points: Floats, counts: Integers, labels: Integers) -> Floats:
    """Compute float64[vectors], the silhouette of each vector's customers."""
    sizes = np.bincount(labels, weights=counts).astype(np.float64)
    member = np.zeros((len(points), len(sizes)))
    member[np.arange(len(points)), labels] = counts
    norms = (points**2).sum(axis=1)
    scores = []
    for start in range(0, len(points), _ROWS):
        rows = slice(start, start + _ROWS)
        squared = norms[rows, None] + norms[None, :] - 2 * points[rows] @ points.T
        sums = np.sqrt(np.maximum(squared, 0.0)) @ member
        scores.append(_compute_scores(sums, sizes, labels[rows]))
    return np.concatenate(scores)


def sample_clusters(counts: Integers, labels: Integers) -> tuple[Integers, Integers]:
    """Take every n-th customer in the order of cluster and vector, so that each cluster keeps its share.

    Returns:
        The vectors in the sample and the customers of each, at most ``SILHOUETTE_SAMPLE`` customers in all.
    """
    order = np.argsort(labels, kind="stable")
    vectors, sizes = take_every_nth(counts[order], SILHOUETTE_SAMPLE)
    return order[vectors], sizes


def _compute_scores(sums: Floats, sizes: Floats, labels: Integers) -> Floats:
    rows = np.arange(len(labels))
    own = sums[rows, labels] / np.maximum(sizes[labels] - 1, 1)
    others = sums / sizes
    others[rows, labels] = np.inf
    other = others.min(axis=1)
    larger = np.maximum(own, other)
    scores = (other - own) / np.where(larger > 0, larger, 1.0)
    return np.where(sizes[labels] > 1, scores, 0.0)
