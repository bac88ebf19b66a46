"""Does a cluster come back when other customers are drawn? The bootstrap of Hennig's ``clusterboot``.

C. Hennig (2007), Cluster-wise assessment of cluster stability, Computational Statistics & Data Analysis 52, 258-271:
resample, cluster again, and take for every original cluster the largest Jaccard similarity with a new one; a mean
below 0.75 over the resamples says that the cluster should not be trusted. People are resampled, not vectors: a vector
is drawn as often as the customers behind it weigh.
"""

from dataclasses import dataclass

import numpy as np

from include.segmentation.segment.kmeans import Clustering, cluster
from include.segmentation.segment.scale import Floats, Integers

RESAMPLES = 100
PEOPLE = 2_000
_STARTS = 5
_SEED = 1


@dataclass(frozen=True)
class Resample:
    """Customers drawn with replacement: the vectors they have, and how many customers were drawn of each."""

    vectors: Integers
    drawn: Integers


def resamples(counts: Integers) -> list[Resample]:
    """Draw ``RESAMPLES`` times min(customers, ``PEOPLE``) customers, a multinomial over the counts."""
    generator = np.random.default_rng(_SEED)
    ends = np.cumsum(counts)
    people = min(int(ends[-1]), PEOPLE)
    drawn = (np.searchsorted(ends, generator.integers(0, ends[-1], people), "right") for _ in range(RESAMPLES))
    return [Resample(*np.unique(vectors, return_counts=True)) for vectors in drawn]


def jaccard(points: Floats, found: Clustering, samples: list[Resample]) -> Floats:
    """The similarity of every cluster with its best match in every resample, weighted by the customers drawn.

    Each resample is clustered from fresh starts only: one from the clusters found would make any cut look stable.

    Returns:
        float64[resamples, k], between 0 and 1; 0 where a cluster dissolved.
    """
    return np.array([_similarities(points, found, sample) for sample in samples])


def _similarities(points: Floats, found: Clustering, sample: Resample) -> Floats:
    k = len(found.centroids)
    again = min(k, len(sample.vectors))
    labels = cluster(points[sample.vectors], sample.drawn, again, _STARTS).labels
    both = np.zeros((k, again))
    np.add.at(both, (found.labels[sample.vectors], labels), sample.drawn)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    return np.asarray((both / np.maximum(either, 1)).max(axis=1))
