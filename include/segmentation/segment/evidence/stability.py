"""Does a cluster come back when other customers are drawn? The bootstrap of Hennig's ``clusterboot``.

C. Hennig (2007), Cluster-wise assessment of cluster stability, Computational Statistics & Data Analysis 52, 258-271:
resample, cluster again, and take for every original cluster the largest Jaccard similarity with a new one. A cluster
whose mean over the resamples is below 0.75 should not be trusted. Customers are resampled, not vectors: a vector is
drawn in proportion to the customers behind it.

The verdict must not depend on a lucky draw, so two measures are taken. The resamples are balanced (A. C. Davison,
D. V. Hinkley, E. Schechtman 1986, Efficient bootstrap simulation, Biometrika 73, 555-566): together they draw every
customer equally often. And if a mean is too close to 0.75 to decide, up to ``ROUNDS`` times as many are drawn.
"""

from dataclasses import dataclass

import numpy as np

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.segment.cluster.algorithms import AlgorithmName, make_algorithm
from include.segmentation.segment.cluster.partition import Algorithm, ClusterPartition
from include.segmentation.segment.space.stratum_vectors import StratumVectors

STABLE = 0.75
RESAMPLES = 100
ROUNDS = 4
RESAMPLED_CUSTOMERS = 2_000
BOOTSTRAP_STARTS = 5
BOOTSTRAP_SEED = 1
_SURE = 2.0
"""No more resamples are drawn once each mean is this many standard errors away from 0.75."""


@dataclass(frozen=True)
class ClusterStability:
    """How well the clusters of a partition come back.

    Attributes:
        means: float64[k], the mean Jaccard similarity of each cluster over the resamples.
        errors: float64[k], their standard errors.
        resamples: the number of resamples.
    """

    means: Floats
    errors: Floats
    resamples: int

    @property
    def least(self) -> int:
        """The least stable cluster."""
        return int(self.means.argmin())

    @property
    def is_stable(self) -> bool:
        """Whether every cluster is stable enough."""
        return bool(self.means[self.least] >= STABLE)

    @property
    def is_marginal(self) -> bool:
        """Whether the least stable cluster is within one standard error of the threshold."""
        return bool(abs(self.means[self.least] - STABLE) <= self.errors[self.least])

    @property
    def is_settled(self) -> bool:
        """Whether more resamples are unlikely to change the verdict."""
        margin = _SURE * self.errors
        return bool((self.means + margin < STABLE).any() or (self.means - margin >= STABLE).all())


@dataclass(frozen=True)
class _Resample:
    """A resample: its vectors, rising, how often each was drawn, and the algorithm that clusters it."""

    vectors: Integers
    drawn: Integers
    algorithm: Algorithm


class Bootstrap:
    """Repeated resamples of a stratum's customers; call it within ``limit_to_one_thread``.

    Attributes:
        vectors: the stratum.
        algorithm: clusters each resample from fresh starts; starting from the original clusters would make any cut look
            stable.
    """

    def __init__(self, vectors: StratumVectors, algorithm: AlgorithmName, seed: int = BOOTSTRAP_SEED) -> None:
        self.vectors, self.algorithm = vectors, algorithm
        self._generator = np.random.default_rng(seed)
        self._rounds: list[list[_Resample]] = []

    def measure_stability(self, partition: ClusterPartition) -> ClusterStability:
        """Compare a partition with those of ``RESAMPLES`` resamples, and of more while the verdict is open."""
        similarities = np.empty((0, partition.k))
        for number in range(ROUNDS):
            again = [_compare_partitions(partition, resample) for resample in self._draw_round(number)]
            similarities = np.vstack([similarities, again])
            errors = similarities.std(axis=0, ddof=1) / np.sqrt(len(similarities))
            stability = ClusterStability(similarities.mean(axis=0), errors, len(similarities))
            if stability.is_settled:
                break
        return stability

    def _draw_round(self, number: int) -> list[_Resample]:
        if number == len(self._rounds):
            self._rounds.append([self._make_resample(which) for which in self._draw_vectors()])
        return self._rounds[number]

    def _draw_vectors(self) -> Integers:
        """Draw int64[resamples, customers], the vector of every drawn customer."""
        ends = np.cumsum(self.vectors.counts)
        customers = int(ends[-1])
        drawn = RESAMPLES * min(customers, RESAMPLED_CUSTOMERS)
        positions = ((np.arange(drawn) + self._generator.random()) * (customers / drawn)).astype(np.int64)
        which = np.searchsorted(ends, np.minimum(positions, customers - 1), "right")
        return np.asarray(self._generator.permutation(which).reshape(RESAMPLES, -1), dtype=np.int64)

    def _make_resample(self, which: Integers) -> _Resample:
        vectors, drawn = np.unique(which, return_counts=True)
        return _Resample(
            vectors, drawn, make_algorithm(self.algorithm, self.vectors.projected[vectors], drawn, BOOTSTRAP_STARTS)
        )


def _compare_partitions(partition: ClusterPartition, resample: _Resample) -> Floats:
    """Compute float64[k], the best match of every cluster, weighted by drawn customers; 0 if it dissolved."""
    again = min(partition.k, len(resample.vectors))
    both = np.zeros((partition.k, again))
    np.add.at(both, (partition.labels[resample.vectors], resample.algorithm.compute_labels(again)), resample.drawn)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    return np.asarray((both / np.maximum(either, 1)).max(axis=1))
