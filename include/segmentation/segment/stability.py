"""Does a cluster come back when other customers are drawn? The bootstrap of Hennig's ``clusterboot``.

C. Hennig (2007), Cluster-wise assessment of cluster stability, Computational Statistics & Data Analysis 52, 258-271:
resample, cluster again, and take for every original cluster the largest Jaccard similarity with a new one; a mean
below 0.75 over the resamples says that the cluster should not be trusted. People are resampled, not vectors: a vector
is drawn as often as the customers behind it weigh.
"""

from dataclasses import dataclass

import numpy as np

from include.segmentation.segment.algorithms import Name, of
from include.segmentation.segment.partition import Algorithm, Partition
from include.segmentation.segment.vectors import Vectors
from include.segmentation.segment.weighted import Floats, Integers

RESAMPLES = 100
PEOPLE = 2_000
_STARTS = 5
_SEED = 1


@dataclass(frozen=True)
class Resample:
    """Customers drawn with replacement, and the algorithm that clusters them afresh.

    Attributes:
        vectors: int64[drawn vectors], rising: which vectors the customers have.
        drawn: int64[drawn vectors], how many customers were drawn of each.
    """

    vectors: Integers
    drawn: Integers
    algorithm: Algorithm


def resamples(vectors: Vectors, algorithm: Name) -> list[Resample]:
    """Draw ``RESAMPLES`` times min(customers, ``PEOPLE``) customers, a multinomial over the counts."""
    generator = np.random.default_rng(_SEED)
    ends = np.cumsum(vectors.counts)
    people = min(int(ends[-1]), PEOPLE)
    found = []
    for _ in range(RESAMPLES):
        places = np.searchsorted(ends, generator.integers(0, ends[-1], people), "right")
        which, drawn = np.unique(places, return_counts=True)
        found.append(Resample(which, drawn, of(algorithm, vectors.projected[which], drawn, _STARTS)))
    return found


def jaccard(found: Partition, samples: list[Resample]) -> Floats:
    """The similarity of every cluster with its best match in every resample, weighted by the customers drawn.

    Each resample is clustered from fresh starts only: one from the clusters found would make any cut look stable.

    Returns:
        float64[resamples, k], between 0 and 1; 0 where a cluster dissolved.
    """
    return np.array([_similarities(found, sample) for sample in samples])


def _similarities(found: Partition, sample: Resample) -> Floats:
    again = min(found.k, len(sample.vectors))
    both = np.zeros((found.k, again))
    np.add.at(both, (found.labels[sample.vectors], sample.algorithm.labels(again)), sample.drawn)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    return np.asarray((both / np.maximum(either, 1)).max(axis=1))
