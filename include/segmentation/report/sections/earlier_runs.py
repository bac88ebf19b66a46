"""Earlier runs, as texts that the page's script can show in place of this run's."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from include.segmentation.report import formatting
from include.segmentation.report.queries.answers import Answers
from include.segmentation.report.queries.run_queries import RUNS_OF_MOVES, SegmentMove, SegmentSize
from include.segmentation.report.sections import movement_section
from include.segmentation.report.sections.macro_segment_view import select_movers


@dataclass(frozen=True)
class SegmentFigures:
    """A segment at a run, as texts: its customers, their share, and the change since the previous run."""

    customers: str
    share: str
    change: str


@dataclass(frozen=True)
class EarlierRuns:
    """The run and earlier ones."""

    answers: Answers
    zone: str

    @cached_property
    def _sizes(self) -> dict[tuple[datetime, str], SegmentSize]:
        return {(size.as_of, size.segment_key): size for size in self.answers.sizes}

    @cached_property
    def _times(self) -> list[datetime]:
        """The as_of of every run, the newest first."""
        return sorted({size.as_of for size in self.answers.sizes}, reverse=True)

    def make_figures(self, key: str, as_of: datetime) -> SegmentFigures:
        """Describe a segment at a run whose model has that segment."""
        size = self._sizes[as_of, key]
        return SegmentFigures(
            formatting.format_count(size.customers), formatting.format_share(size.share), self._describe_change(size)
        )

    def _describe_change(self, size: SegmentSize) -> str:
        before = next((time for time in self._times if time < size.as_of), None)
        if before is None:
            return "first run"
        earlier = self._sizes.get((before, size.segment_key))
        if earlier is None:
            return f"new since {formatting.format_day(before, self.zone)}"
        change = formatting.format_change(size.customers - earlier.customers)
        flows = f"{formatting.format_change(size.entered or 0)} in, {formatting.format_change(-(size.left or 0))} out"
        return f"{change} since {formatting.format_day(before, self.zone)}: {flows}"

    def list_runs(self) -> list[dict[str, Any]]:
        """List the newest runs, this run first: the day, figures by segment key, moves by macro segment."""
        return [
            {
                "day": formatting.format_day(as_of, self.zone),
                "segments": {key: asdict(self.make_figures(key, as_of)) for time, key in self._sizes if time == as_of},
                "moves": self._list_moves(as_of) if as_of != self.answers.now.as_of else {},
            }
            for as_of in self._times[:RUNS_OF_MOVES]
        ]

    def _list_moves(self, as_of: datetime) -> dict[str, Any]:
        moves: dict[str, list[SegmentMove]] = {}
        for move in self.answers.moves:
            if move.as_of == as_of:
                moves.setdefault(move.macro_segment, []).append(move)
        return {
            macro: {"summary": movement_section.describe_movement(group), "rows": self._make_rows(group)}
            for macro, group in moves.items()
        }

    def _make_rows(self, moves: Sequence[SegmentMove]) -> list[list[str]]:
        """Make rows of the largest moves: from, to, customers, reasons."""
        names = self.answers.segments
        return [
            [
                names[move.from_key].name,
                names[move.to_key].name,
                formatting.format_count(move.customers),
                movement_section.describe_causes([move]),
            ]
            for move in select_movers(moves)[: movement_section.FLOWS_SHOWN]
        ]
