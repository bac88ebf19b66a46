"""Why customers moved: a sentence, and the largest moves with their reasons."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.segmentation.report import colours, words
from include.segmentation.report.queries import Move, Segment

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
    said = f"{words.count(moved)} moved: {causes(changed)}" if moved else "Nobody moved"
    said += f"; {words.count(near)} of them near a border." if near else "."
    new = sum(move.customers for move in moves if move.from_key == NEW)
    left = sum(move.customers for move in moves if move.to_key == LEFT)
    outside = [f"{words.count(number)} {what}" for number, what in ((new, "are new"), (left, "left")) if number]
    return f"{said} {', '.join(outside)}." if outside else said


def causes(moves: Sequence[Move]) -> str:
    """Why movers moved: ``9 by activity, 60 by ageing``."""
    found = [(sum(reason_of(move, reason) for move in moves), reason.words) for reason in REASONS]
    unknown = sum(move.customers for move in moves) - sum(customers for customers, _ in found)
    found.append((unknown, "for reasons that were not recorded"))
    return ", ".join(f"{words.count(customers)} {why}" for customers, why in found if customers)


def flows(moves: Sequence[Move], segments: dict[str, Segment]) -> list[Flow]:
    """The largest of the moves, the largest first."""
    largest = max((move.customers for move in moves), default=0)
    return [
        Flow(
            source=segments[move.from_key],
            target=segments[move.to_key],
            customers=words.count(move.customers),
            near=words.count(move.boundary_noise) if move.boundary_noise else words.DASH,
            length=move.customers / largest,
            reasons=[_part(move, reason) for reason in REASONS],
        )
        for move in moves[:FLOWS_SHOWN]
    ]


def reason_of(move: Move, reason: Reason) -> int:
    """The customers of a move who moved for a reason."""
    return int(getattr(move, reason.name))


def _part(move: Move, reason: Reason) -> tuple[str, str, float]:
    customers = reason_of(move, reason)
    return reason.colour, words.count(customers) if customers else words.DASH, customers / move.customers
