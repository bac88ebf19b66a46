"""The kinds of literals, arithmetic, comparisons, conditions and alternatives.

Every rule takes an expression and a function that infers the kind of its parts.
"""

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
    UnsupportedSqlError,
    ValueKind,
    format_expression,
    make_decimal_kind,
    make_integer_kind,
    require_comparable,
    unite_kinds,
)

InferKind = Callable[[exp.Expr], ValueKind]

_TRUTH_KIND = ValueKind("truth", "bigint", pa.int64(), nullable=False, digits=1)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?)?")


def _infer_literal(node: exp.Literal, _: InferKind) -> ValueKind:
    if node.is_string:
        return ValueKind("text", "varchar", pa.string(), nullable=False)
    if not re.fullmatch(r"\d+(\.\d+)?", node.name):
        raise UnsupportedSqlError(f"the number {node.name} is not exact")
    whole, _, fraction = node.name.partition(".")
    if fraction:
        return make_decimal_kind(len(whole) + len(fraction), len(fraction), nullable=False)
    if len(whole) >= BIGINT:
        raise UnsupportedSqlError(f"the number {node.name} is too large")
    return replace(make_integer_kind(len(whole)), is_natural=True)


def _infer_negative(node: exp.Neg, infer: InferKind) -> ValueKind:
    kind = require_exact_number(node, infer(node.this))
    if kind.unsigned:
        raise UnsupportedSqlError(f"{format_expression(node)} is the negative of an unsigned number")
    if kind.family == "decimal":
        return make_decimal_kind(kind.digits, kind.scale, kind.nullable)
    return make_integer_kind(kind.digits if kind.is_natural else BIGINT, kind.nullable)


def _infer_arithmetic(node: exp.Binary, infer: InferKind) -> ValueKind:
    left, right = (require_exact_number(node, infer(side)) for side in (node.left, node.right))
    nullable, unsigned = left.nullable or right.nullable, left.unsigned or right.unsigned
    is_decimal = "decimal" in (left.family, right.family)
    has_signed_side = not all(kind.unsigned or kind.is_natural for kind in (left, right))
    if unsigned and (isinstance(node, exp.Sub) or (not is_decimal and (isinstance(node, exp.Mul) or has_signed_side))):
        raise UnsupportedSqlError(f"{format_expression(node)} computes with an unsigned number")
    if not is_decimal:
        return make_integer_kind(BIGINT_UNSIGNED if unsigned else BIGINT, nullable, unsigned)
    if isinstance(node, exp.Mul):
        digits, scale = left.digits + right.digits, left.scale + right.scale
    else:
        scale = max(left.scale, right.scale)
        digits = max(left.digits - left.scale, right.digits - right.scale) + scale + 1
    if digits > MOST_DIGITS:
        raise UnsupportedSqlError(f"{format_expression(node)} may have {digits} digits")
    return make_decimal_kind(digits, scale, nullable)


def _infer_quotient(node: exp.Div, infer: InferKind) -> ValueKind:
    left, right = (require_exact_number(node, infer(side)) for side in (node.left, node.right))
    digits, scale = left.digits + right.scale + QUOTIENT_DIGITS, left.scale + QUOTIENT_DIGITS
    return make_decimal_kind(digits, scale, nullable=True, is_quotient=True)


def _infer_whole_division(node: exp.Binary, infer: InferKind) -> ValueKind:
    for side in (node.left, node.right):
        kind = infer(side)
        if kind.family not in ("integer", "truth", "unknown") or kind.unsigned:
            raise UnsupportedSqlError(
                f"{format_expression(node)} divides {kind.mysql}; supported are signed whole numbers"
            )
    return make_integer_kind(BIGINT, nullable=True)


def _infer_comparison(node: exp.Binary, infer: InferKind) -> ValueKind:
    truth = _compare(node, [(node.left, node.right)], infer)
    return _TRUTH_KIND if isinstance(node, exp.NullSafeEQ) else truth


def _infer_between(node: exp.Between, infer: InferKind) -> ValueKind:
    return _compare(node, [(node.this, node.args[side]) for side in ("low", "high")], infer)


def _infer_in(node: exp.In, infer: InferKind) -> ValueKind:
    """IN a list or a SELECT; the level compares the column of a SELECT when it is built."""
    if node.args.get("query"):
        return _TRUTH_KIND.make_nullable()
    return _compare(node, [(node.this, value) for value in node.expressions], infer)


