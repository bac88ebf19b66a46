"""How many clusters: walk up from two while every cluster is stable, large and explicable, and keep the evidence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from include.segmentation.common.arrays import Floats
from include.segmentation.model.model import Evidence
from include.segmentation.profile.gates import compute_smallest_cluster
from include.segmentation.profile.strata import ClusterChoice
from include.segmentation.segment.cluster.algorithms import make_algorithm
from include.segmentation.segment.cluster.partition import Algorithm, ClusterPartition, compute_inertia
from include.segmentation.segment.evidence import gaussian_null, stability
from include.segmentation.segment.evidence.cluster_explanation import EXPLANATION_DEPTH, FAITHFUL, explain_clusters
from include.segmentation.segment.evidence.gaussian_null import SeparationVerdict
from include.segmentation.segment.evidence.knee import find_knee
from include.segmentation.segment.evidence.silhouette import compute_silhouettes, sample_clusters
from include.segmentation.segment.evidence.sort_baseline import find_sort_baseline
from include.segmentation.segment.evidence.stability import STABLE, Bootstrap, ClusterStability
from include.segmentation.segment.space.stratum_vectors import StratumVectors


@dataclass(frozen=True)
class ClusterCount:
    """What became of a stratum.

    Attributes:
        partition: the clusters, or None where the stratum stays whole.
        evidence: every number of every k that was looked at.
        note: why it stays whole, or where the walk ended.
    """

    partition: ClusterPartition | None
    evidence: list[Evidence]
    note: str


class _Row(NamedTuple):
    k: int
    metric: str
    value: float
    standard_error: float | None = None


@dataclass(frozen=True)
class _Trial:
    """The clusters of one k, and how well a small tree explains them."""

    partition: ClusterPartition
    sizes: Floats
    fidelity: float

    @property
    def k(self) -> int:
        return self.partition.k


@dataclass(frozen=True)
class _Walk:
    """How far the walk got: the stability of every k up to its end, the trial taken, and why it ended there."""

    steps: dict[int, ClusterStability]
    chosen: _Trial | None
    problem: str


def choose_cluster_count(
    stratum: str, vectors: StratumVectors, wanted: ClusterChoice, seed: int = stability.BOOTSTRAP_SEED
) -> ClusterCount:
    """Choose the clusters of a stratum; call it inside ``one_thread``.

    With ``k: auto`` the last k before the first failure is taken. "The largest k that passes" would go on cutting a
    cloud without structure, where a large k passes again by chance. A fixed k only has to have large enough clusters.

    Args:
        stratum: its name, for the evidence.
        vectors: its customers, one or more.
        wanted: the profile's ``cluster``: an algorithm and a fixed k, or ``auto`` and k_max.
        seed: of the resamples.
    """
    floor = compute_smallest_cluster(vectors.customers)
    if vectors.customers < 2 * floor:
        why = f"not cut: {vectors.customers} customers, fewer than twice the {floor} that a cluster needs"
        return ClusterCount(None, [], why)
    if not vectors.kpis:
        return ClusterCount(None, [], "not cut: no KPI varies among its customers")
    algorithm = make_algorithm(wanted.algorithm, vectors.projected, vectors.counts)
    trials = [_try(vectors, algorithm, k) for k in wanted.ks if k <= algorithm.most]
    walk = _walk(trials, Bootstrap(vectors, wanted.algorithm, seed), checked=wanted.k == "auto")
    if not walk.problem and len(trials) < len(wanted.ks):
        first = wanted.ks[len(trials)]
        walk = replace(walk, problem=f"k = {first}: only {algorithm.most} distinct vectors")
    rows = [*_rows(vectors, trials), *_walk_rows(walk, trials)]
    tested = walk.chosen or (trials[0] if trials else None)
    verdict = gaussian_null.judge_separation(vectors, tested.partition, wanted.algorithm) if tested else None
    if tested and verdict:
        rows += _verdict_rows(tested.k, verdict)
    evidence = [
        Evidence(stratum=stratum, algorithm=wanted.algorithm, k=k, metric=metric, value=value, standard_error=error)
        for k, metric, value, error in rows
    ]
    return ClusterCount(walk.chosen.partition if walk.chosen else None, evidence, _note(walk))


def _try(vectors: StratumVectors, algorithm: Algorithm, k: int) -> _Trial:
    found = algorithm.make_partition(k)
    sizes = np.bincount(found.labels, weights=vectors.counts, minlength=k).astype(np.float64)
    return _Trial(found, sizes, explain_clusters(vectors.values, vectors.counts, found.labels).fidelity)


def _walk(trials: Sequence[_Trial], bootstrap: Bootstrap, checked: bool) -> _Walk:
    steps: dict[int, ClusterStability] = {}
    chosen = None
    for trial in trials:
        steps[trial.k] = bootstrap.measure_stability(trial.partition)
        problem = _problem(trial, steps[trial.k], checked)
        if problem:
            return _Walk(steps, chosen, problem)
        chosen = trial
    return _Walk(steps, chosen, "")


def _problem(trial: _Trial, stable: ClusterStability, checked: bool) -> str:
    floor = compute_smallest_cluster(int(trial.sizes.sum()))
    if trial.sizes.min() < floor:
        return f"k = {trial.k}: its smallest cluster has {trial.sizes.min():.0f} customers; at least {floor} are needed"
    if checked and not stable.is_stable:
        marginal = " (marginal: within one standard error)" if stable.is_marginal else ""
        least = f"{stable.means[stable.least]:.2f}"
        return f"k = {trial.k}: a cluster comes back with a Jaccard of {least} only; {STABLE} is needed{marginal}"
    if checked and trial.fidelity < FAITHFUL:
        return (
            f"k = {trial.k}: {EXPLANATION_DEPTH} questions in a row tell the cluster of {trial.fidelity:.0%} of the "
            f"customers only; {FAITHFUL:.0%} are needed"
        )
    return ""


def _note(walk: _Walk) -> str:
    if not walk.chosen:
        return f"not cut: {walk.problem}"
    ended = f"stopped before {walk.problem}" if walk.problem else ""
    k = walk.chosen.k
    marginal = f"k = {k} is marginal: its least Jaccard is within one standard error of {STABLE}"
    return "; ".join(part for part in (ended, marginal if walk.steps[k].is_marginal else "") if part)


def _rows(vectors: StratumVectors, trials: Sequence[_Trial]) -> Iterator[_Row]:
    """What every k that was looked at is like, the whole stratum (k = 1) included."""
    whole = compute_inertia(vectors.projected, vectors.counts, np.zeros(len(vectors.counts), dtype=np.int64))
    inertias = {1: whole} | {trial.k: trial.partition.inertia for trial in trials}
    bend = find_knee(list(inertias), list(inertias.values()))
    for k, value in inertias.items():
        yield _Row(k, "inertia", value)
        yield _Row(k, "knee", float(k == bend))
    sorting = find_sort_baseline(vectors)
    if sorting:
        yield _Row(1, f"top_30_by_{sorting.kpi}", sorting.sorting_share)
    for trial in trials:
        k, labels = trial.k, trial.partition.labels
        yield _Row(k, "prototype_agreement", trial.partition.agreement)
        yield _Row(k, "smallest_share", float(trial.sizes.min() / trial.sizes.sum()))
        yield _Row(k, "largest_share", float(trial.sizes.max() / trial.sizes.sum()))
        yield _Row(k, "fidelity", trial.fidelity)
        if sorting:
            yield _Row(k, f"top_30_by_{sorting.kpi}", sorting.compute_cluster_share(labels))
        yield from _silhouette_rows(vectors, trial)


def _silhouette_rows(vectors: StratumVectors, trial: _Trial) -> Iterator[_Row]:
    labels = trial.partition.labels
    taken, people = sample_clusters(vectors.counts, labels)
    present, ordinals = np.unique(labels[taken], return_inverse=True)
    if len(present) < 2:
        return  # all but one cluster are too small to have anyone in the sample
    found = compute_silhouettes(vectors.points[taken], people, ordinals)
    mean = float(np.average(found, weights=people))
    error = float(np.sqrt(np.average((found - mean) ** 2, weights=people) / people.sum()))
    yield _Row(trial.k, "silhouette", mean, error)
    for ordinal, cluster in enumerate(present):
        inside = ordinals == ordinal
        yield _Row(
            trial.k, f"silhouette_cluster_{cluster + 1}", float(np.average(found[inside], weights=people[inside]))
        )


def _walk_rows(walk: _Walk, trials: Sequence[_Trial]) -> Iterator[_Row]:
    """How the clusters of every k came back up to the end of the walk, and which k was taken."""
    for k, stable in walk.steps.items():
        least = stable.least
        yield _Row(k, "jaccard_min", float(stable.means[least]), float(stable.errors[least]))
        yield _Row(k, "jaccard_mean", float(stable.means.mean()))
        for cluster, (mean, error) in enumerate(zip(stable.means, stable.errors, strict=True), start=1):
            yield _Row(k, f"jaccard_cluster_{cluster}", float(mean), float(error))
        yield _Row(k, "jaccard_resamples", float(stable.resamples))
        yield _Row(k, "jaccard_marginal", float(stable.is_marginal))
    chosen = walk.chosen.k if walk.chosen else 1
    for k in [1, *(trial.k for trial in trials)]:
        yield _Row(k, "chosen", float(k == chosen))


def _verdict_rows(k: int, verdict: SeparationVerdict) -> Iterator[_Row]:
    yield _Row(k, "cluster_index", verdict.index)
    yield _Row(k, "cluster_index_gaussian", float(verdict.gaussian.mean()), float(verdict.gaussian.std(ddof=1)))
    yield _Row(k, "gaussian_p", verdict.p)
    for cluster, crossing in enumerate(verdict.crossings, start=1):
        yield _Row(k, f"crossing_cluster_{cluster}", float(crossing))
    yield _Row(k, "clusters_apart", float(verdict.apart))
    yield _Row(k, "separated", float(verdict.is_separated))
