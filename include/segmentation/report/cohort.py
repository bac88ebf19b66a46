"""Thresholds and insights by month: a registration cohort followed through its months."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.segmentation.report import words
from include.segmentation.report.queries import CohortSpread, Segment
from include.segmentation.report.rows import Kpi

_SHOWN_FROM = 10
_NOTICEABLE = 0.0005

Group = dict[str, CohortSpread]
"""One segment in one month, by KPI."""


@dataclass(frozen=True)
class Month:
    """One segment of a cohort in one month.

    Attributes:
        ranges: per KPI where the middle half lies; or why it is not shown.
    """

    share: float
    learners: int
    ranges: list[str]


@dataclass(frozen=True)
class Cohort:
    """One registration cohort: per segment one cell a month (None where nobody is in it), and what changed."""

    name: str
    customers: int
    months: list[int]
    rows: list[tuple[Segment, list[Month | None]]]
    changes: list[str]


def by_month(
    found: Sequence[CohortSpread], keys: Sequence[str], segments: dict[str, Segment], kpis: Sequence[Kpi]
) -> list[Cohort]:
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
    found: Sequence[CohortSpread], keys: Sequence[str], segments: dict[str, Segment], kpis: Sequence[Kpi]
) -> Cohort:
    groups: dict[tuple[str, int], Group] = {}
    for row in found:
        groups.setdefault((row.segment_key, row.month), {})[row.kpi] = row
    cells = {at: _month(group, kpis) for at, group in groups.items()}
    months = sorted({month for _, month in cells})
    present = [key for key in keys if any((key, month) in cells for month in months)]
    return Cohort(
        name=words.month(found[0].cohort),
        customers=sum(cell.learners for (_, month), cell in cells.items() if month == months[0]),
        months=months,
        rows=[(segments[key], [cells.get((key, month)) for month in months]) for key in present],
        changes=[_change(present, segments, cells, month) for month in months[1:] if month - 1 in months],
    )


def _month(group: Group, kpis: Sequence[Kpi]) -> Month:
    one = next(iter(group.values()))
    ranges = [
        f"{kpi.label} {words.span(group[kpi.name].p25, group[kpi.name].p75, kpi.resolution)}"
        for kpi in kpis
        if kpi.name in group and group[kpi.name].p25 is not None
    ]
    return Month(one.share, one.learners, ranges if one.learners >= _SHOWN_FROM else [words.SUPPRESSED])


def _change(keys: Sequence[str], segments: dict[str, Segment], cells: dict[tuple[str, int], Month], month: int) -> str:
    def share(key: str, at: int) -> float:
        cell = cells.get((key, at))
        return cell.share if cell else 0.0

    most = max(keys, key=lambda key: abs(share(key, month) - share(key, month - 1)))
    was, became = share(most, month - 1), share(most, month)
    if abs(became - was) < _NOTICEABLE:
        return f"Month {month}: no segment changed its share."
    verb = "grew" if became > was else "shrank"
    return f"Month {month}: “{segments[most].name}” {verb} most, from {words.share(was)} to {words.share(became)}."
