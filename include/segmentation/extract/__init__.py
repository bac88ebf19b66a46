"""The extract stage: pull what is new from a source into the extract's change log."""

from time import perf_counter
from typing import Any

from include.segmentation.artifacts import ExtractSummary
from include.segmentation.errors import ProfileError, SegmentationError
from include.segmentation.extract.log_maintenance import maintain_log
from include.segmentation.extract.reconciliation import format_findings, reconcile_extract
from include.segmentation.extract.source_checks import check_queries, check_sources
from include.segmentation.extract.sql_explanation import explain_extract
from include.segmentation.extract.table_preview import SampledColumn, TablePreview, preview_table
from include.segmentation.profile.sources import GA4Extract, QueryExtract, TableExtract
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
"""A log of more files is maintained at once, and not by the next week: every reader opens each of them."""


def extract(run: Run, name: str) -> dict[str, Any]:
    """Pull one extract up to what its source can safely give; a second pull writes nothing that is already there.

    Args:
        run: the run. MySQL is read up to the server's own safe time whatever the as_of is; Google Analytics up to the
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
    declared = run.profile.extracts.get(name)
    if declared is None:
        raise ProfileError(f"{run.profile.path}: extract '{name}'; allowed are {', '.join(run.profile.extracts)}")
    log = run.lake.open_log(name)
    try:
        with log.hold_writer_lock():
            if isinstance(declared, GA4Extract):
                from include.segmentation.extract.ga4.report_days import (
                    pull_report,  # Google's client takes seconds to import
                )

                pulled = pull_report(run, name, declared)
            else:
                pulled = _pull_mysql(run, name, declared)
            if len(log.list_files()) > MOST_FILES:
                log.compact()
    except SegmentationError as error:
        raise error.add_place(f"{run.profile.path}: extracts.{name}") from error
    through = log.read_state().complete_through
    summary = ExtractSummary(
        extract=name,
        pulled=pulled,
        complete_through=through.isoformat() if through else None,
        seconds=round(perf_counter() - started, 3),
    )
    return summary.write_to(run, name)


def _pull_mysql(run: Run, name: str, declared: TableExtract | QueryExtract) -> dict[str, Any]:
    from include.segmentation.extract.mysql.lake_computation import pull_computed
    from include.segmentation.extract.mysql.query_extract import NeedsLakeError
    from include.segmentation.extract.mysql.row_pull import pull_rows
    from include.segmentation.extract.mysql.snapshot_pull import pull_snapshot

    try:
        return (pull_snapshot if declared.mode == "snapshot" else pull_rows)(run, name, declared)
    except NeedsLakeError as asked:
        return pull_computed(run, name, asked, pull=extract)
