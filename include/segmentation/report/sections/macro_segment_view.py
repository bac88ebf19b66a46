"""One macro segment at a run: its segments, KPIs and moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.report import formatting
from include.segmentation.report.charts import colours, line_charts
from include.segmentation.report.queries.answers import Answers
from include.segmentation.report.queries.run_queries import PublishedSegment, SegmentMove, SegmentSize
from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.table_rows import ReportedKpi, SegmentRow, TableCell

NEW, LEFT = "new", "left"


@dataclass(frozen=True)
class MacroSegmentView:
    """One macro segment of a run, as the parts of its sheet need it."""

    name: str
    report: ReportContext

    @property
    def answers(self) -> Answers:
        """What the warehouse holds about the run."""
        return self.report.answers

    @property
    def declared(self) -> MacroSegment:
        """The macro segment in the profile."""
        return self.report.profile.macro_segments[self.name]

    @property
    def label(self) -> str:
        """The macro segment's name for people."""
        return self.declared.label

    @cached_property
    def kpis(self) -> list[ReportedKpi]:
        """The KPIs as the run defined them, in the profile's order."""
        declared = self.declared.kpis
        definitions = {
            name: kpi
            for name, kpi in self.answers.now.kpis.items()
            if name in declared or kpi["macro_segment"] == self.name
        }
        ranks = {name: rank for rank, name in enumerate(declared)}
        copied = ("label", "unit", "window", "definition", "resolution", "rule_only", "undefined_when")
        return [
            ReportedKpi(
                name=name,
                is_log=name in declared and declared[name].transform == "log1p",
                **{key: definitions[name][key] for key in copied},
            )
            for name in sorted(definitions, key=lambda name: (ranks.get(name, len(ranks)), name))
        ]

    @property
    def shown_kpis(self) -> list[ReportedKpi]:
        """The KPIs that describe a segment: all except those that only assign customers to a stratum."""
        return [kpi for kpi in self.kpis if not kpi.rule_only]

    @cached_property
    def sizes(self) -> list[SegmentSize]:
        """The sizes of the run's segments, in the order of the strata."""
        as_of = self.answers.now.as_of
        return self._sort_sizes([size for size in self.answers.sizes if size.as_of == as_of])

    @cached_property
    def micro_sizes(self) -> list[SegmentSize]:
        """The sizes of the run's micro segments, in the same order."""
        return self._sort_sizes(self.answers.micro_sizes)

    def _sort_sizes(self, sizes: Sequence[SegmentSize]) -> list[SegmentSize]:
        own = [size for size in sizes if size.macro_segment == self.name]
        return sorted(own, key=lambda size: self.rank_segment(size.segment_key))

    def rank_segment(self, key: str) -> tuple[int, str, str]:
        """Return a sort key that puts segments into the order of the page."""
        segment = self.answers.segments[key]
        strata = [stratum.name for stratum in self.declared.strata]
        return strata.index(segment.stratum) if segment.stratum in strata else len(strata), segment.path, key

    @property
    def segments(self) -> list[PublishedSegment]:
        """The run's segments, in the order of the page."""
        return [self.find_segment(size.segment_key) for size in self.sizes]

    def find_segment(self, key: str) -> PublishedSegment:
        """Return the wording of a segment."""
        return self.answers.segments[key]

    @cached_property
    def colours(self) -> dict[str, str]:
        """A line colour for each segment of the run."""
        return {
            size.segment_key: colours.LINE_COLOURS[i % len(colours.LINE_COLOURS)] for i, size in enumerate(self.sizes)
        }

    @property
    def largest(self) -> SegmentSize:
        """The segment with the most customers."""
        return max(self.sizes, key=lambda size: size.customers)

    @cached_property
    def moves(self) -> list[SegmentMove]:
        """Who went where, or stayed, since the previous run; the largest groups first."""
        here = (self.answers.now.as_of, self.name)
        return [move for move in self.answers.moves if (move.as_of, move.macro_segment) == here]

    @property
    def movers(self) -> list[SegmentMove]:
        """The moves of customers from one segment to another."""
        return select_movers(self.moves)

    @property
    def is_refitted(self) -> bool:
        """Whether the previous run used another model."""
        before = self.answers.before
        return before is not None and before.models.get(self.name) != self.answers.now.models[self.name]

    def make_row(self, size: SegmentSize, cells: list[TableCell]) -> SegmentRow:
        """Make a segment's row of a table."""
        return SegmentRow(self.find_segment(size.segment_key), size, self.colours.get(size.segment_key, ""), cells)

    def make_spread_cell(self, size: SegmentSize, kpi: ReportedKpi) -> TableCell:
        """Make the cell with a KPI's middle half in a segment, and its band."""
        if size.suppressed:
            return TableCell(formatting.DASH, formatting.SUPPRESSED if size.customers else "empty")
        spread = self.answers.spreads.get((size.segment_key, kpi.name))
        if spread is None or spread.p50 is None:
            return TableCell(formatting.DASH, formatting.UNDEFINED)
        return TableCell(formatting.format_range(spread.p25, spread.p75, kpi.resolution), spread.band or "")

    def find_median(self, size: SegmentSize, kpi: ReportedKpi) -> float | None:
        """Return the median of a KPI in a segment; None where it is undefined or suppressed."""
        spread = self.answers.spreads.get((size.segment_key, kpi.name))
        return None if size.suppressed or spread is None else spread.p50

    def write_chart_label(self, size: SegmentSize) -> str:
        """Write a segment's label in a chart: its path, share and name."""
        segment = self.find_segment(size.segment_key)
        # The path already names the stratum.
        name = segment.name.removeprefix(f"{segment.stratum_label}, ")
        return line_charts.write_chart_label(segment.short_path, name, size.share)


def list_macro_segments(report: ReportContext) -> list[MacroSegmentView]:
    """Return the macro segments that the run has a model of, in the profile's order."""
    return [
        MacroSegmentView(name, report) for name in report.profile.macro_segments if name in report.answers.now.models
    ]


def select_movers(moves: Sequence[SegmentMove]) -> list[SegmentMove]:
    """Select the moves from one segment to another, without customers who stayed, came or left."""
    return [move for move in moves if move.from_key not in (move.to_key, NEW) and move.to_key != LEFT]
