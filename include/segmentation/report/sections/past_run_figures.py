"""The runs before, as texts ready to be shown in place of those of the run."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from include.segmentation.report import formatting
from include.segmentation.report.queries.answers import Answers
from include.segmentation.report.queries.run_queries import RUNS_OF_MOVES, SegmentMove, SegmentSize
from include.segmentation.report.sections import movement_section


@dataclass(frozen=True)
class PastFigures:
    """A segment at a run, in texts: how many, their share, and what has changed since the run before."""

    customers: str
    share: str
    change: str


@dataclass(frozen=True)
class PastRunTexts:
    """The run and those before it."""

    answers: Answers
    zone: str

    @cached_property
    def _sizes(self) -> dict[tuple[datetime, str], SegmentSize]:
        return {(size.as_of, size.segment_key): size for size in self.answers.sizes}

    @cached_property
    def _times(self) -> list[datetime]:
        """Of all runs that are known, the newest first."""
        return sorted({size.as_of for size in self.answers.sizes}, reverse=True)

    def list_figures(self, key: str, as_of: datetime) -> PastFigures:
        """A segment at a run; it must have been one of its model."""
        size = self._sizes[as_of, key]
        return PastFigures(
            formatting.format_count(size.customers), formatting.format_share(size.share), self._change(size)
        )

    def _change(self, size: SegmentSize) -> str:
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
        """The newest runs, the run itself first: its day, figures by segment key, and moves by macro segment."""
        return [
            {
                "day": formatting.format_day(as_of, self.zone),
                "segments": {key: asdict(self.list_figures(key, as_of)) for time, key in self._sizes if time == as_of},
                "moves": self._moves(as_of) if as_of != self.answers.now.as_of else {},
            }
            for as_of in self._times[:RUNS_OF_MOVES]
        ]

    def _moves(self, as_of: datetime) -> dict[str, Any]:
        moves: dict[str, list[SegmentMove]] = {}
        for move in self.answers.moves:
            if move.as_of == as_of:
                moves.setdefault(move.macro_segment, []).append(move)
        return {
            macro: {"said": movement_section.describe_movement(found), "rows": self._rows(found)}
            for macro, found in moves.items()
        }

    def _rows(self, moves: Sequence[SegmentMove]) -> list[list[str]]:
        """From, to, customers and why, of the largest moves."""
        names = self.answers.segments
        return [
            [
                names[move.from_key].name,
                names[move.to_key].name,
                formatting.format_count(move.customers),
                movement_section.describe_causes([move]),
            ]
            for move in movement_section.select_movers(moves)[: movement_section.FLOWS_SHOWN]
        ]
