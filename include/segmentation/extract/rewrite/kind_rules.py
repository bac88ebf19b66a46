"""The kind of every expression that is understood, by MySQL's rules; whatever has no rule is declined."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
from sqlglot import exp

from include.segmentation.extract.rewrite.value_kinds import (
    BIGINT,
    BIGINT_UNSIGNED,
    MOST_DIGITS,
    NULL_KIND,
    QUOTIENT_DIGITS,
    DeclinedError,
    ValueKind,
    format_expression,
    make_decimal_kind,
    make_integer_kind,
    require_comparable,
    unite_kinds,
)

UNITS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86_400, "WEEK": 604_800}
_SUM_DIGITS = 22
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?)?")
_TIMES = ("moment", "date", "unknown")
_TRUTH = ValueKind("truth", "bigint", pa.int64(), nullable=False, digits=1)
_DATE = ValueKind("date", "date", pa.date32(), nullable=True)
Lookup = Callable[[exp.Column], ValueKind]


def infer_kind(node: exp.Expr, lookup: Lookup) -> ValueKind:
    """The kind of an expression.

    Args:
        node: the expression, its windows included.
        lookup: gives the kind of a column.

    Raises:
        Declined: the expression is not one whose value is known to be the same everywhere.
    """
    rule = next((rule for types, rule in _RULES.items() if isinstance(node, types)), None)
    if rule is None:
        raise DeclinedError(f"{format_expression(node)} is not among the expressions that are understood")
    return rule(node, lookup)


def _column(node: exp.Column, lookup: Lookup) -> ValueKind:
    return lookup(node)


def _literal(node: exp.Literal, _: Lookup) -> ValueKind:
    if node.is_string:
        return ValueKind("text", "varchar", pa.string(), nullable=False)
    if not re.fullmatch(r"\d+(\.\d+)?", node.name):
        raise DeclinedError(f"the number {node.name} is not exact")
    whole, _, fraction = node.name.partition(".")
    if fraction:
        return make_decimal_kind(len(whole) + len(fraction), len(fraction), nullable=False)
    if len(whole) >= BIGINT:
        raise DeclinedError(f"the number {node.name} is too large")
    return replace(make_integer_kind(len(whole)), is_natural=True)


def _same(node: exp.Expr, lookup: Lookup) -> ValueKind:
    return infer_kind(node.this, lookup)


def _negative(node: exp.Neg, lookup: Lookup) -> ValueKind:
    kind = _number(node, infer_kind(node.this, lookup))
    if kind.unsigned:
        raise DeclinedError(f"{format_expression(node)} is the negative of an unsigned number")
    if kind.family == "decimal":
        return make_decimal_kind(kind.digits, kind.scale, kind.nullable)
    return make_integer_kind(kind.digits if kind.is_natural else BIGINT, kind.nullable)


def _arithmetic(node: exp.Binary, lookup: Lookup) -> ValueKind:
    one, other = (_number(node, infer_kind(side, lookup)) for side in (node.left, node.right))
    nullable, unsigned = one.nullable or other.nullable, one.unsigned or other.unsigned
    if "decimal" not in (one.family, other.family):
        plain = all(kind.unsigned or kind.is_natural for kind in (one, other))
        if unsigned and (isinstance(node, exp.Sub | exp.Mul) or not plain):
            raise DeclinedError(f"{format_expression(node)} computes with an unsigned number")
        return make_integer_kind(BIGINT_UNSIGNED if unsigned else BIGINT, nullable, unsigned)
    if unsigned and isinstance(node, exp.Sub):
        raise DeclinedError(f"{format_expression(node)} computes with an unsigned number")
    if isinstance(node, exp.Mul):
        digits, scale = one.digits + other.digits, one.scale + other.scale
    else:
        scale = max(one.scale, other.scale)
        digits = max(one.digits - one.scale, other.digits - other.scale) + scale + 1
    if digits > MOST_DIGITS:
        raise DeclinedError(f"{format_expression(node)} may have {digits} digits")
    return make_decimal_kind(digits, scale, nullable)


def _quotient(node: exp.Div, lookup: Lookup) -> ValueKind:
    one, other = (_number(node, infer_kind(side, lookup)) for side in (node.left, node.right))
    return make_decimal_kind(
        one.digits + other.scale + QUOTIENT_DIGITS, one.scale + QUOTIENT_DIGITS, nullable=True, is_quotient=True
    )


def _whole(node: exp.Binary, lookup: Lookup) -> ValueKind:
    for side in (node.left, node.right):
        kind = infer_kind(side, lookup)
        if kind.family not in ("integer", "truth", "unknown") or kind.unsigned:
            raise DeclinedError(f"{format_expression(node)} divides {kind.mysql}; understood are signed whole numbers")
    return make_integer_kind(BIGINT, nullable=True)


def _comparison(node: exp.Binary, lookup: Lookup) -> ValueKind:
    one, other = infer_compared_kinds(node.left, node.right, lookup)
    require_comparable(one, other, node)
    return _TRUTH.make_nullable(not isinstance(node, exp.NullSafeEQ) and (one.nullable or other.nullable))


def infer_compared_kinds(left: exp.Expr, right: exp.Expr, lookup: Lookup) -> tuple[ValueKind, ValueKind]:
    """The kinds of two sides of a comparison; a text that is set against a date or time is one itself."""
    one, other = infer_kind(left, lookup), infer_kind(right, lookup)
    if one.family in ("moment", "date") and is_moment(right):
        other = replace(one, family="moment", nullable=False)
    if other.family in ("moment", "date") and is_moment(left):
        one = replace(other, family="moment", nullable=False)
    return one, other


def is_moment(node: exp.Expr) -> bool:
    """Whether it is a literal that every server reads as the same date or time."""
    if not (isinstance(node, exp.Literal) and node.is_string and _MOMENT.fullmatch(node.name)):
        return False
    try:
        datetime.fromisoformat(node.name)
    except ValueError:
        return False
    return True


def _between(node: exp.Between, lookup: Lookup) -> ValueKind:
    sides = [infer_compared_kinds(node.this, node.args[side], lookup) for side in ("low", "high")]
    for one, other in sides:
        require_comparable(one, other, node)
    return _TRUTH.make_nullable(any(kind.nullable for side in sides for kind in side))


def _in(node: exp.In, lookup: Lookup) -> ValueKind:
    if node.args.get("query"):  # its column has been compared when the level was read
        return _TRUTH.make_nullable()
    sides = [infer_compared_kinds(node.this, value, lookup) for value in node.expressions]
    for one, other in sides:
        require_comparable(one, other, node)
    return _TRUTH.make_nullable(any(kind.nullable for side in sides for kind in side))


def _logic(node: exp.Expr, lookup: Lookup) -> ValueKind:
    sides = [infer_kind(side, lookup) for side in (node.args.get("this"), node.args.get("expression")) if side]
    for side in sides:
        _condition(node, side)
    return _TRUTH.make_nullable(any(side.nullable for side in sides))


def _is(node: exp.Is, lookup: Lookup) -> ValueKind:
    if not isinstance(node.expression, exp.Null):
        raise DeclinedError(f"{format_expression(node)} is not IS NULL")
    infer_kind(node.this, lookup)
    return _TRUTH


def _if(node: exp.If, lookup: Lookup) -> ValueKind:
    _condition(node, infer_kind(node.this, lookup))
    otherwise = node.args.get("false")
    return unite_kinds(
        [infer_kind(node.args["true"], lookup), infer_kind(otherwise, lookup) if otherwise else NULL_KIND], node
    )


def _case(node: exp.Case, lookup: Lookup) -> ValueKind:
    if node.this:
        raise DeclinedError(f"{format_expression(node)}: write CASE WHEN <condition>")
    for branch in node.args["ifs"]:
        _condition(node, infer_kind(branch.this, lookup))
    default = node.args.get("default")
    values = [infer_kind(branch.args["true"], lookup) for branch in node.args["ifs"]]
    return unite_kinds([*values, infer_kind(default, lookup) if default else NULL_KIND], node)


def _coalesce(node: exp.Coalesce, lookup: Lookup) -> ValueKind:
    kinds = [infer_kind(value, lookup) for value in (node.this, *node.expressions)]
    return replace(unite_kinds(kinds, node), nullable=all(kind.nullable for kind in kinds))


def _elapsed(node: exp.TimestampDiff, lookup: Lookup) -> ValueKind:
    if node.text("unit").upper() not in UNITS:
        raise DeclinedError(f"{format_expression(node)}: understood are the units {', '.join(UNITS)}")
    return _days(node, lookup)


def _days(node: exp.Expr, lookup: Lookup) -> ValueKind:
    for side in (node.this, node.expression):
        if infer_kind(side, lookup).family not in _TIMES and not is_moment(side):
            raise DeclinedError(f"{format_expression(node)}: understood are dates and times")
    return make_integer_kind(BIGINT, nullable=True)


def _day(node: exp.TsOrDsToDate, lookup: Lookup) -> ValueKind:
    kind = infer_kind(node.this, lookup)
    if kind.family not in _TIMES:
        raise DeclinedError(f"{format_expression(node)}: understood are dates and times")
    return _DATE


def _window(node: exp.Window, lookup: Lookup) -> ValueKind:
    return infer_kind(node.this, lookup)


def _count(node: exp.Count, lookup: Lookup) -> ValueKind:
    if isinstance(node.this, exp.Distinct) or node.expressions:
        raise DeclinedError(f"{format_expression(node)}: understood are COUNT(*) and COUNT(value)")
    if not isinstance(node.this, exp.Star):
        infer_kind(node.this, lookup)
    return make_integer_kind(BIGINT)


def _rank(node: exp.Expr, _: Lookup) -> ValueKind:
    if node.args.get("expressions"):
        raise DeclinedError(f"{format_expression(node)} has arguments")
    return make_integer_kind(BIGINT)


def _sum(node: exp.Sum, lookup: Lookup) -> ValueKind:
    kind = _number(node, infer_kind(node.this, lookup))
    return make_decimal_kind(kind.digits + _SUM_DIGITS, kind.scale, nullable=True)


def _average(node: exp.Avg, lookup: Lookup) -> ValueKind:
    kind = _number(node, infer_kind(node.this, lookup))
    return make_decimal_kind(
        kind.digits + QUOTIENT_DIGITS, kind.scale + QUOTIENT_DIGITS, nullable=True, is_quotient=True
    )


def _extreme(node: exp.Min | exp.Max, lookup: Lookup) -> ValueKind:
    kind = infer_kind(node.this, lookup)
    if node.expressions or kind.is_quotient or kind.family in ("text", "opaque"):
        raise DeclinedError(
            f"{format_expression(node)}: which of the {kind.mysql} values that compare equal it gives is not defined"
        )
    return _value(kind)


def _shifted(node: exp.Lag | exp.Lead, lookup: Lookup) -> ValueKind:
    kind, default = _value(infer_kind(node.this, lookup)), node.args.get("default")
    return unite_kinds([kind, infer_kind(default, lookup)], node) if default else kind


def _end(node: exp.Expr, lookup: Lookup) -> ValueKind:
    return _value(infer_kind(node.this, lookup))


def _value(kind: ValueKind) -> ValueKind:
    """A value taken from another row, where there may be none."""
    if kind.family == "opaque" and kind.mysql.startswith("bit"):
        raise DeclinedError("a BIT of another row is shown differently by every version")
    return (make_integer_kind(1) if kind.family == "truth" else kind).make_nullable()


def _number(node: exp.Expr, kind: ValueKind) -> ValueKind:
    if kind.family == "unknown":
        return make_integer_kind(BIGINT, nullable=True)
    if not kind.is_number or kind.is_quotient:
        what = "a quotient, whose hidden digits differ" if kind.is_quotient else kind.mysql
        raise DeclinedError(f"{format_expression(node)} computes with {what}")
    return kind


def _condition(node: exp.Expr, kind: ValueKind) -> None:
    if kind.family not in ("truth", "integer", "null", "unknown"):
        raise DeclinedError(f"{format_expression(node)} takes {kind.mysql} for a condition")


_RULES: dict[tuple[type[exp.Expr], ...], Callable[..., ValueKind]] = {
    (exp.Column,): _column,
    (exp.Literal,): _literal,
    (exp.Null,): lambda *_: NULL_KIND,
    (exp.Boolean,): lambda *_: _TRUTH,
    (exp.Paren,): _same,
    (exp.Neg,): _negative,
    (exp.Add, exp.Sub, exp.Mul): _arithmetic,
    (exp.Div,): _quotient,
    (exp.IntDiv, exp.Mod): _whole,
    (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ): _comparison,
    (exp.And, exp.Or, exp.Not): _logic,
    (exp.Between,): _between,
    (exp.In,): _in,
    (exp.Is,): _is,
    (exp.If,): _if,
    (exp.Case,): _case,
    (exp.Coalesce,): _coalesce,
    (exp.TimestampDiff,): _elapsed,
    (exp.DateDiff,): _days,
    (exp.TsOrDsToDate,): _day,
    (exp.Window,): _window,
    (exp.Count,): _count,
    (exp.RowNumber, exp.Rank, exp.DenseRank): _rank,
    (exp.Sum,): _sum,
    (exp.Avg,): _average,
    (exp.Min, exp.Max): _extreme,
    (exp.Lag, exp.Lead): _shifted,
    (exp.FirstValue, exp.LastValue): _end,
}
