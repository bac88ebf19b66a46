"""What the figures of Google Analytics can not say, as rows of a table."""

from dataclasses import dataclass
from typing import Any

from include.segmentation.report.formatting import DASH, count, share


@dataclass(frozen=True)
class Cell:
    """A figure, and what stands small below it."""

    text: str
    small: str = ""


@dataclass(frozen=True)
class Limits:
    """One report's row: days, rows, days of each flag, coverage."""

    report: str
    cells: list[Cell]


def limits(analytics: dict[str, dict[str, Any]]) -> list[Limits]:
    """One row per report, by name."""
    return [
        Limits(
            report=name,
            cells=[
                Cell(count(found["days"]), _empty(found["empty_days"])),
                Cell(count(found["rows"])),
                Cell(_days(found["thresholded_days"])),
                Cell(_days(found["sampled_days"]), _least_read(found["sampled_share"])),
                Cell(_days(found["other_row_days"])),
                Cell(_days(found["truncated_days"]), (found["truncated"] or "").replace("_", " ").lower()),
                _coverage(found["coverage"]),
            ],
        )
        for name, found in sorted(analytics.items())
    ]


def _days(number: int) -> str:
    return count(number) if number else DASH


def _empty(days: int) -> str:
    return f"{count(days)} without rows" if days else ""


def _least_read(part: float | None) -> str:
    return f"least {share(part)} of events read" if part is not None and part < 1 else ""


def _coverage(found: dict[str, Any] | None) -> Cell:
    if found is None:
        return Cell(DASH)
    return Cell(share(found["share"]), f"{share(found['least'])} to {share(found['most'])} a day")
