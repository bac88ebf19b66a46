"""Are the clusters separated, or is this a cut continuum? Two tests on at most ``JUDGED_CUSTOMERS`` customers.

First, are they tighter than the clusters of one Gaussian with the same covariance? The cluster index (the inertia
within clusters over the inertia around the mean) is compared with that of samples of the same size from this Gaussian,
cut into
as many clusters: Y. Liu, D. N. Hayes, A. Nobel, J. S. Marron (2008), Statistical significance of clustering for
high-dimension, low-sample-size data, Journal of the American Statistical Association 103, 1281-1293.

That test alone calls every non-Gaussian cloud separated, even one of uniform density. So, second, there must be a gap:
around the middle of the line between two centroids, the density must be below half of that in the densest half of the
sparser cluster. A cloud with one peak has no such gap. KPIs are rounded, so each customer is first moved to a random
place within the rounding: neighbouring whole numbers then leave no gap.
"""

from dataclasses import dataclass

import numpy as np

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.segment.cluster.algorithms import AlgorithmName, make_algorithm
from include.segmentation.segment.cluster.partition import ClusterPartition, compute_inertia
from include.segmentation.segment.space.stratum_vectors import StratumVectors
from include.segmentation.segment.space.weighted_statistics import take_every_nth

JUDGED_CUSTOMERS = 2_000
SAMPLES = 50
GAP = 0.5
_SIGNIFICANT = 0.05
_STARTS = 3
_STRIP = 0.2
"""The width of the tested strip, as a share of the distance between two centroids."""
_SEED = 2


@dataclass(frozen=True)
class SeparationVerdict:
    """Whether clusters are separated, or a continuum was cut.

    Attributes:
        index: the cluster index of the clusters.
        gaussian: float64[samples], the cluster indices of the Gaussian samples.
        crossings: float64[k], per cluster the density on the border to the neighbour that it overlaps most, relative to
            the density inside; below ``GAP`` the cluster stands apart.
    """

    index: float
    gaussian: Floats
    crossings: Floats

    @property
    def p(self) -> float:
        """The share of Gaussian samples that are cut at least as tightly."""
        return float((1 + (self.gaussian <= self.index).sum()) / (1 + len(self.gaussian)))

    @property
    def apart(self) -> int:
        """The number of clusters that stand apart from all others."""
        return int((self.crossings < GAP).sum())

    @property
    def is_separated(self) -> bool:
        """Whether the clusters are tighter than those of one Gaussian and all stand apart."""
        return self.p <= _SIGNIFICANT and self.apart == len(self.crossings)


def judge_separation(
    vectors: StratumVectors, partition: ClusterPartition, algorithm: AlgorithmName
) -> SeparationVerdict | None:
    """Compare clusters with those of one Gaussian, and look for gaps; call it within ``limit_to_one_thread``.

    Returns:
        None if all sampled customers are alike, because those who differ are too few to be in the sample.
    """
    generator = np.random.default_rng(_SEED)
    sample, sizes = take_every_nth(vectors.counts, JUDGED_CUSTOMERS)
    points = vectors.projected[sample]
    if len(np.unique(points, axis=0)) < 2:
        return None
    mean = (points * sizes[:, None]).sum(axis=0) / sizes.sum()
    centered = points - mean
    covariance = (centered * sizes[:, None]).T @ centered / sizes.sum()
    ones = np.ones(sizes.sum(), dtype=np.int64)
    draws = (
        generator.multivariate_normal(mean, covariance, len(ones), check_valid="ignore", method="eigh")
        for _ in range(SAMPLES)
    )
    customers = np.repeat(sample, sizes)
    return SeparationVerdict(
        index=_compute_index(points, sizes, algorithm, partition.k),
        gaussian=np.array([_compute_index(draw, ones, algorithm, partition.k) for draw in draws]),
        crossings=_measure_crossings(
            _undo_rounding(vectors, customers, generator), partition.labels[customers], partition.k
        ),
    )


def _compute_index(points: Floats, counts: Integers, algorithm: AlgorithmName, k: int) -> float:
    labels = make_algorithm(algorithm, points, counts, _STARTS).compute_labels(min(k, len(points)))
    return compute_inertia(points, counts, labels) / compute_inertia(points, counts, np.zeros_like(labels))


def _undo_rounding(vectors: StratumVectors, customers: Integers, generator: np.random.Generator) -> Floats:
    """Compute float64[customers, KPIs], each value moved to a random place within the rounding of its KPI."""
    columns = []
    for column, kpi in enumerate(vectors.kpis.values()):
        distinct, first = np.unique(vectors.values[:, column], return_index=True)
        moved = vectors.points[first, column]
        steps = np.diff(moved) / np.diff(distinct) * kpi.resolution
        distinct = np.concatenate([[distinct[0] - kpi.resolution], distinct, [distinct[-1] + kpi.resolution]])
        moved = np.concatenate([[moved[0] - steps[0]], moved, [moved[-1] + steps[-1]]])
        values = vectors.values[customers, column] + kpi.resolution * generator.uniform(-0.5, 0.5, len(customers))
        columns.append(np.interp(values, distinct, moved))
    return np.column_stack(columns)


def _measure_crossings(points: Floats, labels: Integers, k: int) -> Floats:
    present = np.unique(labels)
    crossings = np.full(k, np.inf)  # a cluster without customers in the sample counts as not apart
    crossings[present] = 0.0
    for number, a in enumerate(present):
        for b in present[number + 1 :]:
            crossing = _measure_crossing(points[labels == a], points[labels == b])
            crossings[[a, b]] = np.maximum(crossings[[a, b]], crossing)
    return crossings


def _measure_crossing(one: Floats, other: Floats) -> float:
    """Compute the density halfway between two clusters, relative to the densest half of the sparser one."""
    start, way = one.mean(axis=0), other.mean(axis=0) - one.mean(axis=0)
    length = float(way @ way)
    if length == 0:
        return np.inf
    places = [(members - start) @ way / length for members in (one, other)]
    between = (np.abs(np.concatenate(places) - 0.5) < _STRIP / 2).sum() / _STRIP
    return float(between / min(_measure_densest_half(place) for place in places))


def _measure_densest_half(places: Floats) -> float:
    """Compute the customers per length in the shortest interval that holds half of them."""
    half = max(len(places) // 2, 1)
    places = np.sort(places)
    shortest = float((places[half:] - places[:-half]).min()) if len(places) > half else 0.0
    return half / max(shortest, np.finfo(float).eps)
