"""The equivalent of a query in MySQL 5.0's grammar: every window becomes a correlated subquery on an index.

A subquery reads the partition of the current row again, under the same WHERE and an alias of its own. Unlike user
variables, this is right on every version and in any order of evaluation.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

from sqlglot import exp

from include.segmentation.extract.rewrite.kind_rules import infer_kind
from include.segmentation.extract.rewrite.page_marks import write_page_mark
from include.segmentation.extract.rewrite.query_levels import BaseTable, QueryLevel
from include.segmentation.extract.rewrite.sql_nodes import (
    find_plain_column,
    list_own_nodes,
    list_source_nodes,
    name_output,
    set_where,
    split_conjuncts,
)
from include.segmentation.extract.rewrite.value_kinds import UnsupportedSqlError, format_expression
from include.segmentation.extract.rewrite.window_functions import list_window_nodes, parse_window
from include.segmentation.extract.rewrite.window_rows import WindowPartition, WindowRows


@dataclass(frozen=True)
class RewrittenQuery:
    """A rewritten query.

    Attributes:
        tree: its SQL, in which ``page(column)`` marks the rows of a page.
        partitions: what the server must be asked about.
        base: the table and column that ``page`` limits; None if every page computes all rows.
    """

    tree: exp.Select
    partitions: list[WindowPartition]
    base: tuple[str, str] | None


def rewrite_for_mysql50(query: QueryLevel, cursor: str) -> RewrittenQuery:
    """Rewrite a query for a server without windows and CTEs.

    Args:
        query: the query.
        cursor: the output column by which pages are read.

    Raises:
        UnsupportedSqlError: no equivalent is exact, or no index serves it.
    """
    aliases = {node.alias_or_name for node in query.select.find_all(exp.Table, exp.Subquery)}
    rewriter = _Rewriter(f"w{number}" for number in count(1) if f"w{number}" not in aliases)
    tree = rewriter.rewrite_level(_merge_plain_levels(query), cursor)
    base = None if rewriter.computes_all else rewriter.base
    return RewrittenQuery(tree, list(dict.fromkeys(rewriter.partitions)), base)


class _Rewriter:
    """Rewrites the levels of one query.

    Attributes:
        partitions: those that its subqueries read.
        base: the table and column that the cursor comes from.
        computes_all: whether a window or group cannot be limited to a page.
    """

    def __init__(self, aliases: Iterator[str]) -> None:
        """Use these aliases, which the query does not, for base tables in subqueries."""
        self.partitions: list[WindowPartition] = []
        self.base: tuple[str, str] | None = None
        self.computes_all = False
        self._aliases = aliases

    def rewrite_level(self, level: QueryLevel, cursor: str | None) -> exp.Select:
        """Rewrite one level, limited to a page if it passes the cursor of a base table on."""
        select = level.select.copy()
        outputs = {name_output(item): find_plain_column(item) for item in select.expressions}
        column = outputs.get(cursor) if cursor else None
        if column and (level.is_grouped or column.table in level.outer_aliases):
            column = None
        _keep_unsigned_literals(level, select)
        self._replace_windows(level, select)
        for node in list_source_nodes(select):
            source = level.sources[node.alias]
            if isinstance(source, QueryLevel):
                inner_cursor = column.name if column and column.table == node.alias else None
                node.set("this", self.rewrite_level(source, inner_cursor))
        table = level.sources[column.table] if column else None
        self.computes_all |= bool(level.windows or level.is_grouped) and not isinstance(table, BaseTable)
        if column and isinstance(table, BaseTable):
            self.base = table.name, column.name
            select.where(write_page_mark(column.sql("mysql")), dialect="mysql", copy=False)
        return select

    def _replace_windows(self, level: QueryLevel, select: exp.Select) -> None:
        windows = list_window_nodes(select.expressions)
        if not windows:
            return
        table = next(iter(level.sources.values()))
        if len(level.sources) > 1 or not isinstance(table, BaseTable):
            raise UnsupportedSqlError(f"{format_expression(windows[0])} does not read exactly one base table")
        conditions = [condition.copy() for condition in split_conjuncts(select)]
        for node in windows:
            rows = WindowRows(parse_window(node), level, table, conditions, next(self._aliases))
            self.partitions.append(rows.find_partition())
            node.replace(exp.maybe_parse(rows.write_sql(), dialect="mysql"))


def _keep_unsigned_literals(level: QueryLevel, select: exp.Select) -> None:
    """Cast literals beside a BIGINT UNSIGNED; old servers would make it signed, and the highest user -1."""
    for node in list_own_nodes(select, exp.Expression):
        if not isinstance(node, exp.Case | exp.If | exp.Coalesce | exp.Lag | exp.Lead):
            continue
        if isinstance(node.parent, exp.Case) or not infer_kind(node, level.find_kind).is_large_unsigned:
            continue
        values = [branch.args["true"] for branch in node.args.get("ifs") or []]
        values += [node.args[part] for part in ("true", "false", "default") if node.args.get(part)]
        values += [node.this, *node.expressions] if isinstance(node, exp.Coalesce) else []
        for value in values:
            if isinstance(value, exp.Literal):
                value.replace(exp.cast(value.copy(), exp.DType.UBIGINT))


def _merge_plain_levels(level: QueryLevel) -> QueryLevel:
    """Merge a level that only selects and filters, such as a CTE, into the level whose windows read it."""
    sources = {
        alias: _merge_plain_levels(source) if isinstance(source, QueryLevel) else source
        for alias, source in level.sources.items()
    }
    level = replace(level, sources=sources)
    inner = next(iter(sources.values()))
    if not level.windows or len(sources) > 1 or not isinstance(inner, QueryLevel) or not _is_plain(inner):
        return level
    items = {name_output(item): item.unalias() for item in inner.select.expressions}
    select = level.select.copy()
    select.set("from_", inner.select.args["from_"].copy())
    select.set("expressions", [_add_alias(item) for item in select.expressions])
    for column in list_own_nodes(select, exp.Column):
        value = items[column.name].copy()
        column.replace(value if isinstance(value, exp.Column) else exp.paren(value))
    set_where(select, [*split_conjuncts(inner.select), *split_conjuncts(select)])
    return replace(level, select=select, sources=inner.sources)


def _is_plain(level: QueryLevel) -> bool:
    reads_one_table = len(level.sources) == 1 and isinstance(next(iter(level.sources.values())), BaseTable)
    return reads_one_table and not level.windows and not level.is_grouped


def _add_alias(item: exp.Expr) -> exp.Expr:
    return item if isinstance(item, exp.Alias) else exp.alias_(item, name_output(item), quoted=True)
