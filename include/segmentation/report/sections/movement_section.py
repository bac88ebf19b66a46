"""Who moved where and why: a sentence, a matrix, and the largest moves with their reasons."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.segmentation.report import formatting
from include.segmentation.report.charts import colours
from include.segmentation.report.queries.run_queries import PublishedSegment, SegmentMove
from include.segmentation.report.sections.macro_segment_view import LEFT, NEW, MacroSegmentView, select_movers
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template
from include.segmentation.report.sections.table_rows import TableCell

FLOWS_SHOWN = 12


@dataclass(frozen=True)
class MoveReason:
    """One reason for a move.

    Attributes:
        name: its column in ``fct_segment_migration``.
        label: the head of its column on the page.
        phrase: the reason inside a sentence: "610 by activity".
    """

    name: str
    label: str
    phrase: str
    colour: str

    def count_movers(self, move: SegmentMove) -> int:
        """Count the customers of a move who moved for this reason."""
        return int(getattr(move, self.name))


REASONS = [
    MoveReason("activity", "Activity", "by activity", colours.LINE_COLOURS[0]),
    MoveReason("ageing", "Ageing", "by ageing", colours.LINE_COLOURS[3]),
    MoveReason("late_data", "Late data", "by late data", colours.LINE_COLOURS[4]),
    MoveReason("refit", "New model", "by the new model", colours.LINE_COLOURS[2]),
]


@dataclass(frozen=True)
class SegmentFlow:
    """Customers who went from one segment to another, as a row.

    Attributes:
        near_border: how many of them are near a border.
        length: the length of the bar, relative to the longest bar.
        reasons: per reason the number of customers, and its share of this flow.
    """

    source: PublishedSegment
    target: PublishedSegment
    customers: str
    near_border: str
    length: float
    reasons: list[tuple[MoveReason, str, float]]


@dataclass(frozen=True)
class MigrationMatrix:
    """Customers by previous segment (rows) and current segment (columns), with ``new``, ``left`` and totals."""

    columns: list[PublishedSegment | str]
    rows: list[tuple[PublishedSegment | str, list[TableCell]]]
    totals: list[str]


def make_movement_part(view: MacroSegmentView) -> Part:
    """Show who moved since the previous run, and why."""
    movers = view.movers
    body = render_template(
        __file__,
        view=view,
        matrix=_make_matrix(view) if view.moves else None,
        movement=describe_movement(view.moves),
        flows=_list_flows(movers, view.answers.segments),
        movers=len(movers),
        reasons=REASONS,
    )
    return Part(f"{view.name}-moves", "Who moved", body)


def describe_movement(moves: Sequence[SegmentMove]) -> str:
    """Describe how many customers moved and why, how many are near a border, and who came and left.

    Args:
        moves: every move since the previous run, including customers who stayed, came or left.
    """
    movers = select_movers(moves)
    moved, near_border = (sum(getattr(move, count) for move in movers) for count in ("customers", "boundary_noise"))
    text = f"{formatting.format_count(moved)} moved: {describe_causes(movers)}" if moved else "Nobody moved"
    text += f"; {formatting.format_count(near_border)} of them are near a border." if near_border else "."
    new = sum(move.customers for move in moves if move.from_key == NEW)
    left = sum(move.customers for move in moves if move.to_key == LEFT)
    outside = [
        f"{formatting.format_count(number)} {what}" for number, what in ((new, "are new"), (left, "left")) if number
    ]
    return f"{text} {', '.join(outside)}." if outside else text


def describe_causes(moves: Sequence[SegmentMove]) -> str:
    """Describe why customers moved: ``9 by activity, 60 by ageing``."""
    counts = [(sum(reason.count_movers(move) for move in moves), reason.phrase) for reason in REASONS]
    unexplained = sum(move.customers for move in moves) - sum(customers for customers, _ in counts)
    counts.append((unexplained, "for reasons that were not recorded"))
    return ", ".join(f"{formatting.format_count(customers)} {phrase}" for customers, phrase in counts if customers)


def _list_flows(movers: Sequence[SegmentMove], segments: dict[str, PublishedSegment]) -> list[SegmentFlow]:
    largest = max((move.customers for move in movers), default=0)
    return [
        SegmentFlow(
            source=segments[move.from_key],
            target=segments[move.to_key],
            customers=formatting.format_count(move.customers),
            near_border=_format_nonzero(move.boundary_noise),
            length=move.customers / largest,
            reasons=[
                (reason, _format_nonzero(reason.count_movers(move)), reason.count_movers(move) / move.customers)
                for reason in REASONS
            ],
        )
        for move in movers[:FLOWS_SHOWN]
    ]


def _make_matrix(view: MacroSegmentView) -> MigrationMatrix:
    moves, segments = view.moves, view.answers.segments
    sources = sorted({move.from_key for move in moves} - {NEW}, key=view.rank_segment)
    sources += [NEW] if any(move.from_key == NEW for move in moves) else []
    targets = [size.segment_key for size in view.sizes]
    targets += [LEFT] if any(move.to_key == LEFT for move in moves) else []
    by_pair = {(move.from_key, move.to_key): move for move in moves}
    rows = []
    for source in sources:
        cells = [_make_cell(by_pair.get((source, target)), has_stayed=source == target) for target in targets]
        total = sum(move.customers for move in moves if move.from_key == source)
        rows.append((segments.get(source, source), [*cells, TableCell(formatting.format_count(total))]))
    totals = [sum(move.customers for move in moves if move.to_key == target) for target in targets]
    return MigrationMatrix(
        columns=[segments.get(target, target) for target in targets],
        rows=rows,
        totals=[formatting.format_count(total) for total in [*totals, sum(totals)]],
    )


def _make_cell(move: SegmentMove | None, has_stayed: bool) -> TableCell:
    if move is None:
        return TableCell("·")
    share = formatting.format_share(move.share)
    style = colours.choose_cell_style(move.share)
    return TableCell(formatting.format_count(move.customers), share, style, is_strong=has_stayed)


def _format_nonzero(customers: int) -> str:
    return formatting.format_count(customers) if customers else formatting.DASH
