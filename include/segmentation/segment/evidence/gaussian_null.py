"""Do the clusters stand apart, or was a continuum cut? Two questions about at most ``PEOPLE`` customers.

Are they tighter than the clusters of one Gaussian of the same covariance? The cluster index (the inertia inside the
clusters over that around the mean) is compared with that of samples of the same size from that Gaussian, cut into as
many: Y. Liu, D. N. Hayes, A. Nobel, J. S. Marron (2008), Statistical significance of clustering for high-dimension,
low-sample-size data, Journal of the American Statistical Association 103, 1281-1293.

That alone calls any cloud that is not Gaussian separated, one of even density too. So there has to be a gap as well:
on the line through two centroids, around the middle, fewer than half as many customers to the length as in the
densest half of the sparser of the two clusters. On such a line no cloud with one peak has a gap. KPIs are rounded, so
each customer is put at a random place inside of the rounding first: neighbouring whole numbers leave no gap.
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
"""Of the way between two centroids, around its middle."""
_SEED = 2


@dataclass(frozen=True)
class SeparationVerdict:
    """Whether clusters are separated, or a cut of a continuum.

    Attributes:
        index: the cluster index found.
        gaussian: float64[samples], those of the Gaussian.
        crossings: float64[k], per cluster how densely its border with the neighbour that it runs into most is peopled,
            in parts of the density inside; below ``GAP`` it stands apart.
    """

    index: float
    gaussian: Floats
    crossings: Floats

    @property
    def p(self) -> float:
        """How often one Gaussian is cut as tightly."""
        return float((1 + (self.gaussian <= self.index).sum()) / (1 + len(self.gaussian)))

    @property
    def apart(self) -> int:
        """How many clusters stand apart from all others."""
        return int((self.crossings < GAP).sum())

    @property
    def is_separated(self) -> bool:
        """Tighter than one Gaussian, and every cluster stands apart."""
        return self.p <= _SIGNIFICANT and self.apart == len(self.crossings)


def judge_separation(
    vectors: StratumVectors, found: ClusterPartition, algorithm: AlgorithmName
) -> SeparationVerdict | None:
    """Compare the clusters found with those of one Gaussian, and look for gaps; call it inside ``one_thread``.

    Returns:
        None where all customers looked at are alike: those who are not are too few to be among them.
    """
    generator = np.random.default_rng(_SEED)
    taken, people = take_every_nth(vectors.counts, JUDGED_CUSTOMERS)
    points = vectors.projected[taken]
    if len(np.unique(points, axis=0)) < 2:
        return None
    mean = (points * people[:, None]).sum(axis=0) / people.sum()
    centered = points - mean
    covariance = (centered * people[:, None]).T @ centered / people.sum()
    once = np.ones(people.sum(), dtype=np.int64)
    draws = (
        generator.multivariate_normal(mean, covariance, len(once), check_valid="ignore", method="eigh")
        for _ in range(SAMPLES)
    )
    everybody = np.repeat(taken, people)
    return SeparationVerdict(
        index=_index(points, people, algorithm, found.k),
        gaussian=np.array([_index(draw, once, algorithm, found.k) for draw in draws]),
        crossings=_crossings(_unrounded(vectors, everybody, generator), found.labels[everybody], found.k),
    )


def _index(points: Floats, counts: Integers, algorithm: AlgorithmName, k: int) -> float:
    labels = make_algorithm(algorithm, points, counts, _STARTS).compute_labels(min(k, len(points)))
    return compute_inertia(points, counts, labels) / compute_inertia(points, counts, np.zeros_like(labels))


def _unrounded(vectors: StratumVectors, everybody: Integers, generator: np.random.Generator) -> Floats:
    """float64[customers, KPIs], each somewhere inside of the rounding of its KPIs."""
    columns = []
    for column, kpi in enumerate(vectors.kpis.values()):
        known, first = np.unique(vectors.values[:, column], return_index=True)
        moved = vectors.points[first, column]
        steps = np.diff(moved) / np.diff(known) * kpi.resolution
        known = np.concatenate([[known[0] - kpi.resolution], known, [known[-1] + kpi.resolution]])
        moved = np.concatenate([[moved[0] - steps[0]], moved, [moved[-1] + steps[-1]]])
        values = vectors.values[everybody, column] + kpi.resolution * generator.uniform(-0.5, 0.5, len(everybody))
        columns.append(np.interp(values, known, moved))
    return np.column_stack(columns)


def _crossings(points: Floats, labels: Integers, k: int) -> Floats:
    present = np.unique(labels)
    crossings = np.full(k, np.inf)  # a cluster too small to have anyone in the sample is not known to stand apart
    crossings[present] = 0.0
    for number, a in enumerate(present):
        for b in present[number + 1 :]:
            crossing = _crossing(points[labels == a], points[labels == b])
            crossings[[a, b]] = np.maximum(crossings[[a, b]], crossing)
    return crossings


def _crossing(one: Floats, other: Floats) -> float:
    """The density half-way between two clusters, in parts of that in the densest half of the sparser one."""
    start, way = one.mean(axis=0), other.mean(axis=0) - one.mean(axis=0)
    length = float(way @ way)
    if length == 0:
        return np.inf
    places = [(members - start) @ way / length for members in (one, other)]
    between = (np.abs(np.concatenate(places) - 0.5) < _STRIP / 2).sum() / _STRIP
    return float(between / min(_densest_half(place) for place in places))


def _densest_half(places: Floats) -> float:
    """Customers per length in the shortest interval that holds half of them."""
    half = max(len(places) // 2, 1)
    places = np.sort(places)
    shortest = float((places[half:] - places[:-half]).min()) if len(places) > half else 0.0
    return half / max(shortest, np.finfo(float).eps)
