"""Drift: how far a run's customers are from those that its model was fitted on, and what a refit would gain.

Three measures, all 0 where nothing has changed:

- ``psi``: per clustered stratum and KPI the population stability index, with zero as a bin of its own. S. Siddiqi
  (2006), Credit Risk Scorecards: 0.1 to 0.25 is a shift worth a look, above it a large one.
- ``js``: per macro segment the Jensen-Shannon divergence of the segments' shares, in bits. J. Lin (1991), Divergence
  measures based on the Shannon entropy, IEEE Transactions on Information Theory 37, 145-151.
- ``inertia_gain``: per clustered stratum how much smaller the mean squared distance to the nearest prototype becomes
  when Lloyd's algorithm goes on from the frozen prototypes: frozen / refitted - 1.
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
from include.segmentation.segment.space.principal_components import project
from include.segmentation.segment.space.stratum_vectors import StratumVectors
from include.segmentation.segment.space.thread_limit import limit_to_one_thread
from include.segmentation.segment.space.weighted_statistics import find_quantile, take_every_nth

BINS = 10
FEWEST_CUSTOMERS = 100
"""Strata of fewer customers are not measured: chance alone would shift them."""
_PEOPLE = 200_000
"""A refit sees every n-th customer of a larger stratum."""


def make_references(vectors: StratumVectors) -> list[DriftReference]:
    """How each KPI is distributed at a fit: zero is a bin of its own, all else falls into up to ten equal ones."""
    return [
        _reference(name, values, vectors.counts) for name, values in zip(vectors.kpis, vectors.values.T, strict=True)
    ]


def measure_drift(model: Model, customers: pa.Table, sizes: Mapping[str, int]) -> list[dict[str, Any]]:
    """Compare a run with the fit of its model.

    Args:
        model: what labelled the run.
        customers: the run's customers with every KPI that the model uses.
        sizes: the run's customers by segment key.

    Returns:
        One dict per measure: metric (``psi``, ``js``, ``inertia_gain``), stratum and kpi (empty where it is of more
        than one), value.
    """
    with limit_to_one_thread():
        rows = [_row("js", _divergence(model, sizes))]
        for stratum in model.strata:
            if sum(sizes[segment.key] for segment in stratum.segments) >= FEWEST_CUSTOMERS and stratum.axes:
                rows += _of_stratum(stratum, customers)
    return rows


def _reference(name: str, values: Floats, counts: Integers) -> DriftReference:
    some = values != 0
    shares = [i / BINS for i in range(1, BINS)]
    edges = sorted({find_quantile(values[some], counts[some], share) for share in shares}) if some.any() else []
    return DriftReference(kpi=name, edges=edges, customers=_binned(values, counts, edges).tolist())


def _binned(values: Floats, counts: Integers, edges: list[float]) -> Integers:
    """int64[edges + 2], the customers of each bin, those with 0 first; an edge is in the bin above it."""
    places = np.where(values == 0, 0, np.searchsorted(edges, values, "right") + 1)
    return np.bincount(places, weights=counts, minlength=len(edges) + 2).astype(np.int64)


def _of_stratum(stratum: StratumModel, customers: pa.Table) -> Iterator[dict[str, Any]]:
    found = collapse_stratum(customers, stratum.when, stratum.kpis, stratum.undefined_as)
    values, counts = found.values[found.taken], found.counts[found.taken]
    for reference in stratum.references:
        now = _binned(values[:, stratum.kpis.index(reference.kpi)], counts, reference.edges)
        yield _row("psi", _stability(np.array(reference.customers), now), stratum.name, reference.kpi)
    gain = _gain(stratum, values, counts)
    if gain is not None:
        yield _row("inertia_gain", gain, stratum.name)


def _stability(before: Integers, now: Integers) -> float:
    """The population stability index; half a customer is added to every bin, so that an empty one is no infinity."""
    was, become = ((bins + 0.5) / (bins + 0.5).sum() for bins in (before, now))
    return float(((become - was) * np.log(become / was)).sum())


def _divergence(model: Model, sizes: Mapping[str, int]) -> float:
    from scipy.spatial.distance import jensenshannon

    was = [segment.customers_at_fit for segment in model.list_segments()]
    become = [sizes[segment.key] for segment in model.list_segments()]
    return float(jensenshannon(was, become, base=2) ** 2) if sum(was) and sum(become) else 0.0


def _gain(stratum: StratumModel, values: Floats, counts: Integers) -> float | None:
    """What Lloyd's algorithm gains from the frozen prototypes on; None where every point could have one of its own."""
    from sklearn.cluster import KMeans

    taken, people = take_every_nth(counts, _PEOPLE)
    rule = read_rule(stratum)
    points = project(scale_values(values[taken], rule.axes), rule.components)
    frozen = np.vstack(rule.prototypes)
    if len(np.unique(points, axis=0)) <= len(frozen):  # a transform can put several vectors in one place
        return None
    refitted = KMeans(len(frozen), init=frozen, n_init=1).fit(points, sample_weight=people).cluster_centers_
    before, after = (_inertia(points, people, prototypes) for prototypes in (frozen, refitted))
    return max(before / after - 1, 0.0)


def _inertia(points: Floats, counts: Integers, prototypes: Floats) -> float:
    nearest = prototypes[find_nearest_points(points, prototypes)]
    return float((((points - nearest) ** 2).sum(axis=1) * counts).sum())


def _row(metric: str, value: float, stratum: str = "", kpi: str = "") -> dict[str, Any]:
    return {"metric": metric, "stratum": stratum, "kpi": kpi, "value": round(value, 6)}
