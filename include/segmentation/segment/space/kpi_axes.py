"""Coordinates from KPI values: transform, center, spread, weight.

Every value is treated on its own, with Arrow's functions where numpy's may round differently at the end of a chunk.
So chunking cannot change a single bit.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.errors import DataError
from include.segmentation.model.model import KpiAxis
from include.segmentation.profile.kpis import ClipTransform, Kpi, Scaler
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.segment.space.weighted_statistics import find_quantiles

_CUTS = 101
_ARROW = {"log1p": pc.log1p, "asinh": pc.asinh, "sqrt": pc.sqrt}


def fit_axes(
    values: Floats, counts: Integers, kpis: Sequence[str], macro: MacroSegment, stratum: str
) -> tuple[list[KpiAxis], list[str]]:
    """Freeze how the KPIs of a stratum are transformed and scaled.

    Args:
        values: float64[vectors, KPIs], at least one vector.
        counts: int64[vectors], the customers behind each.
        kpis: the names of the columns of ``values``.
        macro: the macro segment with the KPIs' declarations.
        stratum: its name, for error messages.

    Returns:
        An axis per KPI that still varies after its transform; and the names of the other KPIs, which cannot
        contribute to a distance.

    Raises:
        DataError: a KPI has scale ``robust``, but its interquartile range is 0.
    """
    axes, constant = [], []
    for name, column in zip(kpis, values.T, strict=True):
        axis = _make_axis(name, macro.kpis[name], column, counts)
        moved = transform_values(column, axis) if column.min() < column.max() else column
        if moved.min() == moved.max():
            constant.append(name)
            continue
        center, spread = _measure_center_and_spread(moved, counts, macro.find_scale(name))
        if spread == 0:
            raise DataError(
                f"macro segment '{macro.label}', stratum '{stratum}': KPI '{name}' has an interquartile range of 0, so "
                "scale: robust cannot be used; allowed: standard, minmax, none"
            )
        axes.append(axis.model_copy(update={"center": center, "spread": spread}))
    return axes, constant


def scale_values(values: Floats, axes: Sequence[KpiAxis]) -> Floats:
    """Convert float64[rows, KPIs] to coordinates on the axes."""
    columns = [
        (transform_values(column, axis) - axis.center) / axis.spread * axis.weight
        for column, axis in zip(values.T, axes, strict=True)
    ]
    return np.column_stack(columns) if columns else np.empty((len(values), 0))


def transform_values(values: Floats, axis: KpiAxis) -> Floats:
    """Apply an axis's transform to float64[rows]."""
    if axis.transform in _ARROW:
        transformed = _ARROW[axis.transform](pa.array(values))
        return np.asarray(transformed.to_numpy(zero_copy_only=False), dtype=np.float64)
    if axis.transform == "clip":
        return np.asarray(np.minimum(np.maximum(values, axis.cuts[0]), axis.cuts[1]))
    if axis.transform == "quantile":
        return _interpolate_shares(values, axis)
    return values


def compute_slopes(axis: KpiAxis) -> Floats:
    """Compute float64[cuts - 1] for a quantile axis: the rise of the share per unit after each cut but the last."""
    return np.asarray(np.diff(axis.shares) / np.diff(axis.cuts), dtype=np.float64)


def _interpolate_shares(values: Floats, axis: KpiAxis) -> Floats:
    """Interpolate shares between cuts; the published SQL does the same operations in the same order."""
    cuts, shares = np.array(axis.cuts), np.array(axis.shares)
    inside = np.minimum(np.maximum(values, cuts[0]), cuts[-1])
    below = np.minimum(np.searchsorted(cuts, inside, "right") - 1, len(cuts) - 2)
    rising = shares[below] + (inside - cuts[below]) * compute_slopes(axis)[below]
    return np.asarray(np.where(values >= cuts[-1], shares[-1], rising))


def _make_axis(name: str, kpi: Kpi, values: Floats, counts: Integers) -> KpiAxis:
    weight = 1.0 if kpi.weight is None else kpi.weight
    if isinstance(kpi.transform, ClipTransform):
        return KpiAxis(kpi=name, transform="clip", cuts=list(kpi.transform.clip), weight=weight)
    if kpi.transform == "quantile":
        cuts, shares = _summarise_distribution(values, counts)
        return KpiAxis(kpi=name, transform="quantile", cuts=cuts, shares=shares, weight=weight)
    return KpiAxis(kpi=name, transform=kpi.transform, weight=weight)


def _summarise_distribution(values: Floats, counts: Integers) -> tuple[list[float], list[float]]:
    """Return the values and their cumulative shares, thinned to about every percentile if there are many values.

    The share at a value counts the customers below it and half of those who have it.
    """
    distinct, which = np.unique(values, return_inverse=True)
    customers = np.bincount(which, weights=counts)
    running = np.cumsum(customers)
    shares = (running - customers / 2) / running[-1]
    if len(distinct) > _CUTS:
        targets = np.linspace(shares[0], shares[-1], _CUTS)
        rows = np.unique(np.minimum(np.searchsorted(shares, targets), len(distinct) - 1))
        distinct, shares = distinct[rows], shares[rows]
    return distinct.tolist(), shares.tolist()


def _measure_center_and_spread(values: Floats, counts: Integers, scaler: Scaler) -> tuple[float, float]:
    if scaler == "none":
        return 0.0, 1.0
    if scaler == "minmax":
        return float(values.min()), float(values.max() - values.min())
    if scaler == "robust":
        low, middle, high = find_quantiles(values, counts, [0.25, 0.5, 0.75])
        return middle, high - low
    customers = counts.sum()
    mean = float((values * counts).sum() / customers)
    return mean, float(np.sqrt(((values - mean) ** 2 * counts).sum() / customers))
