"""What sorting by one KPI would have told: the yardstick that clusters have to be read against."""

import re
from dataclasses import dataclass

import numpy as np

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.common.statistics import compute_top_share
from include.segmentation.segment.space.stratum_vectors import StratumVectors

_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class SortBaseline:
    """The KPI that customers would be sorted by.

    Attributes:
        kpi: its name.
        values: float64[vectors], none below 0, not all 0.
        counts: int64[vectors], the customers behind each.
    """

    kpi: str
    values: Floats
    counts: Integers

    @property
    def sorting_share(self) -> float:
        """The share of the KPI's total that the top 30% by the KPI alone hold."""
        return compute_top_share(self.values * self.counts, self.counts)

    def compute_cluster_share(self, labels: Integers) -> float:
        """The share that as many customers hold who are taken from the clusters with the highest means.

        Args:
            labels: int64[vectors], from 0; of the last cluster that is needed only a part is taken, at its mean.
        """
        sizes = np.bincount(labels, weights=self.counts).astype(np.float64)
        totals = np.bincount(labels, weights=self.values * self.counts).astype(np.float64)
        return compute_top_share(totals, sizes)


def find_sort_baseline(vectors: StratumVectors) -> SortBaseline | None:
    """The sort baseline of a stratum.

    It sorts by the first KPI in money (a unit such as EUR) of which more is better; else by the first of which more is
    better. None where there is no such KPI, or where shares of its total mean nothing because it has negative values.
    """
    better = [(number, kpi) for number, kpi in enumerate(vectors.kpis.values()) if kpi.direction == "more"]
    ranked = sorted(better, key=lambda pair: not _CURRENCY.fullmatch(pair[1].unit))
    if not ranked:
        return None
    values = vectors.values[:, ranked[0][0]]
    if values.min() < 0:
        return None
    return SortBaseline(list(vectors.kpis)[ranked[0][0]], values, vectors.counts)
