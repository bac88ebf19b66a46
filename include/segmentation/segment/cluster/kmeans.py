"""K-means on distinct vectors weighted by the customers behind them: exact, and the same in any order of the rows.

Customers with equal KPIs always share a cluster, so clustering the distinct vectors with their counts minimises the
very same inertia as clustering every customer.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.segment.cluster.partition import ClusterPartition, compute_inertia
from include.segmentation.segment.space.nearest_prototype import find_nearest_points
from include.segmentation.segment.space.weighted_statistics import take_every_nth

if TYPE_CHECKING:
    from sklearn.cluster import KMeans as Lloyd

KMEANS_SEED = 42
KMEANS_STARTS = 10
RACE = 50_000
"""Starts compete on that many customers; the best of them are then run on everybody."""
_FINALISTS = 3
_SAME = 1e-4


class KMeans:
    """The k-means partitions of sorted distinct vectors.

    Attributes:
        points: float64[vectors, dimensions], sorted.
        counts: int64[vectors], the customers behind each.
        starts: how many k-means++ starts compete.
    """

    def __init__(self, points: Floats, counts: Integers, starts: int = KMEANS_STARTS) -> None:
        self.points, self.counts, self.starts = points, counts, starts

    @property
    def most(self) -> int:
        """How many clusters there can be."""
        return len(self.points)

    def compute_labels(self, k: int) -> Integers:
        """int64[vectors], the clusters from 0; at most as many as there are vectors."""
        return find_nearest_points(self.points, self._centroids(k))

    def make_partition(self, k: int) -> ClusterPartition:
        """The clusters, each with its centroid as the one prototype."""
        centroids = self._centroids(k)
        labels = find_nearest_points(self.points, centroids)
        return ClusterPartition(
            labels=labels,
            prototypes=centroids,
            owners=np.arange(k, dtype=np.int64),
            inertia=compute_inertia(self.points, self.counts, labels),
            agreement=1.0,
        )

    def _centroids(self, k: int) -> Floats:
        """float64[k, dimensions], where Lloyd's algorithm on everybody comes to rest."""
        from sklearn import config_context  # a second's import, which scoring does without
        from sklearn.cluster import KMeans as Lloyd

        vectors, people = take_every_nth(self.counts, RACE)
        with config_context(assume_finite=True, skip_parameter_validation=True):
            if len(vectors) < k or self.counts.sum() <= RACE:
                fit = Lloyd(k, n_init=self.starts, random_state=KMEANS_SEED).fit(self.points, sample_weight=self.counts)
                return np.asarray(fit.cluster_centers_)
            race = [
                Lloyd(k, n_init=1, random_state=KMEANS_SEED + start).fit(self.points[vectors], sample_weight=people)
                for start in range(self.starts)
            ]
            finals = [
                Lloyd(k, n_init=1, init=fit.cluster_centers_).fit(self.points, sample_weight=self.counts)
                for fit in _different(race)
            ]
        return np.asarray(min(finals, key=lambda fit: fit.inertia_).cluster_centers_)


def _different(race: Sequence["Lloyd"]) -> list["Lloyd"]:
    """The best fits, no two of the same inertia: what came to rest in the same place needs to be run only once."""
    best: list[Lloyd] = []
    for fit in sorted(race, key=lambda fit: fit.inertia_):
        if not best or fit.inertia_ > best[-1].inertia_ * (1 + _SAME):
            best.append(fit)
    return best[:_FINALISTS]
