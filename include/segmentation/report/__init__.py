"""Report: one self-contained HTML page about a published run."""

from time import monotonic
from typing import Any

from include.segmentation.artifacts import ReportArtifacts, ReportSummary
from include.segmentation.report.page.report_page import render_report
from include.segmentation.run import Run


def report(run: Run) -> dict[str, Any]:
    """Write the run's HTML report beside its other artifacts.

    The page depends on the warehouse and the profile only: the same warehouse gives the same bytes. It needs no
    network.

    Returns:
        The path of the page, its size in bytes and the seconds it took; also recorded as the run's summary.

    Raises:
        DataError: the run has not been published.
    """
    started = monotonic()
    page = render_report(run)
    path = ReportArtifacts(run).write_page(page)
    summary = ReportSummary(path=path, bytes=len(page.encode()), seconds=round(monotonic() - started, 3))
    return summary.write_to(run)


__all__ = ["report"]
