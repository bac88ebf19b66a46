"""Report: one self-contained HTML page about a published run."""

from time import monotonic
from typing import Any

from include.segmentation.artifacts import ReportArtifacts, ReportSummary
from include.segmentation.report.page.report_page import render_report
from include.segmentation.run import Run


def report(run: Run) -> dict[str, Any]:
    """Write the run's HTML report beside its other artifacts.

    The page is made from the warehouse and the profile alone, needs no network and is the same bytes for the same
    warehouse.

    Returns:
        ``{"path": where it is, "bytes": its size, "seconds": how long it took}``, also kept by ``run.record``.

    Raises:
        DataError: the run has not been published.
    """
    began = monotonic()
    page = render_report(run)
    path = ReportArtifacts(run).write_page(page)
    summary = ReportSummary(path=path, bytes=len(page.encode()), seconds=round(monotonic() - began, 3))
    return summary.write_to(run)


__all__ = ["report"]
