"""Registration cohorts, month by month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from include.segmentation.common.suppression import SUPPRESS_BELOW
from include.segmentation.report import formatting
from include.segmentation.report.queries.run_queries import CohortSpread, PublishedSegment
from include.segmentation.report.sections.macro_segment_view import MacroSegmentView
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template
from include.segmentation.report.sections.table_rows import ReportedKpi

_NOTICEABLE = 0.0005


@dataclass(frozen=True)
class CohortCell:
    """One segment of a cohort in one month.

    Attributes:
        ranges: the middle half of each KPI, or why it is not shown.
        medians: by KPI, in its own unit; empty where ranges are not shown.
        change: what has changed since the previous month; empty for the first month.
    """

    share: float
    customers: int
    ranges: list[str]
    medians: dict[str, float]
    change: str = ""


@dataclass(frozen=True)
class CohortTable:
    """One registration cohort: a row per segment with one cell per month; None where the segment is empty.

    Attributes:
        changes: per month, the segment whose share changed most.
    """

    name: str
    customers: int
    months: list[int]
    rows: list[tuple[PublishedSegment, list[CohortCell | None]]]
    changes: list[str]


def make_cohorts_part(view: MacroSegmentView) -> Part | None:
    """Show the months since registration; nothing where the profile does not measure them."""
    if not view.report.profile.cohort_months:
        return None
    rows = [row for row in view.answers.cohorts if row.macro_segment == view.name]
    cohorts = [
        _make_table(view, [row for row in rows if row.cohort == first])
        for first in sorted({row.cohort for row in rows}, reverse=True)
    ]
    body = render_template(__file__, label=view.label, day=view.report.day, cohorts=cohorts)
    return Part(f"{view.name}-cohorts", "Months since registration", body)


def _make_table(view: MacroSegmentView, spreads: Sequence[CohortSpread]) -> CohortTable:
    kpis, segments = view.shown_kpis, view.answers.segments
    groups: dict[tuple[str, int], dict[str, CohortSpread]] = {}
    for row in spreads:
        groups.setdefault((row.segment_key, row.month), {})[row.kpi] = row
    cells = {at: _make_cell(group, kpis) for at, group in groups.items()}
    comparison = _MonthComparison(kpis, list(cells.values()))
    cells = {
        (key, month): replace(cell, change=comparison.describe_change(cells.get((key, month - 1)), cell, month))
        for (key, month), cell in cells.items()
    }
    keys = sorted({key for key, _ in cells}, key=view.rank_segment)
    months = sorted({month for _, month in cells})
    return CohortTable(
        name=formatting.format_month(spreads[0].cohort),
        customers=sum(cell.customers for (_, month), cell in cells.items() if month == months[0]),
        months=months,
        rows=[(segments[key], [cells.get((key, month)) for month in months]) for key in keys],
        changes=[
            _describe_month({key: segments[key].name for key in keys}, cells, month)
            for month in months[1:]
            if month - 1 in months
        ],
    )


def _make_cell(group: dict[str, CohortSpread], kpis: Sequence[ReportedKpi]) -> CohortCell:
    first = next(iter(group.values()))
    if first.customers < SUPPRESS_BELOW:
        return CohortCell(first.share, first.customers, [formatting.SUPPRESSED], {})
    spreads = [(kpi, group[kpi.name]) for kpi in kpis if kpi.name in group]
    ranges = [
        f"{kpi.label} {formatting.format_range(spread.p25, spread.p75, kpi.resolution)}"
        for kpi, spread in spreads
        if spread.p25 is not None
    ]
    medians = {kpi.name: spread.p50 for kpi, spread in spreads if spread.p50 is not None}
    return CohortCell(first.share, first.customers, ranges, medians)


@dataclass(frozen=True)
class _MonthComparison:
    """Compares months. KPIs are made comparable by the range of their medians in the whole cohort."""

    kpis: Sequence[ReportedKpi]
    cells: Sequence[CohortCell]

    def describe_change(self, before: CohortCell | None, now: CohortCell, month: int) -> str:
        """Describe the change in size since the previous month, and the KPI whose median moved most."""
        if before is None:
            return ""
        distances = [(self._measure_distance(kpi, before, now), kpi) for kpi in self.kpis]
        distance, kpi = max(distances, key=lambda pair: pair[0], default=(0.0, None))
        size = _describe_size_change(before, now, month)
        if kpi is None or not distance:
            return f"{size}."
        old, new = before.medians[kpi.name], now.medians[kpi.name]
        ends = " to ".join(formatting.format_value(median, kpi.resolution) for median in (old, new))
        return f"{size}; median {kpi.label} {'rose' if new > old else 'fell'} from {ends} {kpi.unit}."

    def _measure_distance(self, kpi: ReportedKpi, before: CohortCell, now: CohortCell) -> float:
        """Measure how far a median moved, as a share of the range of the cohort's medians."""
        scaled = [kpi.scale_value(cell.medians[kpi.name]) for cell in self.cells if kpi.name in cell.medians]
        if kpi.name not in before.medians or kpi.name not in now.medians or max(scaled) == min(scaled):
            return 0.0
        distance = kpi.scale_value(now.medians[kpi.name]) - kpi.scale_value(before.medians[kpi.name])
        return abs(distance) / (max(scaled) - min(scaled))


def _describe_size_change(before: CohortCell, now: CohortCell, month: int) -> str:
    if abs(now.share - before.share) < _NOTICEABLE:
        return f"Same share as in month {month - 1}"
    verb = "Grew" if now.share > before.share else "Shrank"
    return f"{verb} from {formatting.format_share(before.share)} to {formatting.format_share(now.share)}"


def _describe_month(names: Mapping[str, str], cells: Mapping[tuple[str, int], CohortCell], month: int) -> str:
    def find_share(key: str, month: int) -> float:
        cell = cells.get((key, month))
        return cell.share if cell else 0.0

    top = max(names, key=lambda key: abs(find_share(key, month) - find_share(key, month - 1)))
    old, new = find_share(top, month - 1), find_share(top, month)
    if abs(new - old) < _NOTICEABLE:
        return f"Month {month}: no segment changed its share."
    verb = "grew" if new > old else "shrank"
    change = f"from {formatting.format_share(old)} to {formatting.format_share(new)}"
    return f"Month {month}: “{names[top]}” {verb} most, {change}."
