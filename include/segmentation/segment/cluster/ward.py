"""Ward's hierarchical clustering of customers, and the prototypes that freeze it.

J. H. Ward (1963), Hierarchical grouping to optimize an objective function, Journal of the American Statistical
Association 58, 236-244. Libraries do not support weights, so every customer is a point of its own; customers with equal
KPIs join first, at no cost. The tree needs the distances between all customers, hence at most ``WARD_CUSTOMERS`` of
them: every n-th customer of a larger stratum.

The clusters of a tree are not the cells around their means. So a cluster is frozen as the means of the smaller clusters
below it in the tree. The nearest of these means labels almost as the tree does; the share of agreement is measured.
"""

from functools import cached_property

import numpy as np

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.segment.cluster.partition import ClusterPartition, compute_inertia
from include.segmentation.segment.space.nearest_prototype import find_nearest_points
from include.segmentation.segment.space.weighted_statistics import compute_means, take_every_nth

WARD_CUSTOMERS = 5_000
PROTOTYPES = 16
"""Prototypes per segment, at most."""


class Ward:
    """Partitions of a tree over sorted distinct vectors.

    Attributes:
        points: float64[vectors, dimensions], sorted.
        counts: int64[vectors], the customers behind each.
    """

    def __init__(self, points: Floats, counts: Integers) -> None:
        self.points, self.counts = points, counts
        self._vectors, self._sizes = take_every_nth(counts, WARD_CUSTOMERS)

    @property
    def most(self) -> int:
        """The largest possible number of clusters: the number of vectors in the tree."""
        return len(self._vectors)

    def compute_labels(self, k: int) -> Integers:
        """Compute int64[vectors], the clusters of the tree from 0; every customer must be in the tree."""
        return self._cut_tree(k)

    def make_partition(self, k: int) -> ClusterPartition:
        """Cut the tree into k clusters, each frozen as the means of the smaller clusters below it."""
        points, counts = self.points[self._vectors], self._sizes
        own, fine = self._cut_tree(k), self._cut_tree(k * PROTOTYPES)
        first = np.unique(fine, return_index=True)[1]
        order = np.argsort(own[first], kind="stable")
        prototypes = compute_means(points, counts, fine, len(first))[order]
        owners = own[first][order]
        labels = owners[find_nearest_points(self.points, prototypes)]
        return ClusterPartition(
            labels=labels,
            prototypes=prototypes,
            owners=owners,
            inertia=compute_inertia(self.points, self.counts, labels),
            agreement=float(counts[labels[self._vectors] == own].sum() / counts.sum()),
        )

    @cached_property
    def _tree(self) -> Floats:
        from scipy.cluster.hierarchy import linkage

        return np.asarray(linkage(np.repeat(self.points[self._vectors], self._sizes, axis=0), "ward"))

    def _cut_tree(self, k: int) -> Integers:
        """Compute int64[vectors in the tree], k clusters numbered by their first vector; k is capped at one per vector.

        The joins are made in order until k clusters remain, so joins of equal height cannot change k.
        """
        from scipy.cluster.hierarchy import fcluster

        customers = len(self._tree) + 1
        last_join = customers - min(k, len(self._vectors)) - 1
        joined = fcluster(self._tree, last_join, "monocrit", monocrit=np.arange(customers - 1, dtype=np.float64))
        labels = joined[np.cumsum(self._sizes) - 1]
        _, first, which = np.unique(labels, return_index=True, return_inverse=True)
        return np.asarray(np.argsort(np.argsort(first))[which], dtype=np.int64)
