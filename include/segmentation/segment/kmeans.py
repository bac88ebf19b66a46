"""K-means on distinct vectors weighted by the customers behind them: exact, and the same in any order of the rows.

Customers with equal KPIs always share a cluster, so clustering the distinct vectors with their counts minimises the
very same inertia as clustering every customer.
"""

import numpy as np

from include.segmentation.segment.nearest import nearest_points
from include.segmentation.segment.partition import Partition, inertia
from include.segmentation.segment.weighted import Floats, Integers

SEED = 42
STARTS = 10


class KMeans:
    """The k-means partitions of sorted distinct vectors.

    Attributes:
        points: float64[vectors, dimensions], sorted.
        counts: int64[vectors], the customers behind each.
        starts: how many k-means++ starts compete.
    """

    def __init__(self, points: Floats, counts: Integers, starts: int = STARTS) -> None:
        self.points, self.counts, self.starts = points, counts, starts

    def labels(self, k: int) -> Integers:
        """int64[vectors], the clusters from 0; at most as many as there are vectors."""
        return self.partition(k).labels

    def partition(self, k: int) -> Partition:
        """The clusters, each with its centroid as the one prototype."""
        from sklearn import config_context  # a second's import, which scoring does without
        from sklearn.cluster import KMeans as Lloyd

        with config_context(assume_finite=True, skip_parameter_validation=True):
            best = Lloyd(k, n_init=self.starts, random_state=SEED).fit(self.points, sample_weight=self.counts)
        labels = nearest_points(self.points, best.cluster_centers_)
        return Partition(
            labels=labels,
            prototypes=best.cluster_centers_,
            owners=np.arange(k, dtype=np.int64),
            inertia=inertia(self.points, self.counts, labels),
            agreement=1.0,
        )
