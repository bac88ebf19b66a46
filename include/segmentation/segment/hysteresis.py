"""Hysteresis: a customer who has just crossed a border keeps the published segment for a while."""

import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.profile.macro_segments import Hysteresis
from include.segmentation.segment.previous_labels import PreviousLabels
from include.segmentation.segment.stratum_assignment import query_batch

RAW, HELD_FROM, HELD_RUNS = "raw_key", "held_from", "held_runs"
_TYPES = {HELD_FROM: pa.timestamp("us", "UTC"), HELD_RUNS: pa.int64()}


def choose_published_keys(
    labels: pa.Table, before: PreviousLabels | None, rule: Hysteresis | None, model_id: str
) -> pa.Table:
    """Choose the key to publish for every customer.

    The result depends only on the run's own labels and those of the previous run, so repeating a run repeats it. New
    customers, customers in another stratum, and everyone under a new model move at once.

    Args:
        labels: ``customer_id`` and the columns of ``score_batch``, whose ``segment_key`` is the raw key.
        before: the previous run.
        rule: the macro segment's hysteresis.
        model_id: the model that labels the run.

    Returns:
        The labels with the published ``segment_key``, and ``raw_key``. Where the two differ, ``held_from`` is the as_of
        of the last run before they did, ``held_runs`` the number of consecutive runs with this raw key, and
        ``micro_key`` is NULL.
    """
    labels = labels.append_column(RAW, labels["segment_key"])
    if rule is None or before is None or before.model_id != model_id:
        for name, kind in _TYPES.items():
            labels = labels.append_column(name, pa.nulls(labels.num_rows, kind))
        return labels
    previous = _read_previous_labels(before, labels["customer_id"])
    runs = pc.if_else(
        _fill_false(pc.equal(previous[RAW], labels[RAW])), pc.add(pc.coalesce(previous[HELD_RUNS], 0), 1), 1
    )
    crossed = pc.and_(
        _fill_false(pc.not_equal(previous["segment_key"], labels[RAW])),
        _fill_false(pc.equal(previous["stratum"], labels["stratum"])),
    )
    is_too_early = pc.less(runs, rule.as_ofs) if rule.as_ofs else _fill_false(pc.less(labels["margin"], rule.margin))
    stays = pc.and_(crossed, is_too_early)
    held_from = pc.coalesce(previous[HELD_FROM], pa.scalar(before.run.as_of, _TYPES[HELD_FROM]))
    changed = {
        "segment_key": pc.if_else(stays, previous["segment_key"], labels[RAW]),
        "micro_key": pc.if_else(stays, None, labels["micro_key"]),
    }
    for name, column in changed.items():
        labels = labels.set_column(labels.column_names.index(name), name, column)
    labels = labels.append_column(HELD_FROM, pc.if_else(stays, held_from, None))
    return labels.append_column(HELD_RUNS, pc.if_else(stays, runs, None))


def fingerprint_labels(labels: pa.Table) -> str:
    """Hash what the next run's hysteresis reads from these labels, whatever the order of rows."""
    columns = f"customer_id, stratum, segment_key, {RAW}, {HELD_FROM}, {HELD_RUNS}"
    table = query_batch(labels, f"SELECT CAST(bit_xor(hash({columns})) AS VARCHAR) AS fingerprint FROM batch")
    return str(table["fingerprint"][0].as_py())


def _read_previous_labels(before: PreviousLabels, customers: pa.ChunkedArray) -> pa.Table:
    """Read the labels of the previous run, one row per customer of this run; NULL for new customers."""
    labels = before.read_labels()
    if RAW not in labels.column_names:  # written before hysteresis existed: nobody is held
        labels = labels.append_column(RAW, labels["segment_key"])
        for name, kind in _TYPES.items():
            labels = labels.append_column(name, pa.nulls(labels.num_rows, kind))
    return labels.take(pc.index_in(customers, labels["customer_id"]))


def _fill_false(condition: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(condition, False)
