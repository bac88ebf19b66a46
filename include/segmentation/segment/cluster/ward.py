"""Ward's hierarchical clustering of customers, and the prototypes that freeze it.

J. H. Ward (1963), Hierarchical grouping to optimize an objective function, Journal of the American Statistical
Association 58, 236-244. Libraries know no weights for it, so every customer behind a vector is a point of its own:
those with equal KPIs join first, at no cost. The tree needs all distances between customers, hence at most ``PEOPLE``
of them: every n-th of a larger stratum.

Clusters of a tree are not the cells of their means. What is frozen are the means of the smaller clusters that the same
tree has further down; the nearest of them labels nearly as the tree does, and the share that it does is measured.
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
    """The partitions of a tree over sorted distinct vectors.

    Attributes:
        points: float64[vectors, dimensions], sorted.
        counts: int64[vectors], the customers behind each.
    """

    def __init__(self, points: Floats, counts: Integers) -> None:
        self.points, self.counts = points, counts
        self._vectors, self._people = take_every_nth(counts, WARD_CUSTOMERS)

    @property
    def most(self) -> int:
        """How many clusters there can be: as many as the tree has vectors."""
        return len(self._vectors)

    def compute_labels(self, k: int) -> Integers:
        """int64[vectors], the clusters of the tree from 0; all customers are in the tree."""
        return self._cut(k)

    def make_partition(self, k: int) -> ClusterPartition:
        """The clusters of the tree, each frozen as the means of the smaller clusters that it is made of."""
        points, counts = self.points[self._vectors], self._people
        own, fine = self._cut(k), self._cut(k * PROTOTYPES)
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

        return np.asarray(linkage(np.repeat(self.points[self._vectors], self._people, axis=0), "ward"))

    def _cut(self, k: int) -> Integers:
        """int64[vectors in the tree], k clusters numbered by the first vector of each; at most one per vector.

        The first joins of the tree are made until k clusters are left, so that joins of one height make no other k.
        """
        from scipy.cluster.hierarchy import fcluster

        people = len(self._tree) + 1
        last_join = people - min(k, len(self._vectors)) - 1
        joined = fcluster(self._tree, last_join, "monocrit", monocrit=np.arange(people - 1, dtype=np.float64))
        labels = joined[np.cumsum(self._people) - 1]
        _, first, which = np.unique(labels, return_index=True, return_inverse=True)
        return np.asarray(np.argsort(np.argsort(first))[which], dtype=np.int64)
