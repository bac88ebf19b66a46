"""The customers of one stratum as distinct vectors of its clustered KPIs."""

from dataclasses import dataclass

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.profile.kpis import Kpi


@dataclass(frozen=True)
class StratumVectors:
    """Sorted distinct vectors and the customers behind them.

    Attributes:
        kpis: the KPIs that vary, in the order of the columns of ``values`` and ``points``.
        values: float64[vectors, KPIs], in the KPIs' own units.
        points: float64[vectors, KPIs], transformed, scaled and weighted: the space of silhouettes.
        projected: float64[vectors, dimensions], the space of clustering: ``points``, or their principal components.
        counts: int64[vectors], the customers behind each.
    """

    kpis: dict[str, Kpi]
    values: Floats
    points: Floats
    projected: Floats
    counts: Integers

    @property
    def customers(self) -> int:
        """The number of customers."""
        return int(self.counts.sum())
