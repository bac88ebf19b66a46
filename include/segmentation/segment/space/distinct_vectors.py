"""A stratum collapsed to its distinct KPI vectors with the customers behind each, and which of them a fit looks at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.errors import DataError
from include.segmentation.segment.space.kpi_axes import scale_values
from include.segmentation.segment.space.nearest_prototype import NearestRule, find_nearest
from include.segmentation.segment.stratum_assignment import query_batch, read_matrix

MAX_VECTORS = 1_000_000
"""A stratum with more distinct vectors is fitted on a sample of them, chosen by hash."""
_ROWS = 500_000


@dataclass(frozen=True)
class DistinctVectors:
    """Every distinct vector of a stratum, sorted: the same whatever the order of the customers.

    Attributes:
        values: float64[vectors, KPIs], in the KPIs' own units.
        counts: int64[vectors], the customers behind each.
        taken: int64[vectors taken], rising: all of them, or the sample that is fitted.
    """

    values: Floats
    counts: Integers
    taken: Integers

    @property
    def is_sampled(self) -> bool:
        """Whether some vectors are not fitted."""
        return len(self.taken) < len(self.counts)

    @property
    def note(self) -> str:
        """What a reader should know; empty where all vectors are fitted."""
        whole = f"fitted on {len(self.taken)} of {len(self.counts)} distinct vectors, chosen by hash"
        return whole if self.is_sampled else ""


@dataclass(frozen=True)
class RuleOutcome:
    """What a rule makes of every customer of a stratum.

    Attributes:
        sizes: int64[segments], the customers.
        inertias: the mean squared distance of a customer to the centroid of their segment, among the vectors that were
            fitted and among the rest; NaN where there is no rest.
    """

    sizes: Integers
    inertias: tuple[float, float]

    @property
    def gap(self) -> float:
        """By how much the rest lies farther from the centroids, as a share."""
        fitted, rest = self.inertias
        return rest / fitted - 1


def collapse_stratum(
    customers: pa.Table, condition: str, kpis: Sequence[str], undefined_as: Mapping[str, float] | None = None
) -> DistinctVectors:
    """Collapse a stratum.

    Args:
        customers: every customer of the macro segment.
        condition: who is in the stratum.
        kpis: what it is clustered on.
        undefined_as: what stands for NULL, by KPI; nothing where absent.

    Raises:
        DataError: a KPI is NULL for a customer of the stratum.
    """
    columns = ", ".join(kpis)
    counted = {kpi: f"coalesce({kpi}, {value!r})" for kpi, value in (undefined_as or {}).items()}
    listed = ", ".join(f"CAST({counted.get(kpi, kpi)} AS DOUBLE) AS {kpi}" for kpi in kpis)
    found = query_batch(
        customers,
        f"SELECT {columns}, count(*) AS _customers, hash({columns}) AS _hash "
        f"FROM (SELECT {listed} FROM batch WHERE {condition}) "
        f"GROUP BY {columns} ORDER BY {columns}",
    )
    for kpi in kpis:
        if found[kpi].null_count:
            raise DataError(f"KPI '{kpi}' is undefined (NULL) for customers of a stratum ({condition}) that needs it")
    taken = np.arange(found.num_rows)
    if found.num_rows > MAX_VECTORS:
        hashes = found["_hash"].to_numpy()
        taken = np.flatnonzero(hashes <= np.partition(hashes, MAX_VECTORS - 1)[MAX_VECTORS - 1])
    return DistinctVectors(read_matrix(found, kpis), np.asarray(found["_customers"].to_numpy(), dtype=np.int64), taken)


def apply_rule(found: DistinctVectors, columns: Sequence[int], rule: NearestRule, centroids: Floats) -> RuleOutcome:
    """Label every customer, also those whose vectors were not fitted.

    Args:
        found: the stratum.
        columns: which columns of its values the rule reads.
        rule: what labels.
        centroids: float64[segments, KPIs], in the space of the rule's axes.
    """
    sizes = np.zeros(len(centroids), dtype=np.int64)
    fitted = np.zeros(len(found.counts), dtype=bool)
    fitted[found.taken] = True
    distances = np.zeros(2)
    for at in range(0, len(found.counts), _ROWS):
        rows = slice(at, at + _ROWS)
        values, counts = found.values[rows][:, columns], found.counts[rows]
        labels = find_nearest(rule, values)[0]
        sizes += np.bincount(labels, weights=counts, minlength=len(sizes)).astype(np.int64)
        far = ((scale_values(values, rule.axes) - centroids[labels]) ** 2).sum(axis=1) * counts
        distances += [far[fitted[rows]].sum(), far[~fitted[rows]].sum()]
    customers = np.array([found.counts[fitted].sum(), found.counts[~fitted].sum()])
    means = np.divide(distances, customers, out=np.full(2, np.nan), where=customers > 0)
    return RuleOutcome(sizes, (float(means[0]), float(means[1])))
