"""One fitted stratum: its distinct vectors, their space, and the clusters in a fixed order."""

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.model.model import Evidence
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.profile.strata import Stratum
from include.segmentation.segment.cluster.partition import ClusterPartition
from include.segmentation.segment.evidence.cluster_count import choose_cluster_count
from include.segmentation.segment.evidence.rival_algorithms import score_rivals
from include.segmentation.segment.space.distinct_vectors import (
    DistinctVectors,
    RuleOutcome,
    apply_rule,
    collapse_stratum,
)
from include.segmentation.segment.space.kpi_axes import fit_axes, scale_values
from include.segmentation.segment.space.nearest_prototype import NearestRule, find_nearest
from include.segmentation.segment.space.principal_components import NO_COMPONENTS, find_components, project_points
from include.segmentation.segment.space.stratum_vectors import StratumVectors
from include.segmentation.segment.space.weighted_statistics import compute_means

_PER_CLUSTER = re.compile(r"_cluster_(\d+)$")


@dataclass(frozen=True)
class StratumCut:
    """How a stratum was cut, or that it stays whole.

    Attributes:
        vectors: its customers; without KPIs if the stratum is one segment.
        rule: the rule that labels them, the segments best first.
        labels: int64[vectors], the ordinals of the segments from 0, by the rule.
        centroids: float64[segments, KPIs], the mean of each segment's customers in the space of ``vectors.points``.
        sizes: int64[segments], the customers of each, including those who were not fitted.
        note: remarks about this fit for readers.
    """

    stratum: Stratum
    vectors: StratumVectors
    rule: NearestRule
    labels: Integers
    centroids: Floats
    sizes: Integers
    evidence: list[Evidence]
    note: str

    @property
    def is_whole(self) -> bool:
        """Whether the stratum is one segment."""
        return not self.vectors.kpis


def cut_stratum(customers: pa.Table, macro: MacroSegment, stratum: Stratum, size: int) -> StratumCut:
    """Fit one stratum; call it within ``limit_to_one_thread``.

    Args:
        customers: every customer of the macro segment with all its KPIs.
        macro: the macro segment as the profile declares it.
        stratum: the stratum to cut, or to leave whole.
        size: its number of customers.

    Raises:
        DataError: a KPI that the stratum clusters on is undefined for one of its customers, or cannot be scaled.
    """
    if stratum.cluster is None:
        return _leave_whole(stratum, size, [], "")
    if size == 0:
        return _leave_whole(stratum, size, [], "not cut: no customers at the fit")
    undefined_as = stratum.cluster.undefined_as
    distinct = collapse_stratum(customers, stratum.when, stratum.kpis, undefined_as)
    counts = distinct.counts[distinct.fitted]
    axes, constant = fit_axes(distinct.values[distinct.fitted], counts, stratum.kpis, macro, stratum.name)
    axes = [axis.model_copy(update={"undefined_as": undefined_as.get(axis.kpi)}) for axis in axes]
    columns = [stratum.kpis.index(axis.kpi) for axis in axes]
    values = distinct.values[distinct.fitted][:, columns]
    points = scale_values(values, axes)
    rows = find_components(points, counts, stratum.cluster.pca) if stratum.cluster.pca and axes else NO_COMPONENTS
    kpis = {axis.kpi: macro.kpis[axis.kpi] for axis in axes}
    vectors = StratumVectors(kpis, values, points, project_points(points, rows), counts)
    choice = choose_cluster_count(stratum.name, vectors, stratum.cluster)
    dropped = f"constant here, not used: {', '.join(constant)}" if constant else ""
    replaced = ", ".join(
        f"undefined {macro.kpis[kpi].label} counts as {value:g}" for kpi, value in undefined_as.items()
    )
    note = "; ".join(part for part in (distinct.note, replaced, dropped, choice.note) if part)
    segments = choice.partition.labels if choice.partition else None
    tried = choice.evidence
    if tried:
        tried = tried + score_rivals(stratum.name, vectors, stratum.cluster.algorithm, segments, stratum.cluster.ks)
    if choice.partition is None:
        return _leave_whole(stratum, size, tried, note)
    order = _order_clusters(choice.partition, vectors)
    rule = NearestRule(axes, rows, [choice.partition.prototypes[choice.partition.owners == old] for old in order])
    labels = find_nearest(rule, values)[0]
    centroids = compute_means(points, counts, labels, len(order))
    outcome = apply_rule(distinct, columns, rule, centroids)
    evidence = [*_renumber_evidence(tried, order), *_describe_sample(stratum, distinct, outcome)]
    return StratumCut(stratum, vectors, rule, labels, centroids, outcome.sizes, evidence, note)


def _leave_whole(stratum: Stratum, size: int, evidence: list[Evidence], note: str) -> StratumCut:
    nothing, nobody = np.empty((0, 0)), np.empty(0, dtype=np.int64)
    vectors = StratumVectors({}, nothing, nothing, nothing, nobody)
    return StratumCut(
        stratum, vectors, NearestRule([], NO_COMPONENTS, []), nobody, nothing, np.array([size]), evidence, note
    )


def _describe_sample(stratum: Stratum, distinct: DistinctVectors, outcome: RuleOutcome) -> list[Evidence]:
    """Report the cost of fitting a sample; nothing if all vectors were fitted."""
    if not (stratum.cluster and distinct.is_sampled):
        return []
    share = float(distinct.counts[distinct.fitted].sum() / distinct.counts.sum())
    return [
        Evidence(
            stratum=stratum.name, algorithm=stratum.cluster.algorithm, k=len(outcome.sizes), metric=metric, value=value
        )
        for metric, value in {"fitted_share": share, "inertia_gap": outcome.gap}.items()
    ]


def _order_clusters(partition: ClusterPartition, vectors: StratumVectors) -> Integers:
    """Order clusters by the mean of the first KPI, then the next, in the direction that the profile calls better."""
    centroids = compute_means(vectors.points, vectors.counts, partition.labels, partition.k)
    signs = np.array([1.0 if kpi.direction == "less" else -1.0 for kpi in vectors.kpis.values()])
    return np.lexsort((centroids * signs).T[::-1]).astype(np.int64)


def _renumber_evidence(evidence: list[Evidence], order: Integers) -> list[Evidence]:
    """Renumber the evidence of the chosen k by the ordinals of the segments."""
    k = len(order)
    ordinal = {int(old) + 1: new for new, old in enumerate(order, start=1)}
    return [
        row.model_copy(update={"metric": _PER_CLUSTER.sub(lambda old: f"_cluster_{ordinal[int(old[1])]}", row.metric)})
        if row.k == k
        else row
        for row in evidence
    ]
