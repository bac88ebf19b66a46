"""Windows: OVER clauses without names and defaults, and what can be said about them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from include.segmentation.extract.rewrite.sql_nodes import list_own_nodes
from include.segmentation.extract.rewrite.value_kinds import DeclinedError, format_expression

_START, _CURRENT, _END = "UNBOUNDED PRECEDING", "CURRENT ROW", "UNBOUNDED FOLLOWING"
RANKS = (exp.Rank, exp.DenseRank)
SHIFTS = (exp.Lag, exp.Lead)
ENDS = (exp.FirstValue, exp.LastValue)
AGGREGATES = (exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max)


@dataclass(frozen=True)
class WindowFunction:
    """A function OVER rows.

    Attributes:
        order: what orders the rows of a partition, none where nothing does.
        is_rows: whether the frame counts rows; otherwise rows that are equal in the order belong together.
        begin, end: the frame, such as ``UNBOUNDED PRECEDING`` and ``CURRENT ROW``.
    """

    node: exp.Window
    function: exp.Expr
    partition: list[exp.Expr]
    order: list[exp.Ordered]
    is_rows: bool
    begin: str
    end: str

    @property
    def is_running(self) -> bool:
        """Whether the frame is everything up to the current row."""
        return self.begin == _START and self.end == _CURRENT

    @property
    def is_whole(self) -> bool:
        """Whether the frame is the partition."""
        return self.begin == _START and self.end == _END

    @property
    def is_default_frame(self) -> bool:
        """Whether MySQL would take this frame without being told."""
        return not self.is_rows and (self.is_running if self.order else self.is_whole)

    @property
    def is_order_sensitive(self) -> bool:
        """Whether its value is undefined while two rows are equal in the order."""
        if isinstance(self.function, AGGREGATES):
            return self.is_rows and not self.is_whole
        return not isinstance(self.function, RANKS)

    @property
    def has_only_earlier_rows(self) -> bool:
        """Whether its value depends only on rows that come before in the order, and on equal ones."""
        if isinstance(self.function, exp.Lead):
            return False
        if isinstance(self.function, (*AGGREGATES, exp.LastValue)):
            return self.end == _CURRENT or self.end.endswith("PRECEDING")
        return True


def inline_named_windows(select: exp.Select) -> None:
    """Write out, in place, what ``OVER name`` and ``WINDOW name AS`` say.

    Raises:
        Declined: a name is not defined.
    """
    named = {window.name: window for window in select.args.get("windows") or []}
    for node in list_own_nodes(select, exp.Window):
        reference = node.args.get("alias")
        while reference is not None:
            base = named.get(reference.name)
            if base is None:
                raise DeclinedError(f"the window {reference.name} is not defined")
            for part in ("partition_by", "order", "spec"):
                if not node.args.get(part) and base.args.get(part):
                    value = base.args[part]
                    node.set(part, [item.copy() for item in value] if isinstance(value, list) else value.copy())
            reference = base.args.get("alias")
        node.set("alias", None)
    select.set("windows", None)


def parse_window(node: exp.Window) -> WindowFunction:
    """Read an OVER clause that names no window.

    Raises:
        Declined: the function, its arguments or its frame is not understood.
    """
    function = node.this
    if isinstance(function, exp.IgnoreNulls | exp.RespectNulls):
        raise DeclinedError(f"{format_expression(function)}: MySQL knows no IGNORE NULLS")
    known = (exp.RowNumber, *RANKS, *SHIFTS, *ENDS, *AGGREGATES)
    if not isinstance(function, known):
        names = "LAG, LEAD, ROW_NUMBER, RANK, DENSE_RANK, FIRST_VALUE, LAST_VALUE, COUNT, SUM, AVG, MIN, MAX"
        raise DeclinedError(f"{format_expression(function)} OVER: understood are {names}")
    order = list(node.args["order"].expressions) if node.args.get("order") else []
    is_rows, begin, end = _frame(node, bool(order))
    if not isinstance(function, AGGREGATES) and not order:
        raise DeclinedError(f"{format_expression(node)} has no ORDER BY")
    if isinstance(function, SHIFTS):
        read_offset(function)
    return WindowFunction(node, function, list(node.args.get("partition_by") or []), order, is_rows, begin, end)


def read_offset(function: exp.Expr) -> int:
    """How many rows LAG or LEAD goes.

    Raises:
        Declined: it is not written out as a whole number.
    """
    written = function.args.get("offset")
    if written is None:
        return 1
    if not (isinstance(written, exp.Literal) and written.name.isdigit()):
        raise DeclinedError(f"{format_expression(function)}: the offset must be a whole number")
    return int(written.name)


def list_windows(expressions: Iterable[exp.Expr]) -> list[exp.Window]:
    """All windows in expressions.

    Raises:
        Declined: a window is within a window.
    """
    found = [node for expression in expressions for node in expression.find_all(exp.Window)]
    for node in found:
        if any(inner is not node for inner in node.find_all(exp.Window)):
            raise DeclinedError(f"{format_expression(node)} is a window over a window")
    return found


def _frame(node: exp.Window, is_ordered: bool) -> tuple[bool, str, str]:
    spec = node.args.get("spec")
    if spec is None:
        return False, _START, _CURRENT if is_ordered else _END
    is_rows = str(spec.args["kind"]).upper() == "ROWS"
    begin, end = _edge(spec, "start"), _edge(spec, "end") if spec.args.get("end") else _CURRENT
    if not is_rows and (not {begin, end} <= {_START, _CURRENT, _END} or not is_ordered):
        raise DeclinedError(
            f"{format_expression(node)}: understood are frames of ROWS, and of RANGE between UNBOUNDED and CURRENT ROW"
        )
    return is_rows, begin, end


def _edge(spec: exp.WindowSpec, side: str) -> str:
    value = spec.args[side]
    words = value if isinstance(value, str) else value.sql("mysql")
    return " ".join(f"{words} {spec.args.get(f'{side}_side') or ''}".split()).upper()
