"""Bind the columns of a SELECT to its sources, by sqlglot's qualify and MySQL's rules (docs/decisions/0025)."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify_columns import qualify_columns
from sqlglot.schema import MappingSchema

from include.segmentation.extract.rewrite.sql_nodes import list_own_nodes, list_source_nodes
from include.segmentation.extract.rewrite.value_kinds import UnsupportedSqlError, format_expression

_ANY_TYPE = "unknown"
_SPELLING = "spelling"
"""Where a column keeps its name as the query spells it."""


def bind_columns(select: exp.Select, sources: Mapping[str, Collection[str]]) -> None:
    """Write every column as ``source.column`` and expand stars, in place.

    Column names are case-insensitive, as in MySQL. GROUP BY may name a SELECT item by its alias; a column of that name
    comes first.

    Args:
        select: the SELECT; its subqueries are left alone.
        sources: the columns of what FROM reads, by alias.

    Raises:
        UnsupportedSqlError: a column is unknown or ambiguous, or GROUP BY refers to a position.
    """
    spelling = {alias: {name.lower(): name for name in columns} for alias, columns in sources.items()}
    for column in list_own_nodes(select, exp.Column):
        _check_sources(column, spelling)
        if not column.is_star:
            column.meta[_SPELLING] = column.name
            column.set("this", exp.to_identifier(column.name.lower()))
    if any(isinstance(node, exp.Literal) and node.is_int for node in _list_groups(select)):
        raise UnsupportedSqlError("GROUP BY refers to a position; name the column")
    aliased_items = {id(item) for item in select.expressions if isinstance(item, exp.Alias)}
    with _hide_subqueries(select):
        _qualify(select, spelling)
    _bind_group_aliases(select)
    for item in select.expressions:
        if isinstance(item, exp.Alias) and id(item) not in aliased_items:  # qualify repeats the name of the column
            item.replace(item.this)
    for column in list_own_nodes(select, exp.Column):
        name = spelling.get(column.table, {}).get(column.name)
        if name is None:
            column.set("this", exp.to_identifier(column.meta[_SPELLING]))
            raise UnsupportedSqlError(f"the column {format_expression(column)} is unknown")
        column.set("this", exp.to_identifier(name, quoted=True))
        column.set("table", exp.to_identifier(column.table, quoted=True))


def _check_sources(column: exp.Column, spelling: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse what qualify takes for a column of an outer query, or decides by the order of joins."""
    if column.args.get("db") or (column.table and column.table not in spelling):
        raise UnsupportedSqlError(f"{format_expression(column)}: FROM has no such table")
    if not column.table and sum(column.name.lower() in names for names in spelling.values()) > 1:
        raise UnsupportedSqlError(f"the column {format_expression(column)} is ambiguous")


def _qualify(select: exp.Select, spelling: Mapping[str, Mapping[str, str]]) -> None:
    columns = {alias: dict.fromkeys(names, _ANY_TYPE) for alias, names in spelling.items() if names}
    schema = MappingSchema(columns, dialect="mysql")
    try:
        qualify_columns(select, schema, expand_alias_refs=False, allow_partial_qualification=True)
    except OptimizeError as error:
        raise UnsupportedSqlError(f"its columns cannot be bound: {str(error).splitlines()[0]}") from None


@contextmanager
def _hide_subqueries(select: exp.Select) -> Iterator[None]:
    """Let qualify see a table instead of every subquery, whose columns are bound on their own."""
    sources = list_source_nodes(select)
    stand_ins = [(node, exp.table_(exp.to_identifier(node.alias, quoted=True))) for node in sources]
    stand_ins += [
        (node, exp.Placeholder())
        for node in list_own_nodes(select, exp.Select)
        if node is not select and node.parent not in sources
    ]
    for node, stand_in in stand_ins:
        node.replace(stand_in)
    try:
        yield
    finally:
        for node, stand_in in stand_ins:
            stand_in.replace(node)


def _list_groups(select: exp.Select) -> list[exp.Expr]:
    group = select.args.get("group")
    return list(group.expressions) if group else []


def _bind_group_aliases(select: exp.Select) -> None:
    """Replace an alias in GROUP BY by its item; qualify would accept aliases in WHERE as well."""
    items = {item.alias: item.this for item in select.expressions if isinstance(item, exp.Alias)}
    for node in _list_groups(select):
        if isinstance(node, exp.Column) and not node.table and node.meta[_SPELLING] in items:
            node.replace(items[node.meta[_SPELLING]].copy())
