"""The kind of every supported expression, by MySQL's rules; an expression without a rule is refused."""

from collections.abc import Callable
from functools import partial

from sqlglot import exp

from include.segmentation.extract.rewrite.function_kinds import FUNCTION_RULES
from include.segmentation.extract.rewrite.operator_kinds import OPERATOR_RULES
from include.segmentation.extract.rewrite.value_kinds import UnsupportedSqlError, ValueKind, format_expression

FindKind = Callable[[exp.Column], ValueKind]


def infer_kind(node: exp.Expr, find_kind: FindKind) -> ValueKind:
    """Infer the kind of an expression, its windows included.

    Raises:
        UnsupportedSqlError: the value of the expression may differ between servers.
    """
    if isinstance(node, exp.Column):
        return find_kind(node)
    for types, rule in (OPERATOR_RULES | FUNCTION_RULES).items():
        if isinstance(node, types):
            return rule(node, partial(infer_kind, find_kind=find_kind))
    raise UnsupportedSqlError(f"{format_expression(node)} is not a supported expression")
