"""From KPI values to the space that distances are measured in: transform, then centre and spread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.macro_segment import Kpi

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Scale:
    """scaled = (transform(value) - center) / spread, per KPI.

    Attributes:
        kpis: the KPIs kept, in the profile's order.
        dropped: the KPIs that are constant, which no distance can use.
    """

    kpis: list[str]
    transforms: list[Literal["none", "log1p"]]
    center: list[float]
    spread: list[float]
    dropped: list[str]

    def undo(self, centroid: Floats) -> list[float]:
        """A point of the scaled space in the KPIs' own units."""
        values = [float(value) for value in centroid * np.array(self.spread) + np.array(self.center)]
        return [
            float(np.expm1(value)) if transform == "log1p" else value
            for value, transform in zip(values, self.transforms, strict=True)
        ]


def fit_scale(
    values: Floats, counts: Integers, kpis: Mapping[str, Kpi], method: Literal["standard", "minmax", "none"]
) -> Scale:
    """Freeze the scale of a stratum.

    Args:
        values: float64[vectors, KPIs], at least one vector.
        counts: int64[vectors], the customers behind each.
        kpis: the KPIs, in the order of the columns of ``values``.
        method: ``standard`` subtracts the mean and divides by the standard deviation of the customers, ``minmax``
            maps their range to [0, 1].
    """
    kept: list[tuple[str, Literal["none", "log1p"], float, float]] = []
    dropped = []
    for column, (name, kpi) in enumerate(kpis.items()):
        moved = transformed(values[:, column], kpi.transform)
        if moved.min() == moved.max():
            dropped.append(name)
        else:
            kept.append((name, kpi.transform, *_center_and_spread(moved, counts, method)))
    return Scale(
        kpis=[name for name, _, _, _ in kept],
        transforms=[transform for _, transform, _, _ in kept],
        center=[center for _, _, center, _ in kept],
        spread=[spread for _, _, _, spread in kept],
        dropped=dropped,
    )


def scaled(
    values: Floats, transforms: Sequence[Literal["none", "log1p"]], center: Sequence[float], spread: Sequence[float]
) -> Floats:
    """Bring float64[rows, KPIs] into the scaled space, value by value, so that no chunking can change a bit of it."""
    columns = [
        (transformed(values[:, i], transforms[i]) - center[i]) / spread[i]  # one column at a time: no matrix product
        for i in range(values.shape[1])
    ]
    return np.column_stack(columns) if columns else np.empty((len(values), 0))


def transformed(values: Floats, transform: Literal["none", "log1p"]) -> Floats:
    """Apply a KPI's transform.

    Arrow's logarithm treats every value alike; numpy's may round differently at the end of a chunk.
    """
    if transform == "none":
        return values
    return np.asarray(pc.log1p(pa.array(values)).to_numpy(), dtype=np.float64)


def _center_and_spread(
    values: Floats, counts: Integers, method: Literal["standard", "minmax", "none"]
) -> tuple[float, float]:
    if method == "none":
        return 0.0, 1.0
    if method == "minmax":
        return float(values.min()), float(values.max() - values.min())
    customers = counts.sum()
    mean = float((values * counts).sum() / customers)
    return mean, float(np.sqrt(((values - mean) ** 2 * counts).sum() / customers))
