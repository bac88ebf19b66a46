"""K-means on distinct vectors weighted by the customers behind them: exact, and the same in any order of the rows.

Customers with equal KPIs always share a cluster, so clustering the distinct vectors with their counts minimises the
very same inertia as clustering every customer.
"""

from dataclasses import dataclass

import numpy as np

from include.segmentation.segment.scale import Floats, Integers

SEED = 42
STARTS = 10
TIE = 1e-9
"""Squared distances closer than this are equal; the lower ordinal then wins, here and in the published SQL rule."""


@dataclass(frozen=True)
class Clustering:
    """A partition of the distinct vectors.

    Attributes:
        centroids: float64[k, KPIs] in the scaled space.
        labels: int64[vectors].
        inertia: the summed squared distance of the customers to their centroid.
    """

    centroids: Floats
    labels: Integers
    inertia: float


def cluster(points: Floats, counts: Integers, k: int, starts: int = STARTS) -> Clustering:
    """Cluster sorted distinct vectors; call it inside one thread (``threadpool_limits(1)``).

    Args:
        points: float64[vectors, KPIs], sorted, at least k of them.
        counts: int64[vectors].
        k: how many clusters.
        starts: how many k-means++ starts compete.
    """
    from sklearn import config_context  # a second's import, which scoring does without
    from sklearn.cluster import KMeans

    with config_context(assume_finite=True, skip_parameter_validation=True):
        best = KMeans(k, n_init=starts, random_state=SEED).fit(points, sample_weight=counts)
    labels, _ = nearest(points, best.cluster_centers_)
    return Clustering(best.cluster_centers_, labels, float(best.inertia_))


def squared_distances(points: Floats, centroids: Floats) -> Floats:
    """float64[points, centroids], added up KPI by KPI: a matrix product would round by the size of the chunk."""
    distances = np.zeros((len(points), len(centroids)))
    for column in range(points.shape[1]):
        distances += (points[:, column, None] - centroids[None, :, column]) ** 2
    return distances


def nearest(points: Floats, centroids: Floats) -> tuple[Integers, Floats]:
    """The nearest of two or more centroids.

    Returns:
        int64[points], the ordinals from 0; and float64[points], the margin (d2² - d1²) / d2² to the next centroid:
        0 on the border, 1 on the centroid.
    """
    distances = squared_distances(points, centroids)
    label = np.argmax(distances <= distances.min(axis=1, keepdims=True) + TIE, axis=1)
    rows = np.arange(len(points))
    first = distances[rows, label]
    distances[rows, label] = np.inf
    second = distances.min(axis=1)
    margin = np.clip((second - first) / np.where(second > 0, second, 1.0), 0.0, 1.0)
    return label.astype(np.int64), margin
