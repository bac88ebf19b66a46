"""Reconcile what the extract stage has written with its MySQL sources: deleted rows, silent changes, late ones."""

from time import perf_counter
from typing import Any

from include.segmentation.artifacts import ReconcileSummary
from include.segmentation.errors import SegmentationError
from include.segmentation.extract.source import find_reader, require_extract
from include.segmentation.run import Run

_WORDS = ("extract", "method")
_NUMBERS = ("compared", "differing", "rows_compared", "rows_fetched", "missing", "changed", "deleted", "seconds")


def reconcile_extract(run: Run, name: str) -> dict[str, Any]:
    """Compare an extract's change log with its MySQL table or query and correct the log; a second one finds nothing.

    What pulls have not reached yet is left to them; position and complete_through of the log stay as they are.

    Args:
        run: the run that the summary is kept for.
        name: an extract of the profile: a table or query with a cursor (a snapshot is compared whole at every pull).

    Returns:
        ``extract``, ``method`` (``ranges`` of the primary key, ``buckets`` of checksums, or read ``whole``),
        ``compared`` and ``differing`` (how many of those), ``rows_compared``, ``rows_fetched``; what was found and
        corrected: ``missing``, ``changed`` and ``deleted`` rows; ``seconds``.

    Raises:
        ProfileError: the profile has no such extract, or there is nothing to compare it with.
        NotReadyError: it has never been loaded whole.
        UnavailableError: the server does not answer now, or a pull has held the log for too long.
        SourceError: the source refuses or lacks what the profile asks for.
        DataError: the rows contradict the profile.
    """
    started = perf_counter()
    declared = require_extract(run.profile, name, lambda extract: extract.can_be_reconciled)
    try:
        with run.lake.open_log(name).hold_writer_lock():
            found = find_reader(declared).reconcile_extract(run, name)
    except SegmentationError as error:
        raise error.add_place(f"{run.profile.path}: extracts.{name}") from error
    summary = ReconcileSummary(extract=name, **found, seconds=round(perf_counter() - started, 3))
    return summary.write_to(run, name)


def format_findings(summaries: list[dict[str, Any]]) -> str:
    """What reconciling has found, as a table to read: a line per extract."""
    rows = [[*_WORDS, *_NUMBERS]]
    rows += [[*(found[word] for word in _WORDS), *(f"{found[number]:,}" for number in _NUMBERS)] for found in summaries]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = "<" * len(_WORDS) + ">" * len(_NUMBERS)
    lines = (zip(row, sides, widths, strict=True) for row in rows)
    return "\n".join("  ".join(f"{cell:{side}{width}}" for cell, side, width in line) for line in lines)
