"""Compare change logs with their sources and correct them: deleted rows, and changes that the cursor did not show."""

from time import perf_counter
from typing import Any

from include.segmentation.artifacts import ReconcileSummary
from include.segmentation.errors import SegmentationError
from include.segmentation.extract.source import find_reader, require_extract
from include.segmentation.run import Run

_WORDS = ("extract", "method")
_NUMBERS = ("compared", "differing", "rows_compared", "rows_fetched", "missing", "changed", "deleted", "seconds")


def reconcile_extract(run: Run, name: str) -> dict[str, Any]:
    """Compare an extract's change log with its source and correct the log. A second comparison finds nothing.

    Rows that no pull has reached yet are left to the pulls. Position and complete_through of the log stay the same.

    Args:
        run: the run that the summary is recorded for.
        name: an extract of the profile that can be reconciled. Of MySQL that is a table or query with a cursor: a
            snapshot is compared whole at every pull.

    Returns:
        ``extract``; ``method`` (``ranges`` of the primary key, ``buckets`` of checksums, or ``whole``); ``compared``
        and ``differing`` ranges or buckets; ``rows_compared`` and ``rows_fetched``; how many ``missing``, ``changed``
        and ``deleted`` rows were corrected; ``seconds``.

    Raises:
        ProfileError: the profile has no such extract, or it cannot be reconciled.
        NotReadyError: its first load has not finished.
        UnavailableError: the server does not answer now, or a pull held the log for too long.
        SourceError: the source refuses or lacks what the profile asks for.
        DataError: the rows contradict the profile.
    """
    started = perf_counter()
    declared = require_extract(run.profile, name, lambda extract: extract.can_be_reconciled)
    try:
        with run.lake.open_log(name).hold_writer_lock():
            counts = find_reader(declared).reconcile_extract(run, name)
    except SegmentationError as error:
        raise error.add_place(f"{run.profile.path}: extracts.{name}") from error
    summary = ReconcileSummary(extract=name, **counts, seconds=round(perf_counter() - started, 3))
    return summary.write_to(run, name)


def format_findings(summaries: list[dict[str, Any]]) -> str:
    """Format the summaries of several extracts as a table with one line per extract."""
    rows = [[*_WORDS, *_NUMBERS]]
    rows += [[*(each[word] for word in _WORDS), *(f"{each[number]:,}" for number in _NUMBERS)] for each in summaries]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = "<" * len(_WORDS) + ">" * len(_NUMBERS)
    lines = (zip(row, sides, widths, strict=True) for row in rows)
    return "\n".join("  ".join(f"{cell:{side}{width}}" for cell, side, width in line) for line in lines)
