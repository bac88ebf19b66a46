"""How many clusters: walk up from two while every cluster is stable and large enough, and keep the evidence."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from include.segmentation.macro_segment import Cluster
from include.segmentation.model import Evidence
from include.segmentation.segment.algorithms import of
from include.segmentation.segment.partition import Algorithm, Partition, inertia
from include.segmentation.segment.silhouette import sample, silhouette
from include.segmentation.segment.stability import Resample, jaccard, resamples
from include.segmentation.segment.vectors import Vectors
from include.segmentation.segment.weighted import Floats

STABLE = 0.75
_SMALLEST_SHARE = 0.02
_SMALLEST_SIZE = 100


@dataclass(frozen=True)
class Choice:
    """What became of a stratum.

    Attributes:
        partition: the clusters, or None where the stratum stays whole.
        evidence: every number of every k that was tried.
        note: why it stays whole, or where the walk ended.
    """

    partition: Partition | None
    evidence: list[Evidence]
    note: str


class _Row(NamedTuple):
    k: int
    metric: str
    value: float
    standard_error: float | None = None


@dataclass(frozen=True)
class _Trial:
    partition: Partition
    rows: list[_Row]
    problem: str


def smallest_size(customers: int) -> int:
    """The fewest customers a cluster may have: 2% of the stratum, and at least 100."""
    return max(int(np.ceil(_SMALLEST_SHARE * customers)), _SMALLEST_SIZE)


def choose(stratum: str, vectors: Vectors, wanted: Cluster) -> Choice:
    """Choose the clusters of a stratum.

    With ``k: auto`` the last k before the first failure is taken. "The largest k that passes" would go on cutting a
    cloud without structure, where a large k passes again by chance.

    Args:
        stratum: its name, for the evidence.
        vectors: its customers, one or more.
        wanted: the profile's ``cluster``: an algorithm and a fixed k, or ``auto`` and k_max.
    """
    floor = smallest_size(vectors.customers)
    if vectors.customers < 2 * floor:
        why = f"not cut: {vectors.customers} customers, fewer than twice the {floor} that a cluster needs"
        return Choice(None, [], why)
    if not vectors.kpis:
        return Choice(None, [], "not cut: no KPI varies among its customers")
    algorithm = of(wanted.algorithm, vectors.projected, vectors.counts)
    samples = resamples(vectors, wanted.algorithm)
    trials: dict[int, _Trial] = {}
    note = ""
    for k in wanted.ks:
        if len(vectors.points) < k:
            note = f"k = {k}: only {len(vectors.points)} distinct vectors"
            break
        trials[k] = _try(vectors, algorithm, k, samples, checked=wanted.k == "auto")
        note = trials[k].problem
        if note:
            break
    passed = [k for k, trial in trials.items() if not trial.problem]
    chosen = passed[-1] if passed else 1
    whole = inertia(vectors.projected, vectors.counts, np.zeros(len(vectors.counts), dtype=np.int64))
    rows = [_Row(1, "inertia", whole)] + [row for trial in trials.values() for row in trial.rows]
    rows += [_Row(k, "chosen", float(k == chosen)) for k in [1, *trials]]
    evidence = [
        Evidence(stratum=stratum, algorithm=wanted.algorithm, k=k, metric=metric, value=value, standard_error=error)
        for k, metric, value, error in rows
    ]
    if chosen == 1:
        return Choice(None, evidence, f"not cut: {note}")
    return Choice(trials[chosen].partition, evidence, f"stopped before {note}" if note else "")


def _try(vectors: Vectors, algorithm: Algorithm, k: int, samples: list[Resample], checked: bool) -> _Trial:
    found = algorithm.partition(k)
    sizes = np.bincount(found.labels, weights=vectors.counts, minlength=k).astype(np.float64)
    similarity = jaccard(found, samples)
    means = similarity.mean(axis=0)
    errors = similarity.std(axis=0, ddof=1) / np.sqrt(len(similarity))
    taken, people = sample(vectors.counts, found.labels)
    rows = [
        _Row(k, "inertia", found.inertia),
        _Row(k, "prototype_agreement", found.agreement),
        _Row(k, "jaccard_min", float(means.min()), float(errors[means.argmin()])),
        _Row(k, "jaccard_mean", float(means.mean())),
        *(_Row(k, f"jaccard_cluster_{i + 1}", float(means[i]), float(errors[i])) for i in range(k)),
        _Row(k, "smallest_share", float(sizes.min() / sizes.sum())),
        _Row(k, "largest_share", float(sizes.max() / sizes.sum())),
        _Row(k, "silhouette", silhouette(vectors.points[taken], people, found.labels[taken])),
    ]
    return _Trial(found, rows, _problem(k, sizes, means, checked))


def _problem(k: int, sizes: Floats, means: Floats, checked: bool) -> str:
    floor = smallest_size(int(sizes.sum()))
    if sizes.min() < floor:
        return f"k = {k}: its smallest cluster has {sizes.min():.0f} customers; at least {floor} are needed"
    if checked and means.min() < STABLE:
        return f"k = {k}: a cluster comes back with a Jaccard of {means.min():.2f} only; {STABLE} is needed"
    return ""
