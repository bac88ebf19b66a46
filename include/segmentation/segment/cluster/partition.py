"""A partition of a stratum as prototypes that can label any customer, whatever algorithm made it."""

from dataclasses import dataclass
from typing import Protocol

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.segment.space.weighted_statistics import compute_means


@dataclass(frozen=True)
class ClusterPartition:
    """Clusters of distinct vectors.

    Attributes:
        labels: int64[vectors], from 0, by the nearest prototype, as the frozen model labels.
        prototypes: float64[prototypes, dimensions], in the space that was clustered.
        owners: int64[prototypes], the cluster of each, rising.
        inertia: the sum of squared distances of the customers to the mean of their cluster.
        agreement: the share of customers whom the prototypes label as the algorithm itself does.
    """

    labels: Integers
    prototypes: Floats
    owners: Integers
    inertia: float
    agreement: float

    @property
    def k(self) -> int:
        """The number of clusters."""
        return int(self.owners[-1]) + 1


class Algorithm(Protocol):
    """An algorithm, bound to the vectors to cluster."""

    @property
    def most(self) -> int:
        """The largest possible number of clusters: one per distinct vector that it considers."""

    def compute_labels(self, k: int) -> Integers:
        """Compute int64[vectors], the algorithm's own labels from 0; at most ``ward.WARD_CUSTOMERS`` customers."""

    def make_partition(self, k: int) -> ClusterPartition:
        """Make k clusters and their prototypes."""


def compute_inertia(points: Floats, counts: Integers, labels: Integers) -> float:
    """Compute the sum of squared distances of the customers to the mean of their cluster."""
    k = int(labels.max()) + 1
    return float(((points - compute_means(points, counts, labels, k)[labels]) ** 2 * counts[:, None]).sum())
