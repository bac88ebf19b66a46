"""The equivalent of a query in MySQL 5.0's grammar: every window is a correlated subquery on an index.

A subquery reads the partition of the current row in the base table again, through an alias of its own, under the same
WHERE. It is right on every version and whatever the order of evaluation, which user variables are not.
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
    name_output,
    set_where,
    split_conjuncts,
)
from include.segmentation.extract.rewrite.value_kinds import DeclinedError, format_expression
from include.segmentation.extract.rewrite.window_functions import list_windows, parse_window
from include.segmentation.extract.rewrite.window_rows import WindowPartition, WindowRows


@dataclass(frozen=True)
class RewrittenQuery:
    """A rewritten query.

    Attributes:
        tree: where ``page(column)`` marks the rows that a page needs.
        partitions: what the server has to be asked about.
        base: the table and its column that ``page`` asks for; None where every page computes all rows.
    """

    tree: exp.Select
    partitions: list[WindowPartition]
    base: tuple[str, str] | None


def rewrite_for_mysql50(query: QueryLevel, cursor: str) -> RewrittenQuery:
    """The equivalent of a query for a server without windows and CTEs.

    Args:
        query: as it was read.
        cursor: the column of its result that pages go by.

    Raises:
        Declined: there is none that is exact and has an index to run on.
    """
    taken = {node.alias_or_name for node in query.select.find_all(exp.Table, exp.Subquery)}
    rewriter = _Rewriter(f"w{number}" for number in count(1) if f"w{number}" not in taken)
    tree = rewriter.select(_merged(query), cursor)
    return RewrittenQuery(
        tree, list(dict.fromkeys(rewriter.partitions)), None if rewriter.computes_all else rewriter.base
    )


class _Rewriter:
    """Rewrites the levels of one query.

    Attributes:
        partitions: those that its subqueries read.
        base: the table and column that was found to be the cursor.
        computes_all: whether windows or groups stand where a page can not be told.
    """

    def __init__(self, aliases: Iterator[str]) -> None:
        """Name the base tables in subqueries by aliases that the query does not use."""
        self.partitions: list[WindowPartition] = []
        self.base: tuple[str, str] | None = None
        self.computes_all = False
        self._aliases = aliases

    def select(self, level: QueryLevel, cursor: str | None) -> exp.Select:
        """The tree of a level without windows, which reads only the rows of a page where it passes the cursor on."""
        select = level.select.copy()
        passed = next((find_plain_column(item) for item in select.expressions if name_output(item) == cursor), None)
        if passed and (level.is_grouped or passed.table in level.outer):
            passed = None
        _keep_unsigned(level, select)
        self._replace_windows(level, select)
        for node in [select.args["from_"].this, *(join.this for join in select.args.get("joins") or [])]:
            source = level.sources[node.alias]
            if isinstance(source, QueryLevel):
                goes_on = passed.name if passed and passed.table == node.alias else None
                node.set("this", self.select(source, goes_on))
        table = level.sources[passed.table] if passed else None
        self.computes_all |= bool(level.windows or level.is_grouped) and not isinstance(table, BaseTable)
        if passed and isinstance(table, BaseTable):
            self.base = table.name, passed.name
            select.where(write_page_mark(passed.sql("mysql")), dialect="mysql", copy=False)
        return select

    def _replace_windows(self, level: QueryLevel, select: exp.Select) -> None:
        found = list_windows(select.expressions)
        if not found:
            return
        table = next(iter(level.sources.values()))
        if len(level.sources) > 1 or not isinstance(table, BaseTable):
            raise DeclinedError(f"{format_expression(found[0])} is taken over something else than one base table")
        conditions = [condition.copy() for condition in split_conjuncts(select)]
        for node in found:
            rows = WindowRows(parse_window(node), level, table, conditions, next(self._aliases))
            self.partitions.append(rows.find_partition())
            node.replace(exp.maybe_parse(rows.write_sql(), dialect="mysql"))


def _keep_unsigned(level: QueryLevel, select: exp.Select) -> None:
    """Old servers make a BIGINT UNSIGNED signed where it meets a literal: -1 for the highest user."""
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


def _merged(level: QueryLevel) -> QueryLevel:
    """Put a plain SELECT that windows are taken over into their own level, as CTEs often are."""
    sources = {alias: _merged(s) if isinstance(s, QueryLevel) else s for alias, s in level.sources.items()}
    level = replace(level, sources=sources)
    inner = next(iter(sources.values()))
    if not level.windows or len(sources) > 1 or not isinstance(inner, QueryLevel) or not _is_plain(inner):
        return level
    items = {name_output(item): item.unalias() for item in inner.select.expressions}
    select = level.select.copy()
    select.set("from_", inner.select.args["from_"].copy())
    select.set("expressions", [_named(item) for item in select.expressions])
    for column in list_own_nodes(select, exp.Column):
        column.replace(_in_parentheses(items[column.name]))
    set_where(select, [*split_conjuncts(inner.select), *split_conjuncts(select)])
    return replace(level, select=select, sources=inner.sources)


def _is_plain(level: QueryLevel) -> bool:
    is_base = len(level.sources) == 1 and isinstance(next(iter(level.sources.values())), BaseTable)
    return is_base and not level.windows and not level.is_grouped


def _named(item: exp.Expr) -> exp.Expr:
    return item if isinstance(item, exp.Alias) else exp.alias_(item, name_output(item), quoted=True)


def _in_parentheses(node: exp.Expr) -> exp.Expr:
    return node.copy() if isinstance(node, exp.Column) else exp.paren(node.copy())
