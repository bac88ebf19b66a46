"""Hysteresis: a customer who has just crossed a border keeps the segment that was published for them for a while."""

import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.engine import open_engine
from include.segmentation.profile.macro_segments import Hysteresis
from include.segmentation.segment.previous_labels import PreviousLabels

RAW, HELD_FROM, HELD_RUNS = "raw_key", "held_from", "held_runs"
_KINDS = {HELD_FROM: pa.timestamp("us", "UTC"), HELD_RUNS: pa.int64()}


def choose_published_keys(
    labels: pa.Table, before: PreviousLabels | None, rule: Hysteresis | None, model_id: str
) -> pa.Table:
    """Decide which key is published for every customer.

    It follows from the run's own labels and those of the run before, so that the same two always give the same keys.
    Customers move at once who are new, whom the rules put into another stratum, or where another model labels.

    Args:
        labels: ``customer_id`` and the columns of ``score``, whose ``segment_key`` is the raw key.
        before: the run before.
        rule: the macro segment's hysteresis.
        model_id: the model that labels the run.

    Returns:
        The labels with ``segment_key`` as published, and ``raw_key``. Where the two differ, ``held_from`` is the as_of
        of the last run before they did, ``held_runs`` for how many runs in a row the raw key has been this one, and
        ``micro_key`` is NULL.
    """
    labels = labels.append_column(RAW, labels["segment_key"])
    if rule is None or before is None or before.model_id != model_id:
        for name, kind in _KINDS.items():
            labels = labels.append_column(name, pa.nulls(labels.num_rows, kind))
        return labels
    then = _labels_then(before, labels["customer_id"])
    runs = pc.if_else(_true(pc.equal(then[RAW], labels[RAW])), pc.add(pc.coalesce(then[HELD_RUNS], 0), 1), 1)
    crossed = pc.and_(
        _true(pc.not_equal(then["segment_key"], labels[RAW])), _true(pc.equal(then["stratum"], labels["stratum"]))
    )
    enough = pc.less(runs, rule.as_ofs) if rule.as_ofs else _true(pc.less(labels["margin"], rule.margin))
    stays = pc.and_(crossed, enough)
    since = pc.coalesce(then[HELD_FROM], pa.scalar(before.run.as_of, _KINDS[HELD_FROM]))
    changed = {
        "segment_key": pc.if_else(stays, then["segment_key"], labels[RAW]),
        "micro_key": pc.if_else(stays, None, labels["micro_key"]),
    }
    for name, column in changed.items():
        labels = labels.set_column(labels.column_names.index(name), name, column)
    labels = labels.append_column(HELD_FROM, pc.if_else(stays, since, None))
    return labels.append_column(HELD_RUNS, pc.if_else(stays, runs, None))


def fingerprint_labels(labels: pa.Table) -> str:
    """A number, as text, that changes with what the next run's hysteresis takes from these labels, not with order."""
    with open_engine(threads=1) as connection:
        connection.register_table("labels", labels)
        taken = f"customer_id, stratum, segment_key, {RAW}, {HELD_FROM}, {HELD_RUNS}"
        found = connection.execute(f"SELECT CAST(bit_xor(hash({taken})) AS VARCHAR) FROM labels").fetch_row()
    return str(found and found[0])


def _labels_then(before: PreviousLabels, customers: pa.ChunkedArray) -> pa.Table:
    """The labels of the run before, a row per customer of this run: NULL where they were not there."""
    found = before.read_labels()
    if RAW not in found.column_names:  # of a version before hysteresis: nobody is held
        found = found.append_column(RAW, found["segment_key"])
        for name, kind in _KINDS.items():
            found = found.append_column(name, pa.nulls(found.num_rows, kind))
    return found.take(pc.index_in(customers, found["customer_id"]))


def _true(condition: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(condition, False)
