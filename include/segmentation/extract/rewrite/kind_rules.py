"""The kind of every supported expression, by MySQL's rules; an expression without a rule is refused."""

from collections.abc import Callable
from functools import partial

from sqlglot import exp

from include.segmentation.extract.rewrite import function_kinds as functions
from include.segmentation.extract.rewrite import operator_kinds as operators
from include.segmentation.extract.rewrite.value_kinds import (
    NULL_KIND,
    UnsupportedSqlError,
    ValueKind,
    format_expression,
)

_RULES: dict[tuple[type[exp.Expr], ...], Callable[..., ValueKind]] = {
    (exp.Literal,): operators.infer_literal,
    (exp.Null,): lambda *_: NULL_KIND,
    (exp.Boolean,): lambda *_: operators.TRUTH_KIND,
    (exp.Paren, exp.Window): lambda node, infer: infer(node.this),
    (exp.Neg,): operators.infer_negative,
    (exp.Add, exp.Sub, exp.Mul): operators.infer_arithmetic,
    (exp.Div,): operators.infer_quotient,
    (exp.IntDiv, exp.Mod): operators.infer_whole_division,
    (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ): operators.infer_comparison,
    (exp.And, exp.Or, exp.Not): operators.infer_logic,
    (exp.Between,): operators.infer_between,
    (exp.In,): operators.infer_in,
    (exp.Is,): operators.infer_is_null,
    (exp.If,): operators.infer_if,
    (exp.Case,): operators.infer_case,
    (exp.Coalesce,): operators.infer_coalesce,
    (exp.TimestampDiff,): functions.infer_timestamp_difference,
    (exp.DateDiff,): functions.infer_date_difference,
    (exp.TsOrDsToDate,): functions.infer_date,
    (exp.Count,): functions.infer_count,
    (exp.RowNumber, exp.Rank, exp.DenseRank): functions.infer_rank,
    (exp.Sum,): functions.infer_sum,
    (exp.Avg,): functions.infer_average,
    (exp.Min, exp.Max): functions.infer_extreme,
    (exp.Lag, exp.Lead): functions.infer_shift,
    (exp.FirstValue, exp.LastValue): functions.infer_frame_edge,
}


def infer_kind(node: exp.Expr, find_column_kind: Callable[[exp.Column], ValueKind]) -> ValueKind:
    """Infer the kind of an expression, its windows included.

    Raises:
        UnsupportedSqlError: the value of the expression may differ between servers.
    """
    if isinstance(node, exp.Column):
        return find_column_kind(node)
    rule = next((rule for types, rule in _RULES.items() if isinstance(node, types)), None)
    if rule is None:
        raise UnsupportedSqlError(f"{format_expression(node)} is not a supported expression")
    return rule(node, partial(infer_kind, find_column_kind=find_column_kind))
