"""Strata: the rule that each customer meets; the data must show that it is exactly one."""

import os
import threading
from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.engine import open_engine
from include.segmentation.engine.engine import Engine
from include.segmentation.errors import DataError
from include.segmentation.profile.conditions import list_condition_columns


def refuse_non_numbers(batch: pa.Table, columns: Sequence[str]) -> None:
    """Stop if a column is missing, or holds NaN or an infinity; NULL (undefined) is allowed.

    Raises:
        DataError: there is such a column.
    """
    for column in columns:
        if column not in batch.column_names:
            raise DataError(
                f"KPI '{column}' was not measured; found: {', '.join(batch.column_names)}; "
                "measure again, or fit a new model if the profile has changed"
            )
        values = batch[column].cast(pa.float64())
        bad = len(values) - values.null_count - (pc.sum(pc.is_finite(values)).as_py() or 0)
        if bad:
            raise DataError(f"KPI '{column}': {bad} customers have NaN or an infinity; allowed: numbers and NULL")


def assign_strata(batch: pa.Table, conditions: Sequence[str]) -> Integers:
    """Number the stratum of every row.

    Args:
        batch: one row per customer with every column that a condition names.
        conditions: one SQL condition per stratum.

    Returns:
        int64[rows], in the order of the rows.

    Raises:
        DataError: a customer matches no stratum or several.
    """
    tests = [f"coalesce(({condition}), false)" for condition in conditions]
    cases = " ".join(f"WHEN {test} THEN {number}" for number, test in enumerate(tests))
    matches = " + ".join(f"CAST({test} AS INTEGER)" for test in tests)
    strata = query_batch(batch, f"SELECT CAST(CASE {cases} END AS BIGINT) AS stratum, {matches} AS matches FROM batch")
    wrong = np.flatnonzero(strata["matches"].to_numpy() != 1)
    if wrong.size:
        row = int(wrong[0])
        how_many = "no stratum" if strata["matches"][row].as_py() == 0 else "several strata"
        columns = dict.fromkeys(column for condition in conditions for column in list_condition_columns(condition))
        case = ", ".join(f"{column} = {batch[column][row].as_py()}" for column in columns)
        raise DataError(f"{wrong.size} customers match {how_many}, the first with {case}; correct 'when' of the strata")
    return np.asarray(strata["stratum"].to_numpy(), dtype=np.int64)


def read_matrix(table: pa.Table, columns: Sequence[str]) -> Floats:
    """Read columns as float64[rows, columns]."""
    if not columns:
        return np.empty((table.num_rows, 0))
    return np.column_stack([table[column].cast(pa.float64()).to_numpy() for column in columns])


def query_batch(batch: pa.Table, sql: str) -> pa.Table:
    """Run a query on the table ``batch``; the rows keep their order."""
    engine = _open_thread_engine(os.getpid(), threading.get_ident())
    engine.register_table("batch", batch)
    try:
        return engine.execute(sql).fetch_table()
    finally:
        engine.drop_registered("batch")


@cache
def _open_thread_engine(process_id: int, thread_id: int) -> Engine:  # noqa: ARG001 - each needs its own
    """Open an engine that later queries use again: opening one takes longer than most queries."""
    return open_engine(threads=1)
