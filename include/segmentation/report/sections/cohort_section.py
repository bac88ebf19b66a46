"""Thresholds and insights by month: a registration cohort followed through its months."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from include.segmentation.common.suppression import SUPPRESS_BELOW
from include.segmentation.report import formatting
from include.segmentation.report.queries.run_queries import CohortSpread, PublishedSegment
from include.segmentation.report.sections.table_rows import ReportedKpi

_NOTICEABLE = 0.0005

Group = dict[str, CohortSpread]
"""One segment in one month, by KPI."""


@dataclass(frozen=True)
class CohortCell:
    """One segment of a cohort in one month.

    Attributes:
        ranges: per KPI where the middle half lies; or why it is not shown.
        medians: per KPI, in its own unit; none where ranges are not shown.
        change: what is another than the month before, in a sentence; empty for the first month.
    """

    share: float
    customers: int
    ranges: list[str]
    medians: dict[str, float]
    change: str = ""


@dataclass(frozen=True)
class CohortTable:
    """One registration cohort: per segment one cell a month (None where nobody is in it), and what changed."""

    name: str
    customers: int
    months: list[int]
    rows: list[tuple[PublishedSegment, list[CohortCell | None]]]
    changes: list[str]


def make_cohort_tables(
    found: Sequence[CohortSpread],
    keys: Sequence[str],
    segments: dict[str, PublishedSegment],
    kpis: Sequence[ReportedKpi],
) -> list[CohortTable]:
    """One table per cohort, the newest first.

    Args:
        found: the rows of one macro segment.
        keys: its segments in the order of the page.
        segments: the wording of each.
        kpis: those whose ranges are shown.
    """
    return [
        _cohort([row for row in found if row.cohort == first], keys, segments, kpis)
        for first in sorted({row.cohort for row in found}, reverse=True)
    ]


def _cohort(
    found: Sequence[CohortSpread],
    keys: Sequence[str],
    segments: dict[str, PublishedSegment],
    kpis: Sequence[ReportedKpi],
) -> CohortTable:
    groups: dict[tuple[str, int], Group] = {}
    for row in found:
        groups.setdefault((row.segment_key, row.month), {})[row.kpi] = row
    cells = {at: _month(group, kpis) for at, group in groups.items()}
    months = sorted({month for _, month in cells})
    moving = _Moving(kpis, list(cells.values()))
    cells = {
        (key, at): replace(cell, change=moving.sentence(cells.get((key, at - 1)), cell, at))
        for (key, at), cell in cells.items()
    }
    present = [key for key in keys if any((key, month) in cells for month in months)]
    return CohortTable(
        name=formatting.format_month(found[0].cohort),
        customers=sum(cell.customers for (_, month), cell in cells.items() if month == months[0]),
        months=months,
        rows=[(segments[key], [cells.get((key, month)) for month in months]) for key in present],
        changes=[_change(present, segments, cells, month) for month in months[1:] if month - 1 in months],
    )


def _month(group: Group, kpis: Sequence[ReportedKpi]) -> CohortCell:
    one = next(iter(group.values()))
    ranges = [
        f"{kpi.label} {formatting.format_range(group[kpi.name].p25, group[kpi.name].p75, kpi.resolution)}"
        for kpi in kpis
        if kpi.name in group and group[kpi.name].p25 is not None
    ]
    if one.customers < SUPPRESS_BELOW:
        return CohortCell(one.share, one.customers, [formatting.SUPPRESSED], {})
    medians = {kpi.name: group[kpi.name].p50 for kpi in kpis if kpi.name in group}
    return CohortCell(one.share, one.customers, ranges, {name: m for name, m in medians.items() if m is not None})


@dataclass(frozen=True)
class _Moving:
    """How far medians move, compared between KPIs by how far apart they lie in the whole cohort."""

    kpis: Sequence[ReportedKpi]
    cells: Sequence[CohortCell]

    def sentence(self, before: CohortCell | None, now: CohortCell, month: int) -> str:
        """What is another than in the month before: how many, and the KPI that has moved most."""
        if before is None:
            return ""
        moved = [(self._way(kpi, before, now), kpi) for kpi in self.kpis]
        way, kpi = max(moved, key=lambda pair: pair[0], default=(0.0, None))
        size = _size_change(before, now, month)
        if kpi is None or not way:
            return f"{size}."
        was, became = before.medians[kpi.name], now.medians[kpi.name]
        ends = " to ".join(formatting.format_value(median, kpi.resolution) for median in (was, became))
        return f"{size}; median {kpi.label} {'rose' if became > was else 'fell'} from {ends} {kpi.unit}."

    def _way(self, kpi: ReportedKpi, before: CohortCell, now: CohortCell) -> float:
        """How far the median has moved, as a share of the distance between the cohort's extremes."""
        known = [kpi.scale_value(cell.medians[kpi.name]) for cell in self.cells if kpi.name in cell.medians]
        if kpi.name not in before.medians or kpi.name not in now.medians or max(known) == min(known):
            return 0.0
        moved = kpi.scale_value(now.medians[kpi.name]) - kpi.scale_value(before.medians[kpi.name])
        return abs(moved) / (max(known) - min(known))


def _size_change(before: CohortCell, now: CohortCell, month: int) -> str:
    if abs(now.share - before.share) < _NOTICEABLE:
        return f"As large as in month {month - 1}"
    verb = "Grew" if now.share > before.share else "Shrank"
    return f"{verb} from {formatting.format_share(before.share)} to {formatting.format_share(now.share)}"


def _change(
    keys: Sequence[str], segments: dict[str, PublishedSegment], cells: dict[tuple[str, int], CohortCell], month: int
) -> str:
    def share(key: str, at: int) -> float:
        cell = cells.get((key, at))
        return cell.share if cell else 0.0

    most = max(keys, key=lambda key: abs(share(key, month) - share(key, month - 1)))
    was, became = share(most, month - 1), share(most, month)
    if abs(became - was) < _NOTICEABLE:
        return f"Month {month}: no segment changed its share."
    verb = "grew" if became > was else "shrank"
    change = f"from {formatting.format_share(was)} to {formatting.format_share(became)}"
    return f"Month {month}: “{segments[most].name}” {verb} most, {change}."
