"""Demographics, of all customers and by segment."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.segmentation.profile.demographics import EVERYONE, OTHER_VALUES, UNKNOWN_VALUE
from include.segmentation.report import formatting
from include.segmentation.report.queries.people_queries import DemographicShare
from include.segmentation.report.sections.macro_segment_view import MacroSegmentView
from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template
from include.segmentation.report.sections.table_rows import TableCell
from include.segmentation.report.sections.worth_section import make_share_cell

_TITLE = "Demographics"
_VALUES_SHOWN = 8
_COLUMNS_SHOWN = 5
_LAST = (OTHER_VALUES, UNKNOWN_VALUE)


@dataclass(frozen=True)
class DemographicRows:
    """One demographic of all customers.

    Attributes:
        report: the Google Analytics report; empty for an attribute of customers.
        rows: value, customers as text (empty for a report) and share.
        hidden: how many further values are not shown.
    """

    label: str
    report: str
    coverage: float
    rows: list[tuple[str, str, float]]
    hidden: int


@dataclass(frozen=True)
class DemographicColumns:
    """One demographic by segment: a column per value, and the cells of each segment by its key.

    Attributes:
        named: how many columns are values by name; ``other`` and ``unknown`` come after them.
    """

    label: str
    values: list[str]
    named: int
    cells: dict[str, list[TableCell]]


def make_demographics_part(report: ReportContext) -> Part | None:
    """Show the demographics of all customers; attributes come before Google's estimates."""
    shares = [share for share in report.answers.demographics if share.segment_key == EVERYONE]
    tables = [
        _make_rows(report, [share for share in shares if (share.report, share.dimension) == name])
        for name in dict.fromkeys((share.report, share.dimension) for share in shares)
    ]
    return Part("people-demographics", _TITLE, render_template(__file__, tables=tables, view=None)) if tables else None


def make_segment_demographics_part(view: MacroSegmentView) -> Part | None:
    """Show the attributes of each segment's customers; nothing where there are none."""
    tables = make_demographic_columns(view)
    if not tables:
        return None
    return Part(f"{view.name}-who", _TITLE, render_template(__file__, tables=tables, view=view))


def make_demographic_columns(view: MacroSegmentView) -> list[DemographicColumns]:
    """Make a table per attribute: the largest values among all customers, all others, and unknown."""
    attributes = [share for share in view.answers.demographics if not share.report]
    dimensions = dict.fromkeys(share.dimension for share in attributes)
    return [_make_columns(view, [share for share in attributes if share.dimension == name]) for name in dimensions]


def _make_rows(report: ReportContext, shares: Sequence[DemographicShare]) -> DemographicRows:
    named = [share for share in shares if share.value not in _LAST]
    rows = [*named[:_VALUES_SHOWN], *(share for share in shares if share.value in _LAST)]
    return DemographicRows(
        label=_find_label(report, shares[0]),
        report=shares[0].report,
        coverage=shares[0].coverage,
        rows=[(s.value, "" if s.customers is None else formatting.format_count(s.customers), s.share) for s in rows],
        hidden=len(named[_VALUES_SHOWN:]),
    )


def _make_columns(view: MacroSegmentView, shares: Sequence[DemographicShare]) -> DemographicColumns:
    of_all = [share.value for share in shares if share.macro_segment == EVERYONE and share.value not in _LAST]
    largest = of_all[:_COLUMNS_SHOWN]
    cells = {}
    for size in view.sizes:
        own = (view.name, size.segment_key)
        by_value = {share.value: share.share for share in shares if (share.macro_segment, share.segment_key) == own}
        cells[size.segment_key] = _make_cells(largest, by_value)
    return DemographicColumns(_find_label(view.report, shares[0]), [*largest, *_LAST], len(largest), cells)


def _make_cells(largest: Sequence[str], shares: dict[str, float]) -> list[TableCell]:
    if not shares:
        return [TableCell(formatting.DASH)] * (len(largest) + len(_LAST))
    others = sum(share for value, share in shares.items() if value not in (*largest, UNKNOWN_VALUE))
    named = [
        make_share_cell(shares[value]) if value in shares else TableCell(formatting.DASH, "in other")
        for value in largest
    ]
    return [*named, make_share_cell(others), make_share_cell(shares.get(UNKNOWN_VALUE, 0.0))]


def _find_label(report: ReportContext, share: DemographicShare) -> str:
    attributes = report.profile.demographics
    if not share.report and share.dimension in attributes:
        return attributes[share.dimension].label
    return share.dimension.replace("_", " ").capitalize()
