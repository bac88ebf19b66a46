"""One stratum, fitted: its distinct vectors, their scale, and the clusters in a fixed order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from include.segmentation.macro_segment import Kpi, MacroSegment, Stratum
from include.segmentation.model import Evidence
from include.segmentation.segment.choose_k import choose
from include.segmentation.segment.scale import Floats, Integers, Scale, fit_scale, scaled
from include.segmentation.segment.strata import CUSTOMERS, distinct_vectors, matrix

_WHOLE = Scale(kpis=[], transforms=[], center=[], spread=[], dropped=[])


@dataclass(frozen=True)
class Cut:
    """How a stratum was cut, or that it was not.

    Attributes:
        kpis: the KPIs that its clusters differ in; empty where the stratum is one segment.
        values: float64[vectors, kpis], in the KPIs' own units.
        points: the same, scaled.
        counts: int64[vectors], the customers behind each.
        labels: int64[vectors], the ordinals of the clusters from 0.
        centroids: float64[k, kpis], scaled, best first.
    """

    stratum: Stratum
    kpis: dict[str, Kpi]
    scale: Scale
    values: Floats
    points: Floats
    counts: Integers
    labels: Integers
    centroids: Floats
    evidence: list[Evidence]
    note: str


def cut(customers: pa.Table, macro: MacroSegment, stratum: Stratum) -> Cut:
    """Fit one stratum.

    Args:
        customers: every customer of the macro segment with all its KPIs.
        macro: the macro segment as the profile declares it.
        stratum: the one to cut, or to leave whole.

    Raises:
        DataError: a KPI that the stratum clusters on is undefined for one of its customers.
    """
    if stratum.cluster is None:
        return _whole(stratum, [], "")
    kpis = {name: macro.kpis[name] for name in stratum.kpis}
    vectors, sampled = distinct_vectors(customers, stratum.when, list(kpis))
    if vectors.num_rows == 0:
        return _whole(stratum, [], "not cut: no customers at the fit")
    values, counts = matrix(vectors, list(kpis)), np.asarray(vectors[CUSTOMERS].to_numpy(), dtype=np.int64)
    scale = fit_scale(values, counts, kpis, macro.scale)
    constant = f"constant here, not used: {', '.join(scale.dropped)}" if scale.dropped else ""
    values = values[:, [column for column, name in enumerate(kpis) if name in scale.kpis]]
    points = scaled(values, scale.transforms, scale.center, scale.spread)
    choice = choose(stratum.name, points, counts, stratum.cluster)
    note = "; ".join(part for part in (sampled, constant, choice.note) if part)
    if choice.clustering is None:
        return _whole(stratum, choice.evidence, note)
    kept = {name: kpis[name] for name in scale.kpis}
    order = _best_first(choice.clustering.centroids, list(kept.values()))
    return Cut(
        stratum=stratum,
        kpis=kept,
        scale=scale,
        values=values,
        points=points,
        counts=counts,
        labels=np.argsort(order)[choice.clustering.labels],
        centroids=choice.clustering.centroids[order],
        evidence=_renumbered(choice.evidence, order),
        note=note,
    )


def _whole(stratum: Stratum, evidence: list[Evidence], note: str) -> Cut:
    nothing, none = np.empty((0, 0)), np.empty(0, dtype=np.int64)
    return Cut(stratum, {}, _WHOLE, nothing, nothing, none, none, nothing, evidence, note)


def _best_first(centroids: Floats, kpis: Sequence[Kpi]) -> Integers:
    """Order clusters by the first KPI, then the next, in the direction that the profile calls better."""
    signs = np.array([1.0 if kpi.direction == "less" else -1.0 for kpi in kpis])
    return np.lexsort((centroids * signs).T[::-1]).astype(np.int64)


def _renumbered(evidence: list[Evidence], order: Integers) -> list[Evidence]:
    """Give the evidence of the chosen k the ordinals that the segments have."""
    k = len(order)
    ordinal = {f"jaccard_cluster_{old + 1}": f"jaccard_cluster_{new + 1}" for new, old in enumerate(order)}
    return [
        row.model_copy(update={"metric": ordinal[row.metric]}) if row.k == k and row.metric in ordinal else row
        for row in evidence
    ]
