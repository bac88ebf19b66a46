"""A stratum collapsed to its distinct KPI vectors with the customers behind each, and the sample that is fitted."""

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
    """Every distinct vector of a stratum, sorted, so that the order of the customers does not matter.

    Attributes:
        values: float64[vectors, KPIs], in the KPIs' own units.
        counts: int64[vectors], the customers behind each.
        fitted: int64[fitted vectors], rising: all vectors, or the sample that is fitted.
    """

    values: Floats
    counts: Integers
    fitted: Integers

    @property
    def is_sampled(self) -> bool:
        """Whether some vectors are not fitted."""
        return len(self.fitted) < len(self.counts)

    @property
    def note(self) -> str:
        """A remark for readers; empty if all vectors are fitted."""
        whole = f"fitted on {len(self.fitted)} of {len(self.counts)} distinct vectors, chosen by hash"
        return whole if self.is_sampled else ""


@dataclass(frozen=True)
class RuleOutcome:
    """The result of applying a rule to every customer of a stratum.

    Attributes:
        sizes: int64[segments], the customers.
        inertias: the mean squared distance of a customer to the centroid of their segment, among fitted vectors and
            among the rest; NaN without a rest.
    """

    sizes: Integers
    inertias: tuple[float, float]

    @property
    def gap(self) -> float:
        """How much farther the rest lies from the centroids, as a share."""
        fitted, rest = self.inertias
        return rest / fitted - 1


def collapse_stratum(
    customers: pa.Table, condition: str, kpis: Sequence[str], undefined_as: Mapping[str, float] | None = None
) -> DistinctVectors:
    """Collapse a stratum to its distinct vectors.

    Args:
        customers: every customer of the macro segment.
        condition: the SQL condition of the stratum.
        kpis: the KPIs that it is clustered on.
        undefined_as: the values that replace NULL, by KPI.

    Raises:
        DataError: a KPI is NULL for a customer of the stratum.
    """
    columns = ", ".join(kpis)
    filled = {kpi: f"coalesce({kpi}, {value!r})" for kpi, value in (undefined_as or {}).items()}
    casts = ", ".join(f"CAST({filled.get(kpi, kpi)} AS DOUBLE) AS {kpi}" for kpi in kpis)
    vectors = query_batch(
        customers,
        f"SELECT {columns}, count(*) AS _customers, hash({columns}) AS _hash "
        f"FROM (SELECT {casts} FROM batch WHERE {condition}) "
        f"GROUP BY {columns} ORDER BY {columns}",
    )
    for kpi in kpis:
        if vectors[kpi].null_count:
            raise DataError(f"KPI '{kpi}' is undefined (NULL) for customers of a stratum ({condition}) that needs it")
    fitted = np.arange(vectors.num_rows)
    if vectors.num_rows > MAX_VECTORS:
        hashes = vectors["_hash"].to_numpy()
        fitted = np.flatnonzero(hashes <= np.partition(hashes, MAX_VECTORS - 1)[MAX_VECTORS - 1])
    return DistinctVectors(
        read_matrix(vectors, kpis), np.asarray(vectors["_customers"].to_numpy(), dtype=np.int64), fitted
    )


def apply_rule(distinct: DistinctVectors, columns: Sequence[int], rule: NearestRule, centroids: Floats) -> RuleOutcome:
    """Label every customer, including those whose vectors were not fitted.

    Args:
        distinct: the stratum.
        columns: the columns of its values that the rule reads.
        rule: the rule.
        centroids: float64[segments, KPIs], in the space of the rule's axes.
    """
    sizes = np.zeros(len(centroids), dtype=np.int64)
    is_fitted = np.zeros(len(distinct.counts), dtype=bool)
    is_fitted[distinct.fitted] = True
    distances = np.zeros(2)
    for at in range(0, len(distinct.counts), _ROWS):
        rows = slice(at, at + _ROWS)
        values, counts = distinct.values[rows][:, columns], distinct.counts[rows]
        labels = find_nearest(rule, values)[0]
        sizes += np.bincount(labels, weights=counts, minlength=len(sizes)).astype(np.int64)
        far = ((scale_values(values, rule.axes) - centroids[labels]) ** 2).sum(axis=1) * counts
        distances += [far[is_fitted[rows]].sum(), far[~is_fitted[rows]].sum()]
    customers = np.array([distinct.counts[is_fitted].sum(), distinct.counts[~is_fitted].sum()])
    means = np.divide(distances, customers, out=np.full(2, np.nan), where=customers > 0)
    return RuleOutcome(sizes, (float(means[0]), float(means[1])))
