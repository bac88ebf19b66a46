"""One day of a Google Analytics 4 report, as Google gives it."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class ReportFlags:
    """What Google says about a whole day's report. The names are those of the columns in the lake.

    Attributes:
        subject_to_thresholding: cells with few users may be withheld.
        data_loss_from_other_row: rare values were folded into ``(other)``.
        sampled_share: the share of events that was read; None if all were.
        truncated: Google's reasons for missing data; None if none is missing.
        empty_reason: why there are no rows, if Google says so.
    """

    subject_to_thresholding: bool = False
    data_loss_from_other_row: bool = False
    sampled_share: float | None = None
    truncated: str | None = None
    empty_reason: str | None = None


@dataclass
class ReportDay:
    """A whole day's report.

    Attributes:
        dimensions, metrics: one list of texts per column, as Google writes them.
        metric_types: Google's type of each metric; empty if an empty report names none.
        time_zone: the property's, if the report says so.
    """

    day: date
    dimensions: list[list[str]]
    metrics: list[list[str]]
    metric_types: list[str] = field(default_factory=list)
    flags: ReportFlags = field(default_factory=ReportFlags)
    time_zone: str = ""
    pages: int = 0

    @property
    def row_count(self) -> int:
        """How many rows it has."""
        return len(self.dimensions[0])
