"""What the page's tables are made of."""

from dataclasses import dataclass
from math import log1p

from include.segmentation.report.queries.run_queries import PublishedSegment, SegmentSize


@dataclass(frozen=True)
class ReportedKpi:
    """A KPI as the run defined it.

    Attributes:
        is_log: whether the profile clusters on its logarithm; colours and distances then use the logarithm too.
    """

    name: str
    label: str
    unit: str
    window: str
    definition: str
    resolution: float
    rule_only: bool
    undefined_when: str | None
    is_log: bool

    def scale_value(self, number: float) -> float:
        """Scale a value for comparison with others."""
        return log1p(max(number, 0.0)) if self.is_log else number


@dataclass(frozen=True)
class TableCell:
    """A table cell: its text, smaller lines below it, the CSS of its colours, and whether it stands out."""

    text: str
    small: str = ""
    style: str = ""
    is_strong: bool = False


@dataclass(frozen=True)
class SegmentRow:
    """A segment's row: its wording, size, line colour and cells."""

    segment: PublishedSegment
    size: SegmentSize
    colour: str
    cells: list[TableCell]
