"""Who moved where and why: a sentence, a matrix, and the largest moves with their reasons."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.segmentation.report import formatting
from include.segmentation.report.charts import colours
from include.segmentation.report.queries.run_queries import PublishedSegment, SegmentMove
from include.segmentation.report.sections.table_rows import TableCell

FLOWS_SHOWN = 12
NEW, LEFT = "new", "left"


@dataclass(frozen=True)
class MoveReason:
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
    MoveReason("activity", "Activity", "by activity", colours.LINE_COLOURS[0]),
    MoveReason("ageing", "Ageing", "by ageing", colours.LINE_COLOURS[3]),
    MoveReason("late_data", "Late data", "by late data", colours.LINE_COLOURS[4]),
    MoveReason("refit", "New model", "by the new model", colours.LINE_COLOURS[2]),
]


@dataclass(frozen=True)
class SegmentFlow:
    """Those who went from one segment to another.

    Attributes:
        reasons: per reason its colour, its customers as text and its share of this flow, 0 to 1.
        length: the length of the flow's bar, of the longest one's, 0 to 1.
    """

    source: PublishedSegment
    target: PublishedSegment
    customers: str
    near: str
    length: float
    reasons: list[tuple[str, str, float]]


@dataclass(frozen=True)
class MigrationMatrix:
    """Who went where since the run before: segments, ``new`` and ``left``, with totals."""

    columns: list[PublishedSegment | str]
    rows: list[tuple[PublishedSegment | str, list[TableCell]]]
    totals: list[str]


def select_movers(moves: Sequence[SegmentMove]) -> list[SegmentMove]:
    """Of all moves those of customers who were there before, are there still, and changed their segment."""
    return [move for move in moves if move.from_key != move.to_key and move.from_key != NEW and move.to_key != LEFT]


def describe_movement(moves: Sequence[SegmentMove]) -> str:
    """How many moved, why, how many of them near a border, and who came and went.

    Args:
        moves: all between two runs, also of those who stayed, came and left.
    """
    changed = select_movers(moves)
    moved, near = (sum(getattr(move, count) for move in changed) for count in ("customers", "boundary_noise"))
    said = f"{formatting.format_count(moved)} moved: {describe_causes(changed)}" if moved else "Nobody moved"
    said += f"; {formatting.format_count(near)} of them near a border." if near else "."
    new = sum(move.customers for move in moves if move.from_key == NEW)
    left = sum(move.customers for move in moves if move.to_key == LEFT)
    outside = [
        f"{formatting.format_count(number)} {what}" for number, what in ((new, "are new"), (left, "left")) if number
    ]
    return f"{said} {', '.join(outside)}." if outside else said


def describe_causes(moves: Sequence[SegmentMove]) -> str:
    """Why movers moved: ``9 by activity, 60 by ageing``."""
    found = [(sum(count_movers_by_reason(move, reason) for move in moves), reason.words) for reason in REASONS]
    unknown = sum(move.customers for move in moves) - sum(customers for customers, _ in found)
    found.append((unknown, "for reasons that were not recorded"))
    return ", ".join(f"{formatting.format_count(customers)} {why}" for customers, why in found if customers)


def list_flows(moves: Sequence[SegmentMove], segments: dict[str, PublishedSegment]) -> list[SegmentFlow]:
    """The largest of the moves, the largest first."""
    largest = max((move.customers for move in moves), default=0)
    return [
        SegmentFlow(
            source=segments[move.from_key],
            target=segments[move.to_key],
            customers=formatting.format_count(move.customers),
            near=formatting.format_count(move.boundary_noise) if move.boundary_noise else formatting.DASH,
            length=move.customers / largest,
            reasons=[_part(move, reason) for reason in REASONS],
        )
        for move in moves[:FLOWS_SHOWN]
    ]


def make_migration_matrix(
    moves: Sequence[SegmentMove], sources: Sequence[str], targets: Sequence[str], segments: dict[str, PublishedSegment]
) -> MigrationMatrix:
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
        rows.append((segments.get(source, source), [*cells, TableCell(formatting.format_count(total))]))
    totals = [sum(move.customers for move in moves if move.to_key == target) for target in went]
    return MigrationMatrix(
        columns=[segments.get(target, target) for target in went],
        rows=rows,
        totals=[formatting.format_count(total) for total in [*totals, sum(totals)]],
    )


def _cell(move: SegmentMove | None, stayed: bool) -> TableCell:
    if move is None:
        return TableCell("·")
    return TableCell(
        formatting.format_count(move.customers),
        formatting.format_share(move.share),
        colours.choose_cell_style(move.share),
        strong=stayed,
    )


def count_movers_by_reason(move: SegmentMove, reason: MoveReason) -> int:
    """The customers of a move who moved for a reason."""
    return int(getattr(move, reason.name))


def _part(move: SegmentMove, reason: MoveReason) -> tuple[str, str, float]:
    customers = count_movers_by_reason(move, reason)
    return (
        reason.colour,
        formatting.format_count(customers) if customers else formatting.DASH,
        customers / move.customers,
    )
