"""The condition of a stratum in words: the KPIs' labels and units replace columns and operators."""

from collections.abc import Callable, Mapping

from sqlglot import exp

from include.segmentation.common.text import format_number, format_quantity, omit_repeated_unit
from include.segmentation.profile.conditions import parse_condition
from include.segmentation.profile.kpis import AGE_COLUMN, Kpi

_FLIPPED = {exp.GT: exp.LT, exp.GTE: exp.LTE, exp.LT: exp.GT, exp.LTE: exp.GTE}
_COMPARED: dict[type[exp.Expr], Callable[[float, str], str]] = {
    exp.EQ: lambda value, _: format_number(value),
    exp.NEQ: lambda value, _: f"other than {format_number(value)}",
    exp.GT: lambda value, unit: f"more than {format_quantity(value, unit)}",
    exp.GTE: lambda value, unit: f"{format_quantity(value, unit)} or more",
    exp.LT: lambda value, unit: f"below {format_quantity(value, unit)}",
    exp.LTE: lambda value, unit: f"up to {format_quantity(value, unit)}",
}


def describe_condition(condition: str, kpis: Mapping[str, Kpi]) -> str:
    """Describe a condition: ``returns >= 5 AND age_days < 7`` -> ``Returns 5 visit days or more, Age below 7 days``.

    Args:
        condition: a stratum's condition over KPIs and ``age_days``.
        kpis: every KPI of the macro segment.
    """
    return _describe_node(parse_condition(condition, [*kpis, AGE_COLUMN]), kpis)


def _describe_node(node: exp.Expr, kpis: Mapping[str, Kpi]) -> str:
    if isinstance(node, exp.Paren):
        return (
            f"({_describe_node(node.this, kpis)})" if isinstance(node.this, exp.Or) else _describe_node(node.this, kpis)
        )
    if isinstance(node, (exp.And, exp.Or)):
        between = ", " if isinstance(node, exp.And) else " or "
        return between.join(_describe_node(side, kpis) for side in node.flatten(unnest=False))
    if isinstance(node, exp.Not):
        return _describe_negation(node.this.unnest(), kpis)
    if isinstance(node, exp.Boolean):
        return "everyone" if node.this else "no one"
    return _describe_comparison(node, kpis)


def _describe_negation(node: exp.Expr, kpis: Mapping[str, Kpi]) -> str:
    if isinstance(node, exp.Is):
        return f"{_find_label(node.this, kpis)[0]} defined"
    return f"not ({_describe_node(node, kpis)})"


def _describe_comparison(node: exp.Expr, kpis: Mapping[str, Kpi]) -> str:
    right = node.args.get("expression")
    if right is not None and isinstance(right.unnest(), exp.Column):
        return _describe_comparison(_FLIPPED.get(type(node), type(node))(this=right, expression=node.this), kpis)
    label, unit = _find_label(node.this, kpis)
    if isinstance(node, exp.Is):
        return f"{label} undefined"
    if isinstance(node, exp.Between):
        low, high = (_read_value(node.args[end]) for end in ("low", "high"))
        return f"{label} {format_number(low)} to {format_quantity(high, unit)}"
    if isinstance(node, exp.In):
        return f"{label} {' or '.join(format_number(_read_value(value)) for value in node.expressions)}"
    return f"{label} {_COMPARED[type(node)](_read_value(node.expression), unit)}"


def _find_label(column: exp.Expr, kpis: Mapping[str, Kpi]) -> tuple[str, str]:
    kpi = kpis.get(column.unnest().name)
    return (kpi.label, omit_repeated_unit(kpi.label, kpi.unit)) if kpi else ("Age", "days")


def _read_value(literal: exp.Expr) -> float:
    value = literal.unnest()
    return -float(value.this.name) if isinstance(value, exp.Neg) else float(value.name)
