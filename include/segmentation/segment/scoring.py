"""The one rule that labels a customer: the stratum, the nearest prototype in it, and the nearest inside the segment."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.errors import DataError
from include.segmentation.model.model import Division, KpiAxis, Model
from include.segmentation.profile.conditions import list_condition_columns
from include.segmentation.segment.space.nearest_prototype import find_nearest, read_rule
from include.segmentation.segment.stratum_assignment import assign_strata, read_matrix, refuse_non_numbers

_ROWS = 100_000  # three times as fast as a million: a column of the batch stays in the processor's cache
LABELS = pa.schema(
    [
        ("stratum", pa.string()),
        ("segment_key", pa.string()),
        ("micro_key", pa.string()),
        ("margin", pa.float64()),
    ]
)


def score(model: Model, batch: pa.Table) -> pa.Table:
    """Label every row of a batch. The label of a row depends on nothing but that row.

    Args:
        model: the frozen model.
        batch: one row per customer, with every KPI that the model uses.

    Returns:
        ``LABELS``, a row per row of the batch, in its order. ``micro_key`` is NULL in a segment without micro segments;
        ``margin`` is (d2² - d1²) / d2² for the nearest prototype and the nearest of another segment, NULL in a stratum
        that is one segment.

    Raises:
        DataError: a KPI is missing, NaN or infinite, NULL where the stratum clusters on it, or a customer falls in no
            stratum or in more than one.
    """
    refuse_non_numbers(batch, list_model_columns(model))
    which = assign_strata(batch, [stratum.when for stratum in model.strata])
    chosen, margin = _parts({f"stratum '{stratum.name}'": stratum for stratum in model.strata}, which, batch)
    inside = {f"segment '{segment.path}'": segment.micro or Division(segments=[]) for segment in model.list_segments()}
    micro, _ = _parts(inside, chosen, batch)
    columns = [
        _text(which, [stratum.name for stratum in model.strata]),
        _text(chosen, [segment.key for segment in model.list_segments()]),
        _text(micro, [segment.key for segment in model.list_micro_segments()]),
        pa.array(margin, mask=np.isnan(margin)),
    ]
    return pa.table(columns, schema=LABELS)


def score_table(model: Model, customers: pa.Table) -> pa.Table:
    """``score`` streamed over a table of any length."""
    batches = customers.to_batches(max_chunksize=_ROWS)
    return pa.concat_tables([score(model, pa.table(batch)) for batch in batches] or [LABELS.empty_table()])


def list_model_columns(model: Model) -> list[str]:
    """The columns of ``measure`` that the model reads, in alphabetical order."""
    divisions = [division for stratum in model.strata for _, division in stratum.list_divisions()]
    clustered = {kpi for division in divisions for kpi in division.kpis}
    return sorted(clustered | {column for stratum in model.strata for column in list_condition_columns(stratum.when)})


def read_values(rows: pa.Table, axes: Sequence[KpiAxis], where: str) -> Floats:
    """The KPIs of the axes as float64[rows, axes], with what stands for undefined ones.

    Raises:
        DataError: a KPI is NULL and nothing stands for that; ``where`` says among whom.
    """
    columns = {axis.kpi: rows[axis.kpi].cast(pa.float64()) for axis in axes}
    columns |= {a.kpi: columns[a.kpi].fill_null(a.undefined_as) for a in axes if a.undefined_as is not None}
    for kpi, column in columns.items():
        if column.null_count:
            raise DataError(
                f"KPI '{kpi}' is undefined (NULL) for {column.null_count} customers of {where}, which clusters on it"
            )
    return read_matrix(pa.table(columns), list(columns))


def _parts(divisions: Mapping[str, Division], which: Integers, batch: pa.Table) -> tuple[Integers, Floats]:
    """The part of its division that each row belongs to.

    Args:
        divisions: by what they are called in messages.
        which: int64[rows], their number; -1 where a row is in none.
        batch: the rows.

    Returns:
        int64[rows], the number of the part through all divisions, -1 where there is none; and float64[rows], the
        margin, NaN where there is nothing to choose.
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


def _text(numbers: Integers, words: list[str]) -> pa.Array:
    """The words by their numbers; NULL for -1."""
    found = pa.array(numbers, mask=numbers < 0)
    return pa.DictionaryArray.from_arrays(found, pa.array(words, pa.string())).dictionary_decode()
