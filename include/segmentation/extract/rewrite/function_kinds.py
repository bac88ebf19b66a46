"""The kinds of date functions, aggregates and window functions.

Every rule takes an expression and a function that infers the kind of its parts.
"""

from collections.abc import Callable

import pyarrow as pa
from sqlglot import exp

from include.segmentation.extract.rewrite.operator_kinds import InferKind, is_moment, require_exact_number
from include.segmentation.extract.rewrite.value_kinds import (
    BIGINT,
    QUOTIENT_DIGITS,
    UnsupportedSqlError,
    ValueKind,
    format_expression,
    make_decimal_kind,
    make_integer_kind,
    unite_kinds,
)

UNIT_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86_400, "WEEK": 604_800}
_SUM_DIGITS = 22
_TIMES = ("moment", "date", "unknown")


def _infer_timestamp_difference(node: exp.TimestampDiff, infer: InferKind) -> ValueKind:
    if node.text("unit").upper() not in UNIT_SECONDS:
        raise UnsupportedSqlError(f"{format_expression(node)}: supported units are {', '.join(UNIT_SECONDS)}")
    return _infer_date_difference(node, infer)


def _infer_date_difference(node: exp.Expr, infer: InferKind) -> ValueKind:
    for side in (node.this, node.expression):
        if infer(side).family not in _TIMES and not is_moment(side):
            raise UnsupportedSqlError(f"{format_expression(node)}: supported are dates and times")
    return make_integer_kind(BIGINT, nullable=True)


def _infer_date(node: exp.TsOrDsToDate, infer: InferKind) -> ValueKind:
    if infer(node.this).family not in _TIMES:
        raise UnsupportedSqlError(f"{format_expression(node)}: supported are dates and times")
    return ValueKind("date", "date", pa.date32(), nullable=True)


def _infer_count(node: exp.Count, infer: InferKind) -> ValueKind:
    if isinstance(node.this, exp.Distinct) or node.expressions:
        raise UnsupportedSqlError(f"{format_expression(node)}: supported are COUNT(*) and COUNT(value)")
    if not isinstance(node.this, exp.Star):
        infer(node.this)
    return make_integer_kind(BIGINT)


def _infer_rank(node: exp.Expr, _: InferKind) -> ValueKind:
    if node.args.get("expressions"):
        raise UnsupportedSqlError(f"{format_expression(node)} has arguments")
    return make_integer_kind(BIGINT)


def _infer_sum(node: exp.Sum, infer: InferKind) -> ValueKind:
    kind = require_exact_number(node, infer(node.this))
    return make_decimal_kind(kind.digits + _SUM_DIGITS, kind.scale, nullable=True)


def _infer_average(node: exp.Avg, infer: InferKind) -> ValueKind:
    kind = require_exact_number(node, infer(node.this))
    digits, scale = kind.digits + QUOTIENT_DIGITS, kind.scale + QUOTIENT_DIGITS
    return make_decimal_kind(digits, scale, nullable=True, is_quotient=True)


def _infer_extreme(node: exp.Min | exp.Max, infer: InferKind) -> ValueKind:
    """MIN and MAX of values that are equal only if they are the same."""
    kind = infer(node.this)
    if node.expressions or kind.is_quotient or kind.family in ("text", "opaque"):
        raise UnsupportedSqlError(
            f"{format_expression(node)}: which of the {kind.mysql} values that compare equal it returns is not defined"
        )
    return _infer_other_rows_value(kind)


def _infer_shift(node: exp.Lag | exp.Lead, infer: InferKind) -> ValueKind:
    kind, default = _infer_other_rows_value(infer(node.this)), node.args.get("default")
    return unite_kinds([kind, infer(default)], node) if default else kind


def _infer_other_rows_value(kind: ValueKind) -> ValueKind:
    """The kind of a value taken from another row, which may not exist."""
    if kind.family == "opaque" and kind.mysql.startswith("bit"):
        raise UnsupportedSqlError("every version shows a BIT of another row differently")
    return (make_integer_kind(1) if kind.family == "truth" else kind).make_nullable()


FUNCTION_RULES: dict[tuple[type[exp.Expr], ...], Callable[..., ValueKind]] = {
    (exp.TimestampDiff,): _infer_timestamp_difference,
    (exp.DateDiff,): _infer_date_difference,
    (exp.TsOrDsToDate,): _infer_date,
    (exp.Count,): _infer_count,
    (exp.RowNumber, exp.Rank, exp.DenseRank): _infer_rank,
    (exp.Sum,): _infer_sum,
    (exp.Avg,): _infer_average,
    (exp.Min, exp.Max): _infer_extreme,
    (exp.Lag, exp.Lead): _infer_shift,
    (exp.FirstValue, exp.LastValue): lambda node, infer: _infer_other_rows_value(infer(node.this)),
}