def _infer_logic(node: exp.Expr, infer: InferKind) -> ValueKind:
    kinds = [infer(side) for side in (node.args.get("this"), node.args.get("expression")) if side]
    for kind in kinds:
        _require_condition(node, kind)
    return _TRUTH_KIND.make_nullable(any(kind.nullable for kind in kinds))


def _infer_is_null(node: exp.Is, infer: InferKind) -> ValueKind:
    if not isinstance(node.expression, exp.Null):
        raise UnsupportedSqlError(f"{format_expression(node)} is not IS NULL")
    infer(node.this)
    return _TRUTH_KIND


def _infer_if(node: exp.If, infer: InferKind) -> ValueKind:
    _require_condition(node, infer(node.this))
    default = node.args.get("false")
    return unite_kinds([infer(node.args["true"]), infer(default) if default else NULL_KIND], node)


def _infer_case(node: exp.Case, infer: InferKind) -> ValueKind:
    if node.this:
        raise UnsupportedSqlError(f"{format_expression(node)}: write CASE WHEN <condition>")
    for branch in node.args["ifs"]:
        _require_condition(node, infer(branch.this))
    default = node.args.get("default")
    kinds = [infer(branch.args["true"]) for branch in node.args["ifs"]]
    return unite_kinds([*kinds, infer(default) if default else NULL_KIND], node)


def _infer_coalesce(node: exp.Coalesce, infer: InferKind) -> ValueKind:
    kinds = [infer(value) for value in (node.this, *node.expressions)]
    return replace(unite_kinds(kinds, node), nullable=all(kind.nullable for kind in kinds))


def is_moment(node: exp.Expr) -> bool:
    """Whether a node is a literal that every server reads as the same date or time."""
    if not (isinstance(node, exp.Literal) and node.is_string and _MOMENT.fullmatch(node.name)):
        return False
    try:
        datetime.fromisoformat(node.name)
    except ValueError:
        return False
    return True


def require_exact_number(node: exp.Expr, kind: ValueKind) -> ValueKind:
    """The kind of an operand of arithmetic; an unknown one counts as a BIGINT.

    Raises:
        UnsupportedSqlError: it is no number, or not exact.
    """
    if kind.family == "unknown":
        return make_integer_kind(BIGINT, nullable=True)
    if not kind.is_number or kind.is_quotient:
        operand = "a quotient, whose hidden digits differ" if kind.is_quotient else kind.mysql
        raise UnsupportedSqlError(f"{format_expression(node)} computes with {operand}")
    return kind


def _compare(node: exp.Expr, pairs: list[tuple[exp.Expr, exp.Expr]], infer: InferKind) -> ValueKind:
    kinds = [_infer_compared_kinds(left, right, infer) for left, right in pairs]
    for left, right in kinds:
        require_comparable(left, right, node)
    return _TRUTH_KIND.make_nullable(any(kind.nullable for pair in kinds for kind in pair))


def _infer_compared_kinds(left: exp.Expr, right: exp.Expr, infer: InferKind) -> tuple[ValueKind, ValueKind]:
    """The kinds of both sides of a comparison; a text literal beside a date or time is a moment."""
    one, other = infer(left), infer(right)
    if one.family in ("moment", "date") and is_moment(right):
        other = replace(one, family="moment", nullable=False)
    if other.family in ("moment", "date") and is_moment(left):
        one = replace(other, family="moment", nullable=False)
    return one, other


def _require_condition(node: exp.Expr, kind: ValueKind) -> None:
    if kind.family not in ("truth", "integer", "null", "unknown"):
        raise UnsupportedSqlError(f"{format_expression(node)} uses {kind.mysql} as a condition")


OPERATOR_RULES: dict[tuple[type[exp.Expr], ...], Callable[..., ValueKind]] = {
    (exp.Literal,): _infer_literal,
    (exp.Null,): lambda *_: NULL_KIND,
    (exp.Boolean,): lambda *_: _TRUTH_KIND,
    (exp.Paren, exp.Window): lambda node, infer: infer(node.this),
    (exp.Neg,): _infer_negative,
    (exp.Add, exp.Sub, exp.Mul): _infer_arithmetic,
    (exp.Div,): _infer_quotient,
    (exp.IntDiv, exp.Mod): _infer_whole_division,
    (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ): _infer_comparison,
    (exp.And, exp.Or, exp.Not): _infer_logic,
    (exp.Between,): _infer_between,
    (exp.In,): _infer_in,
    (exp.Is,): _infer_is_null,
    (exp.If,): _infer_if,
    (exp.Case,): _infer_case,
    (exp.Coalesce,): _infer_coalesce,
}
