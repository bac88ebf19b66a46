"""Small looks into sqlglot's trees."""

from typing import TypeVar

from sqlglot import exp

_Node = TypeVar("_Node", bound=exp.Expr)


def find_plain_column(node: exp.Expr) -> exp.Column | None:
    """The column that an item of a SELECT list passes on as it is, if it does."""
    node = node.unalias()
    return node if isinstance(node, exp.Column) else None


def name_output(item: exp.Expr) -> str:
    """The name of an item of a SELECT list."""
    return str(item.alias_or_name)


def list_own_nodes(select: exp.Select, kind: type[_Node]) -> list[_Node]:
    """The nodes of a kind in a SELECT, not those in the subqueries of its FROM and its conditions."""
    nodes = select.walk(prune=lambda node: isinstance(node, exp.Select) and node is not select)
    return [node for node in nodes if isinstance(node, kind)]


def split_conjuncts(select: exp.Select) -> list[exp.Expr]:
    """The conditions that a WHERE joins with AND."""
    where = select.args.get("where")
    if where is None:
        return []
    return list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]


def set_where(select: exp.Select, conditions: list[exp.Expr]) -> None:
    """Join conditions with AND to a WHERE, in place."""
    select.set("where", exp.Where(this=exp.and_(*conditions)) if conditions else None)
