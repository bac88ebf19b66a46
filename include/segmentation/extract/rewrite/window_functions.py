"""Window functions: OVER clauses with their names and default frames written out."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from include.segmentation.extract.rewrite.sql_nodes import list_own_nodes
from include.segmentation.extract.rewrite.value_kinds import UnsupportedSqlError, format_expression

_START, _CURRENT, _END = "UNBOUNDED PRECEDING", "CURRENT ROW", "UNBOUNDED FOLLOWING"
AGGREGATES = (exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max)
_RANKS = (exp.Rank, exp.DenseRank)
_SHIFTS = (exp.Lag, exp.Lead)
_FUNCTIONS = (exp.RowNumber, *_RANKS, *_SHIFTS, exp.FirstValue, exp.LastValue, *AGGREGATES)
_FUNCTION_NAMES = "LAG, LEAD, ROW_NUMBER, RANK, DENSE_RANK, FIRST_VALUE, LAST_VALUE, COUNT, SUM, AVG, MIN, MAX"


@dataclass(frozen=True)
class WindowFunction:
    """A function with its OVER clause.

    Attributes:
        partition: PARTITION BY.
        order: ORDER BY.
        is_rows: whether the frame counts rows; a frame by RANGE keeps rows with equal order values together.
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
        """Whether the frame is the whole partition."""
        return self.begin == _START and self.end == _END

    @property
    def is_default_frame(self) -> bool:
        """Whether this is the frame of an OVER clause without one."""
        return not self.is_rows and (self.is_running if self.order else self.is_whole)

    @property
    def is_order_sensitive(self) -> bool:
        """Whether the value is undefined while two rows are equal in the order."""
        if isinstance(self.function, AGGREGATES):
            return self.is_rows and not self.is_whole
        return not isinstance(self.function, _RANKS)

    @property
    def has_only_earlier_rows(self) -> bool:
        """Whether the value depends only on rows that come before in the order, and on equal ones."""
        if isinstance(self.function, exp.Lead):
            return False
        if isinstance(self.function, (*AGGREGATES, exp.LastValue)):
            return self.end == _CURRENT or self.end.endswith("PRECEDING")
        return True


def inline_named_windows(select: exp.Select) -> None:
    """Replace ``OVER name`` by what ``WINDOW name AS`` defines, in place.

    Raises:
        UnsupportedSqlError: a name is not defined.
    """
    definitions = {window.name: window for window in select.args.get("windows") or []}
    for node in list_own_nodes(select, exp.Window):
        reference = node.args.get("alias")
        while reference is not None:
            base = definitions.get(reference.name)
            if base is None:
                raise UnsupportedSqlError(f"the window {reference.name} is not defined")
            for part in ("partition_by", "order", "spec"):
                if not node.args.get(part) and base.args.get(part):
                    value = base.args[part]
                    node.set(part, [item.copy() for item in value] if isinstance(value, list) else value.copy())
            reference = base.args.get("alias")
        node.set("alias", None)
    select.set("windows", None)


def parse_window(node: exp.Window) -> WindowFunction:
    """Read an OVER clause that refers to no named window.

    Raises:
        UnsupportedSqlError: the function, its arguments or its frame is not supported.
    """
    function = node.this
    if isinstance(function, exp.IgnoreNulls | exp.RespectNulls):
        raise UnsupportedSqlError(f"{format_expression(function)}: MySQL does not have IGNORE NULLS")
    if not isinstance(function, _FUNCTIONS):
        raise UnsupportedSqlError(f"{format_expression(function)} OVER: supported are {_FUNCTION_NAMES}")
    order = list(node.args["order"].expressions) if node.args.get("order") else []
    is_rows, begin, end = _parse_frame(node, bool(order))
    if not isinstance(function, AGGREGATES) and not order:
        raise UnsupportedSqlError(f"{format_expression(node)} has no ORDER BY")
    if isinstance(function, _SHIFTS):
        read_offset(function)
    return WindowFunction(node, function, list(node.args.get("partition_by") or []), order, is_rows, begin, end)


def read_offset(function: exp.Expr) -> int:
    """The number of rows by which LAG or LEAD shifts.

    Raises:
        UnsupportedSqlError: it is not a whole-number literal.
    """
    offset = function.args.get("offset")
    if offset is None:
        return 1
    if not (isinstance(offset, exp.Literal) and offset.name.isdigit()):
        raise UnsupportedSqlError(f"{format_expression(function)}: the offset must be a whole number")
    return int(offset.name)


def list_window_nodes(expressions: Iterable[exp.Expr]) -> list[exp.Window]:
    """All windows in expressions.

    Raises:
        UnsupportedSqlError: a window contains a window.
    """
    windows = [node for expression in expressions for node in expression.find_all(exp.Window)]
    for node in windows:
        if any(inner is not node for inner in node.find_all(exp.Window)):
            raise UnsupportedSqlError(f"{format_expression(node)} is a window over a window")
    return windows


def _parse_frame(node: exp.Window, is_ordered: bool) -> tuple[bool, str, str]:
    spec = node.args.get("spec")
    if spec is None:
        return False, _START, _CURRENT if is_ordered else _END
    is_rows = str(spec.args["kind"]).upper() == "ROWS"
    begin = _parse_frame_edge(spec, "start")
    end = _parse_frame_edge(spec, "end") if spec.args.get("end") else _CURRENT
    if not is_rows and (not {begin, end} <= {_START, _CURRENT, _END} or not is_ordered):
        raise UnsupportedSqlError(
            f"{format_expression(node)}: supported are frames of ROWS, and of RANGE between UNBOUNDED and CURRENT ROW"
        )
    return is_rows, begin, end


def _parse_frame_edge(spec: exp.WindowSpec, side: str) -> str:
    value = spec.args[side]
    distance = value if isinstance(value, str) else value.sql("mysql")
    return " ".join(f"{distance} {spec.args.get(f'{side}_side') or ''}".split()).upper()
