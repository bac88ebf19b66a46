"""Report: one self-contained HTML page about a published run."""

from time import monotonic
from typing import Any

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
    path = run.lake.write_text(run.locate_artifact("report", "report.html"), page)
    summary = {"path": path, "bytes": len(page.encode()), "seconds": round(monotonic() - started, 3)}
    return run.record_summary("report", "report", summary)


__all__ = ["report"]
