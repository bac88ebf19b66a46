"""The one rule that labels a customer: the stratum, its nearest prototype, and the nearest inside that segment."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.errors import DataError
from include.segmentation.model.model import Division, KpiAxis, Model
from include.segmentation.profile.conditions import list_condition_columns
from include.segmentation.segment.space.nearest_prototype import find_nearest, read_rule
from include.segmentation.segment.stratum_assignment import assign_strata, read_matrix, refuse_non_numbers

_ROWS = 100_000  # three times faster than a million: a column fits the processor's cache
LABELS = pa.schema(
    [
        ("stratum", pa.string()),
        ("segment_key", pa.string()),
        ("micro_key", pa.string()),
        ("margin", pa.float64()),
    ]
)


def score_batch(model: Model, batch: pa.Table) -> pa.Table:
    """Label every row of a batch. The label of a row depends only on that row.

    Args:
        model: the frozen model.
        batch: one row per customer, with every KPI that the model reads.

    Returns:
        ``LABELS``, one row per row of the batch, in its order. ``micro_key`` is NULL in a segment without micro
        segments. ``margin`` is (d2² - d1²) / d2² for the nearest prototype and the nearest of another segment; NULL in
        a stratum that is one segment.

    Raises:
        DataError: a KPI is missing, NaN or infinite, or NULL where the stratum clusters on it; or a customer matches no
            stratum or several.
    """
    refuse_non_numbers(batch, list_model_columns(model))
    which = assign_strata(batch, [stratum.when for stratum in model.strata])
    chosen, margin = _find_parts({f"stratum '{stratum.name}'": stratum for stratum in model.strata}, which, batch)
    inside = {f"segment '{segment.path}'": segment.micro or Division(segments=[]) for segment in model.list_segments()}
    micro, _ = _find_parts(inside, chosen, batch)
    columns = [
        _look_up(which, [stratum.name for stratum in model.strata]),
        _look_up(chosen, [segment.key for segment in model.list_segments()]),
        _look_up(micro, [segment.key for segment in model.list_micro_segments()]),
        pa.array(margin, mask=np.isnan(margin)),
    ]
    return pa.table(columns, schema=LABELS)


def score_table(model: Model, customers: pa.Table) -> pa.Table:
    """Label a table of any length, batch by batch."""
    batches = customers.to_batches(max_chunksize=_ROWS)
    return pa.concat_tables([score_batch(model, pa.table(batch)) for batch in batches] or [LABELS.empty_table()])


def list_model_columns(model: Model) -> list[str]:
    """List the columns of ``measure`` that the model reads, in alphabetical order."""
    divisions = [division for stratum in model.strata for _, division in stratum.list_divisions()]
    clustered = {kpi for division in divisions for kpi in division.kpis}
    return sorted(clustered | {column for stratum in model.strata for column in list_condition_columns(stratum.when)})


def read_values(rows: pa.Table, axes: Sequence[KpiAxis], where: str) -> Floats:
    """Read the KPIs of the axes as float64[rows, axes], with undefined values replaced.

    Raises:
        DataError: a KPI is NULL and has no replacement; ``where`` names the customers concerned.
    """
    columns = {axis.kpi: rows[axis.kpi].cast(pa.float64()) for axis in axes}
    columns |= {a.kpi: columns[a.kpi].fill_null(a.undefined_as) for a in axes if a.undefined_as is not None}
    for kpi, column in columns.items():
        if column.null_count:
            raise DataError(
                f"KPI '{kpi}' is undefined (NULL) for {column.null_count} customers of {where}, which clusters on it"
            )
    return read_matrix(pa.table(columns), list(columns))


def _find_parts(divisions: Mapping[str, Division], which: Integers, batch: pa.Table) -> tuple[Integers, Floats]:
    """Find the part of its division that each row belongs to.

    Args:
        divisions: by their names in messages.
        which: int64[rows], the number of the division; -1 for none.
        batch: the rows.

    Returns:
        int64[rows], the number of the part, counted through all divisions, -1 for none; and float64[rows], the margin,
        NaN if there is only one part.
    """
    parts = np.full(batch.num_rows, -1)
    margin = np.full(batch.num_rows, np.nan)
    first = 0
    for number, (name, division) in enumerate(divisions.items()):
        rows = np.flatnonzero(which == number) if division.segments else np.empty(0, dtype=np.int64)
        parts[rows] = first
        if division.axes and rows.size:
            values = read_values(batch.take(pa.array(rows)), division.axes, name)
            ordinals, margin[rows] = find_nearest(read_rule(division), values)
            parts[rows] += ordinals
        first += len(division.segments)
    return parts, margin


def _look_up(numbers: Integers, words: list[str]) -> pa.Array:
    """Look up words by their numbers; NULL for -1."""
    codes = pa.array(numbers, mask=numbers < 0)
    return pa.DictionaryArray.from_arrays(codes, pa.array(words, pa.string())).dictionary_decode()
