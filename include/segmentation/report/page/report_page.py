"""Put the page together."""

from pathlib import Path

from markupsafe import Markup

from include.segmentation.report.page.overview import render_overview
from include.segmentation.report.page.page_data import build_page_data
from include.segmentation.report.queries.answers import read_answers
from include.segmentation.report.sections import SECTIONS
from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.section_template import render_template
from include.segmentation.run import Run

_FOLDER = Path(__file__).parent
SCRIPT = (_FOLDER / "page.js").read_text(encoding="utf-8")
"""The page's script: filters and the table of customers. All other figures are readable without it."""
_STYLE = (_FOLDER / "style.css").read_text(encoding="utf-8")


def render_report(run: Run) -> str:
    """Render the run's page: one HTML document that needs nothing else.

    Raises:
        DataError: the run has not been published.
    """
    report = ReportContext(run, read_answers(run))
    data = build_page_data(report)
    page = render_template(
        __file__,
        style=Markup(_STYLE),  # noqa: S704 - our own file
        script=Markup(SCRIPT),  # noqa: S704 - our own file
        title=f"{run.profile.title}: customer segments, {report.day}",
        overview=render_overview(report, [past["day"] for past in data["runs"]]),
        sheets=[sheet for make_sheets in SECTIONS for sheet in make_sheets(report)],
        data=data,
    )
    return str(page)
