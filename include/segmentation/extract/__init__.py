"""The extract stage: pull what is new from a source into the extract's change log."""

from time import perf_counter
from typing import Any

from include.segmentation.artifacts import ExtractSummary
from include.segmentation.errors import SegmentationError
from include.segmentation.extract.log_maintenance import maintain_log
from include.segmentation.extract.mysql.table_preview import SampledColumn, TablePreview, preview_table
from include.segmentation.extract.reconciliation import format_findings, reconcile_extract
from include.segmentation.extract.source import explain_extract, find_reader, require_extract
from include.segmentation.extract.source_checks import check_queries, check_sources
from include.segmentation.run import Run

__all__ = [
    "SampledColumn",
    "TablePreview",
    "check_queries",
    "check_sources",
    "explain_extract",
    "extract",
    "format_findings",
    "maintain_log",
    "preview_table",
    "reconcile_extract",
]

MOST_FILES = 200
"""A log with more files is compacted at once rather than by the weekly DAG, because every reader opens all of them."""


def extract(run: Run, name: str) -> dict[str, Any]:
    """Pull one extract up to what its source can safely give. A second pull writes nothing twice.

    Args:
        run: the run. MySQL is read up to the server's own safe time, whatever the as_of; Google Analytics up to the
            last day that ended at as_of.
        name: an extract of the profile.

    Returns:
        ``extract``, ``rows_read``, ``rows_written``, ``pages``, ``complete_through`` (ISO time, UTC, or None),
        ``seconds``, and what the source adds: ``bound`` for MySQL, ``days`` and ``quota`` for Google Analytics.

    Raises:
        ProfileError: the profile has no such extract.
        UnavailableError: the source does not answer now.
        SourceError: the source refuses or lacks what the profile asks for.
        DataError: the rows contradict the profile.
    """
    started = perf_counter()
    declared = require_extract(run.profile, name, lambda _: True)
    log = run.lake.open_log(name)
    try:
        with log.hold_writer_lock():
            counts = find_reader(declared).pull_extract(run, name)
            if len(log.list_files()) > MOST_FILES:
                log.compact()
    except SegmentationError as error:
        raise error.add_place(f"{run.profile.path}: extracts.{name}") from error
    through = log.read_state().complete_through
    summary = ExtractSummary(
        extract=name,
        pulled=counts,
        complete_through=through.isoformat() if through else None,
        seconds=round(perf_counter() - started, 3),
    )
    return summary.write_to(run, name)
