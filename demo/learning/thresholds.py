"""The originals' published figures per cluster and month: the number of learners and the range of each KPI.

``thresholds.csv`` contains the figures as published, including mistakes: month 2 of three macro segments is a copy of
the fourth. The generator therefore follows month 1 of every macro segment and months 2 to 4 of loyalty only.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_FILE = Path(__file__).with_name("thresholds.csv")


@dataclass(frozen=True)
class Threshold:
    """One original cluster in one month.

    Attributes:
        month: months since registration, from 1.
        learners: the number of its learners, of 33,280.
        ranges: KPI name -> lowest and highest value, both inclusive.
    """

    macro_segment: str
    cluster: int
    name: str
    month: int
    learners: int
    ranges: dict[str, tuple[float, float]]


@cache
def read_thresholds() -> tuple[Threshold, ...]:
    """Read every published cluster, in the order of the file."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(_read(row) for row in csv.DictReader(file))


def list_clusters(macro_segment: str, month: int) -> list[Threshold]:
    """List the clusters of one macro segment in one month, by cluster number."""
    clusters = [row for row in read_thresholds() if row.macro_segment == macro_segment and row.month == month]
    return sorted(clusters, key=lambda row: row.cluster)


def share_out_learners(macro_segment: str, month: int, learners: int) -> NDArray[np.int64]:
    """Divide ``learners`` among the clusters of a month; 33,280 learners give exactly the published counts."""
    return scale_counts([row.learners for row in list_clusters(macro_segment, month)], learners)


def scale_counts(counts: list[int], total: int) -> NDArray[np.int64]:
    """Scale ``counts`` to the sum ``total`` (largest remainder method)."""
    weights = np.asarray(counts, dtype=np.int64)
    scaled, remainders = np.divmod(weights * total, weights.sum())
    missing = total - int(scaled.sum())
    scaled[np.argsort(-remainders, kind="stable")[:missing]] += 1
    return scaled


def _read(row: dict[str, str]) -> Threshold:
    names = [key for key in ("kpi_1", "kpi_2", "kpi_3") if row[key]]
    return Threshold(
        macro_segment=row["macro_segment"],
        cluster=int(row["cluster"]),
        name=row["name"],
        month=int(row["month"]),
        learners=int(row["learners"]),
        ranges={row[key]: (float(row[f"{key}_min"]), float(row[f"{key}_max"])) for key in names},
    )
