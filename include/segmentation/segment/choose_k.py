"""How many clusters: walk up from two while every cluster is stable and large enough, and keep the evidence."""

from dataclasses import dataclass

import numpy as np

from include.segmentation.macro_segment import Cluster
from include.segmentation.model import Evidence
from include.segmentation.segment.kmeans import Clustering, cluster
from include.segmentation.segment.scale import Floats, Integers
from include.segmentation.segment.silhouette import sample, silhouette
from include.segmentation.segment.stability import Resample, jaccard, resamples

STABLE = 0.75
_SMALLEST_SHARE = 0.02
_SMALLEST_SIZE = 100
_ALGORITHM = "kmeans"


@dataclass(frozen=True)
class Choice:
    """What became of a stratum.

    Attributes:
        clustering: the clusters, or None where the stratum stays whole.
        evidence: every number of every k that was tried.
        note: why it stays whole, or where the walk ended.
    """

    clustering: Clustering | None
    evidence: list[Evidence]
    note: str


@dataclass(frozen=True)
class _Trial:
    clustering: Clustering
    evidence: list[Evidence]
    problem: str


def smallest_size(customers: int) -> int:
    """The fewest customers a cluster may have: 2% of the stratum, and at least 100."""
    return max(int(np.ceil(_SMALLEST_SHARE * customers)), _SMALLEST_SIZE)


def choose(stratum: str, points: Floats, counts: Integers, wanted: Cluster) -> Choice:
    """Choose the clusters of a stratum.

    With ``k: auto`` the last k before the first failure is taken. "The largest k that passes" would go on cutting a
    cloud without structure, where a large k passes again by chance.

    Args:
        stratum: its name, for the evidence.
        points: float64[vectors, KPIs], scaled and sorted.
        counts: int64[vectors], the customers behind each.
        wanted: the profile's ``cluster``: a fixed k, or ``auto`` and k_max.
    """
    customers = int(counts.sum())
    floor = smallest_size(customers)
    if customers < 2 * floor:
        return Choice(None, [], f"not cut: {customers} customers, fewer than twice the {floor} that a cluster needs")
    if points.shape[1] == 0:
        return Choice(None, [], "not cut: no KPI varies among its customers")
    samples = resamples(counts)
    trials: dict[int, _Trial] = {}
    note = ""
    for k in range(2, wanted.k_max + 1) if wanted.k == "auto" else [wanted.k]:
        if len(points) < k:
            note = f"k = {k}: only {len(points)} distinct vectors"
            break
        trials[k] = _try(stratum, points, counts, k, samples, checked=wanted.k == "auto")
        note = trials[k].problem
        if note:
            break
    passed = [k for k, trial in trials.items() if not trial.problem]
    chosen = passed[-1] if passed else 1
    evidence = [Evidence(stratum=stratum, algorithm=_ALGORITHM, k=1, metric="inertia", value=_inertia(points, counts))]
    evidence += [row for trial in trials.values() for row in trial.evidence]
    evidence += [
        Evidence(stratum=stratum, algorithm=_ALGORITHM, k=k, metric="chosen", value=float(k == chosen))
        for k in [1, *trials]
    ]
    if chosen == 1:
        return Choice(None, evidence, f"not cut: {note}")
    return Choice(trials[chosen].clustering, evidence, f"stopped before {note}" if note else "")


def _try(stratum: str, points: Floats, counts: Integers, k: int, samples: list[Resample], checked: bool) -> _Trial:
    found = cluster(points, counts, k)
    sizes = np.bincount(found.labels, weights=counts, minlength=k).astype(np.float64)
    similarity = jaccard(points, found, samples)
    means = similarity.mean(axis=0)
    errors = similarity.std(axis=0, ddof=1) / np.sqrt(len(similarity))
    taken, people = sample(counts, found.labels)
    rows: list[tuple[str, float, float | None]] = [
        ("inertia", found.inertia, None),
        ("jaccard_min", float(means.min()), float(errors[means.argmin()])),
        ("jaccard_mean", float(means.mean()), None),
        *((f"jaccard_cluster_{i + 1}", float(means[i]), float(errors[i])) for i in range(k)),
        ("smallest_share", float(sizes.min() / sizes.sum()), None),
        ("largest_share", float(sizes.max() / sizes.sum()), None),
        ("silhouette", silhouette(points[taken], people, found.labels[taken]), None),
    ]
    evidence = [
        Evidence(stratum=stratum, algorithm=_ALGORITHM, k=k, metric=metric, value=value, standard_error=error)
        for metric, value, error in rows
    ]
    return _Trial(found, evidence, _problem(k, sizes, means, checked))


def _problem(k: int, sizes: Floats, means: Floats, checked: bool) -> str:
    floor = smallest_size(int(sizes.sum()))
    if sizes.min() < floor:
        return f"k = {k}: its smallest cluster has {sizes.min():.0f} customers; at least {floor} are needed"
    if checked and means.min() < STABLE:
        return f"k = {k}: a cluster comes back with a Jaccard of {means.min():.2f} only; {STABLE} is needed"
    return ""


def _inertia(points: Floats, counts: Integers) -> float:
    weights = counts[:, None]
    mean = (points * weights).sum(axis=0) / counts.sum()
    return float(((points - mean) ** 2 * weights).sum())
