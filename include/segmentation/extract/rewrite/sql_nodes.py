"""Helpers for sqlglot's trees."""

from typing import TypeVar

from sqlglot import exp

_Node = TypeVar("_Node", bound=exp.Expr)


def find_plain_column(item: exp.Expr) -> exp.Column | None:
    """The column that an item of a SELECT list passes on unchanged, or None."""
    value = item.unalias()
    return value if isinstance(value, exp.Column) else None


def name_output(item: exp.Expr) -> str:
    """The name of an item of a SELECT list."""
    return str(item.alias_or_name)


def list_own_nodes(select: exp.Select, kind: type[_Node]) -> list[_Node]:
    """The nodes of a kind in a SELECT, without those in its subqueries."""
    nodes = select.walk(prune=lambda node: isinstance(node, exp.Select) and node is not select)
    return [node for node in nodes if isinstance(node, kind)]


def list_source_nodes(select: exp.Select) -> list[exp.Expr]:
    """The tables and subqueries that FROM and the joins read."""
    return [select.args["from_"].this, *(join.this for join in select.args.get("joins") or [])]


def split_conjuncts(select: exp.Select) -> list[exp.Expr]:
    """The conditions that WHERE joins with AND."""
    where = select.args.get("where")
    if where is None:
        return []
    return list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]


def set_where(select: exp.Select, conditions: list[exp.Expr]) -> None:
    """Replace WHERE with these conditions joined with AND, in place."""
    select.set("where", exp.Where(this=exp.and_(*conditions)) if conditions else None)
