"""A partition of a stratum, as prototypes that label anybody, whatever algorithm found it."""

from dataclasses import dataclass
from typing import Protocol

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.segment.space.weighted_statistics import compute_means


@dataclass(frozen=True)
class ClusterPartition:
    """Clusters of distinct vectors.

    Attributes:
        labels: int64[vectors], from 0, by the nearest prototype: what a model would say.
        prototypes: float64[prototypes, dimensions], in the space that was clustered.
        owners: int64[prototypes], the cluster of each, rising.
        inertia: the summed squared distance of the customers to the mean of their cluster.
        agreement: the share of customers whom the algorithm itself labels as the prototypes do.
    """

    labels: Integers
    prototypes: Floats
    owners: Integers
    inertia: float
    agreement: float

    @property
    def k(self) -> int:
        """How many clusters there are."""
        return int(self.owners[-1]) + 1


class Algorithm(Protocol):
    """An algorithm, given the vectors to cluster."""

    @property
    def most(self) -> int:
        """How many clusters it can make: one per distinct vector that it looks at."""

    def compute_labels(self, k: int) -> Integers:
        """int64[vectors], the algorithm's own labels from 0, for at most ``ward.PEOPLE`` customers."""

    def make_partition(self, k: int) -> ClusterPartition:
        """The clusters, frozen."""


def compute_inertia(points: Floats, counts: Integers, labels: Integers) -> float:
    """The summed squared distance of the customers to the mean of their cluster."""
    k = int(labels.max()) + 1
    return float(((points - compute_means(points, counts, labels, k)[labels]) ** 2 * counts[:, None]).sum())
