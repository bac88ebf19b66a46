"""The sort baseline: what sorting customers by one KPI achieves, for comparison with clusters."""

import re
from dataclasses import dataclass

import numpy as np

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.common.statistics import compute_top_share
from include.segmentation.segment.space.stratum_vectors import StratumVectors

_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class SortBaseline:
    """The KPI to sort customers by.

    Attributes:
        kpi: its name.
        values: float64[vectors], none negative, not all 0.
        counts: int64[vectors], the customers behind each.
    """

    kpi: str
    values: Floats
    counts: Integers

    @property
    def sorting_share(self) -> float:
        """The share of the KPI's total that the top 30% by this KPI alone hold."""
        return compute_top_share(self.values * self.counts, self.counts)

    def compute_cluster_share(self, labels: Integers) -> float:
        """Compute the share that equally many customers hold, taken from the clusters with the highest means.

        Args:
            labels: int64[vectors], from 0. The last cluster needed counts in part, at its mean.
        """
        sizes = np.bincount(labels, weights=self.counts).astype(np.float64)
        totals = np.bincount(labels, weights=self.values * self.counts).astype(np.float64)
        return compute_top_share(totals, sizes)


def find_sort_baseline(vectors: StratumVectors) -> SortBaseline | None:
    """Find the sort baseline of a stratum.

    It is the first KPI in money (a unit such as EUR) of which more is better, or else the first KPI of which more is
    better. There is none without such a KPI, or if it has negative values, because shares of its total mean nothing
    then.
    """
    better = [(number, kpi) for number, kpi in enumerate(vectors.kpis.values()) if kpi.direction == "more"]
    ranked = sorted(better, key=lambda pair: not _CURRENCY.fullmatch(pair[1].unit))
    if not ranked:
        return None
    values = vectors.values[:, ranked[0][0]]
    if values.min() < 0:
        return None
    return SortBaseline(list(vectors.kpis)[ranked[0][0]], values, vectors.counts)
