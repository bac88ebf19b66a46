"""Who moved where and why: a sentence, a matrix, and the largest moves with their reasons."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.segmentation.report import formatting
from include.segmentation.report.charts import colours
from include.segmentation.report.queries.run_queries import Move, Segment
from include.segmentation.report.sections.table_rows import Cell

FLOWS_SHOWN = 12
NEW, LEFT = "new", "left"


@dataclass(frozen=True)
class Reason:
    """One cause of a move.

    Attributes:
        name: its column in ``fct_segment_migration``.
        label: what stands over its column on the page.
        words: how it ends a sentence: "610 by activity".
    """

    name: str
    label: str
    words: str
    colour: str


REASONS = [
    Reason("activity", "Activity", "by activity", colours.LINES[0]),
    Reason("ageing", "Ageing", "by ageing", colours.LINES[3]),
    Reason("late_data", "Late data", "by late data", colours.LINES[4]),
    Reason("refit", "New model", "by the new model", colours.LINES[2]),
]


@dataclass(frozen=True)
class Flow:
    """Those who went from one segment to another.

    Attributes:
        reasons: per reason its colour, its customers as text and its share of this flow, 0 to 1.
        length: the length of the flow's bar, of the longest one's, 0 to 1.
    """

    source: Segment
    target: Segment
    customers: str
    near: str
    length: float
    reasons: list[tuple[str, str, float]]


@dataclass(frozen=True)
class Matrix:
    """Who went where since the run before: segments, ``new`` and ``left``, with totals."""

    columns: list[Segment | str]
    rows: list[tuple[Segment | str, list[Cell]]]
    totals: list[str]


def movers(moves: Sequence[Move]) -> list[Move]:
    """Of all moves those of customers who were there before, are there still, and changed their segment."""
    return [move for move in moves if move.from_key != move.to_key and move.from_key != NEW and move.to_key != LEFT]


def sentence(moves: Sequence[Move]) -> str:
    """How many moved, why, how many of them near a border, and who came and went.

    Args:
        moves: all between two runs, also of those who stayed, came and left.
    """
    changed = movers(moves)
    moved, near = (sum(getattr(move, count) for move in changed) for count in ("customers", "boundary_noise"))
    said = f"{formatting.count(moved)} moved: {causes(changed)}" if moved else "Nobody moved"
    said += f"; {formatting.count(near)} of them near a border." if near else "."
    new = sum(move.customers for move in moves if move.from_key == NEW)
    left = sum(move.customers for move in moves if move.to_key == LEFT)
    outside = [f"{formatting.count(number)} {what}" for number, what in ((new, "are new"), (left, "left")) if number]
    return f"{said} {', '.join(outside)}." if outside else said


def causes(moves: Sequence[Move]) -> str:
    """Why movers moved: ``9 by activity, 60 by ageing``."""
    found = [(sum(reason_of(move, reason) for move in moves), reason.words) for reason in REASONS]
    unknown = sum(move.customers for move in moves) - sum(customers for customers, _ in found)
    found.append((unknown, "for reasons that were not recorded"))
    return ", ".join(f"{formatting.count(customers)} {why}" for customers, why in found if customers)


def flows(moves: Sequence[Move], segments: dict[str, Segment]) -> list[Flow]:
    """The largest of the moves, the largest first."""
    largest = max((move.customers for move in moves), default=0)
    return [
        Flow(
            source=segments[move.from_key],
            target=segments[move.to_key],
            customers=formatting.count(move.customers),
            near=formatting.count(move.boundary_noise) if move.boundary_noise else formatting.DASH,
            length=move.customers / largest,
            reasons=[_part(move, reason) for reason in REASONS],
        )
        for move in moves[:FLOWS_SHOWN]
    ]


def matrix(
    moves: Sequence[Move], sources: Sequence[str], targets: Sequence[str], segments: dict[str, Segment]
) -> Matrix:
    """Rows from, columns to, with who is new as the last row and who left as the last column, where there are any.

    Args:
        moves: all between two runs.
        sources: the segments of the run before that anybody was in, in the order of the page.
        targets: the segments of the run, likewise.
        segments: the wording of each.
    """
    came = [*sources, *([NEW] if any(move.from_key == NEW for move in moves) else [])]
    went = [*targets, *([LEFT] if any(move.to_key == LEFT for move in moves) else [])]
    by_pair = {(move.from_key, move.to_key): move for move in moves}
    rows = []
    for source in came:
        cells = [_cell(by_pair.get((source, target)), stayed=source == target) for target in went]
        total = sum(move.customers for move in moves if move.from_key == source)
        rows.append((segments.get(source, source), [*cells, Cell(formatting.count(total))]))
    totals = [sum(move.customers for move in moves if move.to_key == target) for target in went]
    return Matrix(
        columns=[segments.get(target, target) for target in went],
        rows=rows,
        totals=[formatting.count(total) for total in [*totals, sum(totals)]],
    )


def _cell(move: Move | None, stayed: bool) -> Cell:
    if move is None:
        return Cell("·")
    return Cell(formatting.count(move.customers), formatting.share(move.share), colours.cell(move.share), strong=stayed)


def reason_of(move: Move, reason: Reason) -> int:
    """The customers of a move who moved for a reason."""
    return int(getattr(move, reason.name))


def _part(move: Move, reason: Reason) -> tuple[str, str, float]:
    customers = reason_of(move, reason)
    return reason.colour, formatting.count(customers) if customers else formatting.DASH, customers / move.customers
