"""Drift: how far a run's customers are from those of the model's fit, and what a refit would gain.

Three measures, all 0 if nothing has changed:

- ``psi``: per clustered stratum and KPI the population stability index, with zero as a bin of its own. S. Siddiqi
  (2006), Credit Risk Scorecards: 0.1 to 0.25 is a moderate shift, above it a large one.
- ``js``: per macro segment the Jensen-Shannon divergence of the segments' shares, in bits. J. Lin (1991), Divergence
  measures based on the Shannon entropy, IEEE Transactions on Information Theory 37, 145-151.
- ``inertia_gain``: per clustered stratum the reduction of the mean squared distance to the nearest prototype if Lloyd's
  algorithm continues from the frozen prototypes: frozen / refitted - 1.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.model.model import DriftReference, Model, StratumModel
from include.segmentation.segment.space.distinct_vectors import collapse_stratum
from include.segmentation.segment.space.kpi_axes import scale_values
from include.segmentation.segment.space.nearest_prototype import find_nearest_points, read_rule
from include.segmentation.segment.space.principal_components import project_points
from include.segmentation.segment.space.stratum_vectors import StratumVectors
from include.segmentation.segment.space.thread_limit import limit_to_one_thread
from include.segmentation.segment.space.weighted_statistics import find_quantiles, take_every_nth

BINS = 10
FEWEST_CUSTOMERS = 100
"""Smaller strata are not measured: chance alone would shift them."""
_REFIT_CUSTOMERS = 200_000
"""A refit sees every n-th customer of a larger stratum."""


def make_references(vectors: StratumVectors) -> list[DriftReference]:
    """Describe the distribution of each KPI at a fit: a bin for zero, and up to ten equally full bins for the rest."""
    return [
        _describe_kpi(name, values, vectors.counts) for name, values in zip(vectors.kpis, vectors.values.T, strict=True)
    ]


def measure_drift(model: Model, customers: pa.Table, sizes: Mapping[str, int]) -> list[dict[str, Any]]:
    """Compare a run with the fit of its model.

    Args:
        model: the model that labelled the run.
        customers: the run's customers with every KPI that the model reads.
        sizes: the run's customers by segment key.

    Returns:
        One dict per measure: metric (``psi``, ``js``, ``inertia_gain``), stratum and kpi (empty if it concerns
        several), value.
    """
    with limit_to_one_thread():
        rows = [_make_measure("js", _compute_divergence(model, sizes))]
        for stratum in model.strata:
            if sum(sizes[segment.key] for segment in stratum.segments) >= FEWEST_CUSTOMERS and stratum.axes:
                rows += _measure_stratum(stratum, customers)
    return rows


def _describe_kpi(name: str, values: Floats, counts: Integers) -> DriftReference:
    is_nonzero = values != 0
    shares = [i / BINS for i in range(1, BINS)]
    edges = sorted(set(find_quantiles(values[is_nonzero], counts[is_nonzero], shares))) if is_nonzero.any() else []
    return DriftReference(kpi=name, edges=edges, customers=_count_bins(values, counts, edges).tolist())


def _count_bins(values: Floats, counts: Integers, edges: list[float]) -> Integers:
    """Compute int64[edges + 2], the customers per bin, those with 0 first; an edge belongs to the bin above."""
    places = np.where(values == 0, 0, np.searchsorted(edges, values, "right") + 1)
    return np.bincount(places, weights=counts, minlength=len(edges) + 2).astype(np.int64)


def _measure_stratum(stratum: StratumModel, customers: pa.Table) -> Iterator[dict[str, Any]]:
    distinct = collapse_stratum(customers, stratum.when, stratum.kpis, stratum.undefined_as)
    values, counts = distinct.values[distinct.fitted], distinct.counts[distinct.fitted]
    for reference in stratum.references:
        now = _count_bins(values[:, stratum.kpis.index(reference.kpi)], counts, reference.edges)
        yield _make_measure("psi", _compute_psi(np.array(reference.customers), now), stratum.name, reference.kpi)
    gain = _compute_gain(stratum, values, counts)
    if gain is not None:
        yield _make_measure("inertia_gain", gain, stratum.name)


def _compute_psi(before: Integers, now: Integers) -> float:
    """Compute the population stability index; half a customer per bin is added to keep empty bins finite."""
    was, become = ((bins + 0.5) / (bins + 0.5).sum() for bins in (before, now))
    return float(((become - was) * np.log(become / was)).sum())


def _compute_divergence(model: Model, sizes: Mapping[str, int]) -> float:
    from scipy.spatial.distance import jensenshannon

    was = [segment.customers_at_fit for segment in model.list_segments()]
    become = [sizes[segment.key] for segment in model.list_segments()]
    return float(jensenshannon(was, become, base=2) ** 2) if sum(was) and sum(become) else 0.0


def _compute_gain(stratum: StratumModel, values: Floats, counts: Integers) -> float | None:
    """Compute the gain of Lloyd's algorithm over the frozen prototypes; None if each point could have its own."""
    from sklearn.cluster import KMeans

    sample, sizes = take_every_nth(counts, _REFIT_CUSTOMERS)
    rule = read_rule(stratum)
    points = project_points(scale_values(values[sample], rule.axes), rule.components)
    frozen = np.vstack(rule.prototypes)
    if len(np.unique(points, axis=0)) <= len(frozen):  # a transform can move several vectors to one place
        return None
    refitted = KMeans(len(frozen), init=frozen, n_init=1).fit(points, sample_weight=sizes).cluster_centers_
    before, after = (_compute_mean_inertia(points, sizes, prototypes) for prototypes in (frozen, refitted))
    return max(before / after - 1, 0.0)


def _compute_mean_inertia(points: Floats, counts: Integers, prototypes: Floats) -> float:
    nearest = prototypes[find_nearest_points(points, prototypes)]
    return float((((points - nearest) ** 2).sum(axis=1) * counts).sum())


def _make_measure(metric: str, value: float, stratum: str = "", kpi: str = "") -> dict[str, Any]:
    return {"metric": metric, "stratum": stratum, "kpi": kpi, "value": round(value, 6)}
