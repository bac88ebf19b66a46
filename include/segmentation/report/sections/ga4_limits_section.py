"""What the figures of Google Analytics can not say, as rows of a table."""

from dataclasses import dataclass
from typing import Any

from include.segmentation.report.formatting import DASH, format_count, format_share


@dataclass(frozen=True)
class LimitCell:
    """A figure, and what stands small below it."""

    text: str
    small: str = ""


@dataclass(frozen=True)
class ReportLimits:
    """One report's row: days, rows, days of each flag, coverage."""

    report: str
    cells: list[LimitCell]


def make_limit_rows(analytics: dict[str, dict[str, Any]]) -> list[ReportLimits]:
    """One row per report, by name."""
    return [
        ReportLimits(
            report=name,
            cells=[
                LimitCell(format_count(found["days"]), _empty(found["empty_days"])),
                LimitCell(format_count(found["rows"])),
                LimitCell(_days(found["thresholded_days"])),
                LimitCell(_days(found["sampled_days"]), _least_read(found["sampled_share"])),
                LimitCell(_days(found["other_row_days"])),
                LimitCell(_days(found["truncated_days"]), (found["truncated"] or "").replace("_", " ").lower()),
                _coverage(found["coverage"]),
            ],
        )
        for name, found in sorted(analytics.items())
    ]


def _days(number: int) -> str:
    return format_count(number) if number else DASH


def _empty(days: int) -> str:
    return f"{format_count(days)} without rows" if days else ""


def _least_read(part: float | None) -> str:
    return f"least {format_share(part)} of events read" if part is not None and part < 1 else ""


def _coverage(found: dict[str, Any] | None) -> LimitCell:
    if found is None:
        return LimitCell(DASH)
    return LimitCell(
        format_share(found["share"]), f"{format_share(found['least'])} to {format_share(found['most'])} a day"
    )
