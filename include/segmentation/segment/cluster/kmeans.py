"""K-means on distinct vectors weighted by the customers behind them: exact, and independent of the order of rows.

Customers with equal KPIs always share a cluster, so clustering the distinct vectors with their counts minimises the
same inertia as clustering every customer.
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
"""Starts compete on at most this many customers; the best then run on all customers."""
_FINALISTS = 3
_SAME_INERTIA = 1e-4


class KMeans:
    """K-means partitions of sorted distinct vectors.

    Attributes:
        points: float64[vectors, dimensions], sorted.
        counts: int64[vectors], the customers behind each.
        starts: the number of competing k-means++ starts.
    """

    def __init__(self, points: Floats, counts: Integers, starts: int = KMEANS_STARTS) -> None:
        self.points, self.counts, self.starts = points, counts, starts

    @property
    def most(self) -> int:
        """The largest possible number of clusters."""
        return len(self.points)

    def compute_labels(self, k: int) -> Integers:
        """Compute int64[vectors], the clusters from 0; k is at most the number of vectors."""
        return find_nearest_points(self.points, self._fit_centroids(k))

    def make_partition(self, k: int) -> ClusterPartition:
        """Make k clusters, each with its centroid as its one prototype."""
        centroids = self._fit_centroids(k)
        labels = find_nearest_points(self.points, centroids)
        return ClusterPartition(
            labels=labels,
            prototypes=centroids,
            owners=np.arange(k, dtype=np.int64),
            inertia=compute_inertia(self.points, self.counts, labels),
            agreement=1.0,
        )

    def _fit_centroids(self, k: int) -> Floats:
        """Compute float64[k, dimensions], where Lloyd's algorithm converges on all customers."""
        from sklearn import config_context  # takes a second, and scoring does not need it
        from sklearn.cluster import KMeans as Lloyd

        vectors, sizes = take_every_nth(self.counts, RACE)
        with config_context(assume_finite=True, skip_parameter_validation=True):
            if len(vectors) < k or self.counts.sum() <= RACE:
                fit = Lloyd(k, n_init=self.starts, random_state=KMEANS_SEED).fit(self.points, sample_weight=self.counts)
                return np.asarray(fit.cluster_centers_)
            race = [
                Lloyd(k, n_init=1, random_state=KMEANS_SEED + start).fit(self.points[vectors], sample_weight=sizes)
                for start in range(self.starts)
            ]
            finals = [
                Lloyd(k, n_init=1, init=fit.cluster_centers_).fit(self.points, sample_weight=self.counts)
                for fit in _select_different(race)
            ]
        return np.asarray(min(finals, key=lambda fit: fit.inertia_).cluster_centers_)


def _select_different(race: Sequence["Lloyd"]) -> list["Lloyd"]:
    """Return the best fits, no two of equal inertia: fits that converged to one place need only one more run."""
    best: list[Lloyd] = []
    for fit in sorted(race, key=lambda fit: fit.inertia_):
        if not best or fit.inertia_ > best[-1].inertia_ * (1 + _SAME_INERTIA):
            best.append(fit)
    return best[:_FINALISTS]
