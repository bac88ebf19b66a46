"""Does a cluster come back when other customers are drawn? The bootstrap of Hennig's ``clusterboot``.

C. Hennig (2007), Cluster-wise assessment of cluster stability, Computational Statistics & Data Analysis 52, 258-271:
resample, cluster again, and take for every original cluster the largest Jaccard similarity with a new one; a mean
below 0.75 over the resamples says that the cluster should not be trusted. People are resampled, not vectors: a vector
is drawn as often as the customers behind it weigh.

A verdict must not hang on the luck of the draw, hence two measures. The resamples are balanced (A. C. Davison,
D. V. Hinkley, E. Schechtman 1986, Efficient bootstrap simulation, Biometrika 73, 555-566): all together draw every
customer equally often. And where a cluster is too near to 0.75 to tell, more are drawn, up to ``ROUNDS`` times as many.
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
"""Standard errors between a mean and 0.75 at which no more resamples are drawn."""


@dataclass(frozen=True)
class ClusterStability:
    """How well the clusters of a partition come back.

    Attributes:
        means: float64[k], the mean Jaccard similarity of each cluster over the resamples.
        errors: float64[k], their standard errors.
        resamples: how many were drawn.
    """

    means: Floats
    errors: Floats
    resamples: int

    @property
    def least(self) -> int:
        """The cluster that comes back worst."""
        return int(self.means.argmin())

    @property
    def is_stable(self) -> bool:
        """Whether all clusters come back well enough."""
        return bool(self.means[self.least] >= STABLE)

    @property
    def is_marginal(self) -> bool:
        """Whether the verdict lies within one standard error of the line."""
        return bool(abs(self.means[self.least] - STABLE) <= self.errors[self.least])

    @property
    def is_settled(self) -> bool:
        """Whether another draw would hardly turn the verdict."""
        margin = _SURE * self.errors
        return bool((self.means + margin < STABLE).any() or (self.means - margin >= STABLE).all())


@dataclass(frozen=True)
class _Resample:
    """Customers drawn: which vectors they have, rising, how many of each, and what clusters them afresh."""

    vectors: Integers
    drawn: Integers
    algorithm: Algorithm


class Bootstrap:
    """Customers of a stratum drawn again and again; call it inside ``one_thread``.

    Attributes:
        vectors: the stratum.
        algorithm: what clusters each resample, from fresh starts: one from the clusters found would make any cut
            look stable.
    """

    def __init__(self, vectors: StratumVectors, algorithm: AlgorithmName, seed: int = BOOTSTRAP_SEED) -> None:
        self.vectors, self.algorithm = vectors, algorithm
        self._generator = np.random.default_rng(seed)
        self._rounds: list[list[_Resample]] = []

    def measure_stability(self, found: ClusterPartition) -> ClusterStability:
        """Compare the clusters found with those of ``RESAMPLES`` resamples, and of more while the verdict is open."""
        similarities = np.empty((0, found.k))
        for number in range(ROUNDS):
            again = [_similarities(found, resample) for resample in self._round(number)]
            similarities = np.vstack([similarities, again])
            errors = similarities.std(axis=0, ddof=1) / np.sqrt(len(similarities))
            stability = ClusterStability(similarities.mean(axis=0), errors, len(similarities))
            if stability.is_settled:
                break
        return stability

    def _round(self, number: int) -> list[_Resample]:
        if number == len(self._rounds):
            self._rounds.append([self._resample(which) for which in self._drawn()])
        return self._rounds[number]

    def _drawn(self) -> Integers:
        """int64[resamples, people], the vector of every customer drawn."""
        ends = np.cumsum(self.vectors.counts)
        customers = int(ends[-1])
        drawn = RESAMPLES * min(customers, RESAMPLED_CUSTOMERS)
        places = ((np.arange(drawn) + self._generator.random()) * (customers / drawn)).astype(np.int64)
        which = np.searchsorted(ends, np.minimum(places, customers - 1), "right")
        return np.asarray(self._generator.permutation(which).reshape(RESAMPLES, -1), dtype=np.int64)

    def _resample(self, which: Integers) -> _Resample:
        vectors, drawn = np.unique(which, return_counts=True)
        return _Resample(
            vectors, drawn, make_algorithm(self.algorithm, self.vectors.projected[vectors], drawn, BOOTSTRAP_STARTS)
        )


def _similarities(found: ClusterPartition, resample: _Resample) -> Floats:
    """float64[k], the best match of every cluster found, weighted by the customers drawn; 0 where it dissolved."""
    again = min(found.k, len(resample.vectors))
    both = np.zeros((found.k, again))
    np.add.at(both, (found.labels[resample.vectors], resample.algorithm.compute_labels(again)), resample.drawn)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    return np.asarray((both / np.maximum(either, 1)).max(axis=1))
