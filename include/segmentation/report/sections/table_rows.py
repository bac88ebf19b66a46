"""What the page's tables are made of."""

from dataclasses import dataclass
from math import log1p

from include.segmentation.report.queries.run_queries import PublishedSegment, SegmentSize


@dataclass(frozen=True)
class ReportedKpi:
    """A KPI as the run defined it.

    Attributes:
        log: whether the profile clusters on its logarithm; colours and distances then follow the logarithm too.
    """

    name: str
    label: str
    unit: str
    window: str
    definition: str
    resolution: float
    rule_only: bool
    undefined_when: str | None
    log: bool

    def scale_value(self, number: float) -> float:
        """A value as it counts when two are compared."""
        return log1p(max(number, 0.0)) if self.log else number


@dataclass(frozen=True)
class TableCell:
    """A table cell: its text, a smaller second line, the CSS of its colours, and whether it stands out."""

    text: str
    small: str = ""
    style: str = ""
    strong: bool = False


@dataclass(frozen=True)
class SegmentRow:
    """A segment, its size, the colour of its line in the chart, and what a table says about it."""

    segment: PublishedSegment
    size: SegmentSize
    colour: str
    cells: list[TableCell]
