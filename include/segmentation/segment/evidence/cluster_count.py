"""How many clusters: walk up from two while every cluster is stable, large and explicable, and record the evidence."""

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
    """The result for a stratum.

    Attributes:
        partition: the clusters, or None if the stratum stays whole.
        evidence: all numbers about every k that was tried.
        note: why the stratum stays whole, or where the walk ended.
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
    """The walk: the stability of every k up to its end, the chosen trial, and why it ended."""

    steps: dict[int, ClusterStability]
    chosen: _Trial | None
    problem: str


def choose_cluster_count(
    stratum: str, vectors: StratumVectors, settings: ClusterChoice, seed: int = stability.BOOTSTRAP_SEED
) -> ClusterCount:
    """Choose the clusters of a stratum; call it within ``limit_to_one_thread``.

    With ``k: auto`` the last k before the first failure is chosen. "The largest k that passes" would keep cutting a
    cloud without structure, where a large k passes again by chance. A fixed k only needs clusters that are large
    enough.

    Args:
        stratum: its name, for the evidence.
        vectors: its customers, one or more.
        settings: the profile's ``cluster``: an algorithm and a fixed k, or ``auto`` and k_max.
        seed: the seed of the resamples.
    """
    floor = compute_smallest_cluster(vectors.customers)
    if vectors.customers < 2 * floor:
        note = f"not cut: {vectors.customers} customers, fewer than twice the {floor} that a cluster needs"
        return ClusterCount(None, [], note)
    if not vectors.kpis:
        return ClusterCount(None, [], "not cut: no KPI varies among its customers")
    algorithm = make_algorithm(settings.algorithm, vectors.projected, vectors.counts)
    trials = [_try_k(vectors, algorithm, k) for k in settings.ks if k <= algorithm.most]
    walk = _walk_up(trials, Bootstrap(vectors, settings.algorithm, seed), checked=settings.k == "auto")
    if not walk.problem and len(trials) < len(settings.ks):
        first = settings.ks[len(trials)]
        walk = replace(walk, problem=f"k = {first}: only {algorithm.most} distinct vectors")
    rows = [*_describe_trials(vectors, trials), *_describe_walk(walk, trials)]
    tested = walk.chosen or (trials[0] if trials else None)
    verdict = gaussian_null.judge_separation(vectors, tested.partition, settings.algorithm) if tested else None
    if tested and verdict:
        rows += _describe_verdict(tested.k, verdict)
    evidence = [
        Evidence(stratum=stratum, algorithm=settings.algorithm, k=k, metric=metric, value=value, standard_error=error)
        for k, metric, value, error in rows
    ]
    return ClusterCount(walk.chosen.partition if walk.chosen else None, evidence, _write_note(walk))


def _try_k(vectors: StratumVectors, algorithm: Algorithm, k: int) -> _Trial:
    partition = algorithm.make_partition(k)
    sizes = np.bincount(partition.labels, weights=vectors.counts, minlength=k).astype(np.float64)
    return _Trial(partition, sizes, explain_clusters(vectors.values, vectors.counts, partition.labels).fidelity)


def _walk_up(trials: Sequence[_Trial], bootstrap: Bootstrap, checked: bool) -> _Walk:
    steps: dict[int, ClusterStability] = {}
    chosen = None
    for trial in trials:
        steps[trial.k] = bootstrap.measure_stability(trial.partition)
        problem = _find_problem(trial, steps[trial.k], checked)
        if problem:
            return _Walk(steps, chosen, problem)
        chosen = trial
    return _Walk(steps, chosen, "")


def _find_problem(trial: _Trial, stable: ClusterStability, checked: bool) -> str:
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


def _write_note(walk: _Walk) -> str:
    if not walk.chosen:
        return f"not cut: {walk.problem}"
    ended = f"stopped before {walk.problem}" if walk.problem else ""
    k = walk.chosen.k
    marginal = f"k = {k} is marginal: its least Jaccard is within one standard error of {STABLE}"
    return "; ".join(part for part in (ended, marginal if walk.steps[k].is_marginal else "") if part)


def _describe_trials(vectors: StratumVectors, trials: Sequence[_Trial]) -> Iterator[_Row]:
    """Describe every k that was tried, and the whole stratum (k = 1)."""
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
        yield from _describe_silhouettes(vectors, trial)


def _describe_silhouettes(vectors: StratumVectors, trial: _Trial) -> Iterator[_Row]:
    labels = trial.partition.labels
    sample, sizes = sample_clusters(vectors.counts, labels)
    present, ordinals = np.unique(labels[sample], return_inverse=True)
    if len(present) < 2:
        return  # only one cluster has customers in the sample
    scores = compute_silhouettes(vectors.points[sample], sizes, ordinals)
    mean = float(np.average(scores, weights=sizes))
    error = float(np.sqrt(np.average((scores - mean) ** 2, weights=sizes) / sizes.sum()))
    yield _Row(trial.k, "silhouette", mean, error)
    for ordinal, cluster in enumerate(present):
        inside = ordinals == ordinal
        yield _Row(
            trial.k, f"silhouette_cluster_{cluster + 1}", float(np.average(scores[inside], weights=sizes[inside]))
        )


def _describe_walk(walk: _Walk, trials: Sequence[_Trial]) -> Iterator[_Row]:
    """Report the stability of every k up to the end of the walk, and which k was chosen."""
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


def _describe_verdict(k: int, verdict: SeparationVerdict) -> Iterator[_Row]:
    yield _Row(k, "cluster_index", verdict.index)
    yield _Row(k, "cluster_index_gaussian", float(verdict.gaussian.mean()), float(verdict.gaussian.std(ddof=1)))
    yield _Row(k, "gaussian_p", verdict.p)
    for cluster, crossing in enumerate(verdict.crossings, start=1):
        yield _Row(k, f"crossing_cluster_{cluster}", float(crossing))
    yield _Row(k, "clusters_apart", float(verdict.apart))
    yield _Row(k, "separated", float(verdict.is_separated))
