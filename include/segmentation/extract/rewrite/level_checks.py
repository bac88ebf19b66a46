"""Check that the conditions, groups and windows of a SELECT have one defined answer."""

from sqlglot import exp

from include.segmentation.extract.rewrite.kind_rules import FindKind, infer_kind
from include.segmentation.extract.rewrite.sql_nodes import list_own_nodes, split_conjuncts
from include.segmentation.extract.rewrite.value_kinds import UnsupportedSqlError, format_expression
from include.segmentation.extract.rewrite.window_functions import AGGREGATES, parse_window


def check_conditions(select: exp.Select, find_kind: FindKind) -> None:
    """Check that WHERE and ON hold truths or numbers.

    Raises:
        UnsupportedSqlError: one of them does not, or contains a window.
    """
    join_conditions = [join.args["on"] for join in select.args.get("joins") or [] if join.args.get("on")]
    for condition in [*split_conjuncts(select), *join_conditions]:
        has_window = condition.find(exp.Window) is not None
        if has_window or infer_kind(condition, find_kind).family not in ("truth", "integer", "unknown"):
            raise UnsupportedSqlError(f"{format_expression(condition)} is not a condition")


def is_grouped(select: exp.Select) -> bool:
    """Whether the rows of a SELECT are groups: it has GROUP BY or an aggregate that is no window."""
    aggregates = [node for node in list_own_nodes(select, exp.AggFunc) if isinstance(node, AGGREGATES)]
    return bool(select.args.get("group")) or any(not isinstance(node.parent, exp.Window) for node in aggregates)


def check_groups(select: exp.Select, find_kind: FindKind) -> None:
    """Check that every item of a grouped SELECT has one value per group.

    Raises:
        UnsupportedSqlError: an item does not, or the SELECT has windows too.
    """
    if not is_grouped(select):
        return
    if any(item.find(exp.Window) for item in select.expressions):
        raise UnsupportedSqlError("windows and GROUP BY are in one SELECT; put the groups into a CTE")
    groups = select.args["group"].expressions if select.args.get("group") else []
    for group in groups:
        infer_kind(group, find_kind)
    for item in select.expressions:
        nodes = item.walk(prune=lambda node: node in groups or isinstance(node, AGGREGATES))
        for node in nodes:
            if isinstance(node, exp.Column) and node not in groups:
                raise UnsupportedSqlError(f"{format_expression(node)} is neither in GROUP BY nor in an aggregate")


def check_window(node: exp.Window, keys: list[frozenset[str]], find_kind: FindKind) -> None:
    """Check that a window has one answer on every server.

    Args:
        node: a window that refers to no named window.
        keys: the sets of columns, written ``source.column``, that identify a row.
        find_kind: returns the kind of a bound column.

    Raises:
        UnsupportedSqlError: it is ordered by inexact values, or rows that are equal in its order change its value.
    """
    window = parse_window(node)
    sort_keys = [*window.partition, *(ordered.this for ordered in window.order)]
    for expression in sort_keys:
        kind = infer_kind(expression, find_kind)
        if kind.is_quotient or kind.mysql == "json":
            raise UnsupportedSqlError(f"{format_expression(node)} is ordered by {kind.mysql}")
    names = {column.sql() for column in sort_keys if isinstance(column, exp.Column)}
    if window.is_order_sensitive and not any(key <= names for key in keys):
        raise UnsupportedSqlError(
            f"{format_expression(node)}: rows that are equal in its order have no defined answer; "
            "end the order in the primary key of the table"
        )
