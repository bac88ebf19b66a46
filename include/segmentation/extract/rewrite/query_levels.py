"""A query as a tree of levels: CTEs inlined, stars expanded, every column bound to its source."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from include.segmentation.extract.rewrite.column_binding import bind_columns
from include.segmentation.extract.rewrite.kind_rules import infer_kind
from include.segmentation.extract.rewrite.level_checks import check_conditions, check_groups, check_window, is_grouped
from include.segmentation.extract.rewrite.page_marks import drop_page_marks
from include.segmentation.extract.rewrite.query_parsing import inline_ctes, make_table_alias
from include.segmentation.extract.rewrite.sql_nodes import (
    list_own_nodes,
    list_source_nodes,
    name_output,
    set_where,
    split_conjuncts,
)
from include.segmentation.extract.rewrite.value_kinds import (
    UnsupportedSqlError,
    ValueKind,
    format_expression,
    make_integer_kind,
    require_comparable,
)
from include.segmentation.extract.rewrite.window_functions import (
    inline_named_windows,
    list_window_nodes,
)

ColumnSet = frozenset[str]

_SUPPORTED_PARTS = {"expressions", "from_", "joins", "where", "group", "windows", "order", "with_"}


@dataclass(frozen=True)
class BaseTable:
    """A base table, as its server describes it.

    Attributes:
        keys: the sets of columns that identify a row.
        indexes: the columns by which each index orders the rows; None if no server was asked.
    """

    name: str
    columns: dict[str, ValueKind]
    keys: list[ColumnSet]
    indexes: dict[str, list[str]] | None


@dataclass(frozen=True)
class QueryLevel:
    """One SELECT of a query.

    Attributes:
        select: its tree; every column is written ``source.column``.
        sources: what FROM reads, by alias.
        outer_aliases: the sources whose rows may be missing (the right side of a LEFT JOIN).
        subqueries: the SELECT of every ``x IN (SELECT ...)``, by the SQL of the condition.
        columns: the kinds of its output columns, by name.
        keys: the sets of output columns that identify a row.
    """

    select: exp.Select
    sources: "dict[str, LevelSource]"
    outer_aliases: frozenset[str]
    subqueries: "dict[str, QueryLevel]"
    columns: dict[str, ValueKind]
    keys: list[ColumnSet]

    @property
    def windows(self) -> list[exp.Window]:
        """The windows of its own SELECT list."""
        return list_window_nodes(self.select.expressions)

    @property
    def is_grouped(self) -> bool:
        """Whether its rows are groups of rows."""
        return is_grouped(self.select)

    def find_kind(self, column: exp.Column) -> ValueKind:
        """The kind of a column of its sources."""
        kind = self.sources[column.table].columns[column.name]
        return kind.make_nullable(column.table in self.outer_aliases)

    def list_levels(self) -> Iterator["QueryLevel"]:
        """This level and those below."""
        yield self
        for source in [*self.sources.values(), *self.subqueries.values()]:
            if isinstance(source, QueryLevel):
                yield from source.list_levels()

    def list_tables(self) -> dict[str, BaseTable]:
        """The base tables that this level and those below read, by name."""
        sources = [source for level in self.list_levels() for source in level.sources.values()]
        return {source.name: source for source in sources if isinstance(source, BaseTable)}


LevelSource = BaseTable | QueryLevel
DescribeTable = Callable[[str], BaseTable]


def build_level(tree: exp.Select, describe_table: DescribeTable) -> QueryLevel:
    """Build the levels of a parsed query from a copy of its tree.

    Raises:
        UnsupportedSqlError: the query contains something that is not supported.
    """
    return _build_level(inline_ctes(drop_page_marks(tree)), describe_table)


def _build_level(select: exp.Select, describe_table: DescribeTable) -> QueryLevel:
    for part, value in select.args.items():
        if value and part not in _SUPPORTED_PARTS:
            raise UnsupportedSqlError(f"{part.strip('_').upper()} is not supported")
    select.set("order", None)  # without LIMIT, the order of a query's rows means nothing
    inline_named_windows(select)
    sources = _build_sources(select, describe_table)
    outer_aliases = _find_outer_aliases(select)
    bind_columns(select, {alias: source.columns for alias, source in sources.items()})
    level = QueryLevel(select, sources, outer_aliases, {}, {}, [])
    level.subqueries.update(_build_subqueries(level, describe_table))
    check_conditions(select, level.find_kind)
    check_groups(select, level.find_kind)
    keys = _join_keys(sources)
    for node in level.windows:
        check_window(node, keys, level.find_kind)
    return replace(level, columns=_infer_columns(level), keys=_list_output_keys(select, keys))


def _build_sources(select: exp.Select, describe_table: DescribeTable) -> dict[str, LevelSource]:
    if not select.args.get("from_"):
        raise UnsupportedSqlError("a SELECT has no FROM")
    sources: dict[str, LevelSource] = {}
    for node in list_source_nodes(select):
        alias = node.alias_or_name
        if not alias:
            raise UnsupportedSqlError("FROM has a subquery without a name")
        if alias in sources:
            raise UnsupportedSqlError(f"FROM has {alias} twice")
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select):
            sources[alias] = _build_level(inline_ctes(node.this), describe_table)
        elif isinstance(node, exp.Table) and not any(v for k, v in node.args.items() if k not in ("this", "alias")):
            sources[alias] = describe_table(node.name)
        else:
            raise UnsupportedSqlError(f"FROM {format_expression(node)} is not supported")
        node.set("alias", make_table_alias(alias))
    return sources


def _find_outer_aliases(select: exp.Select) -> frozenset[str]:
    """The sources on the right side of a LEFT JOIN."""
    aliases = set()
    for join in select.args.get("joins") or []:
        kind = " ".join(join.text(part).upper() for part in ("method", "side", "kind") if join.text(part))
        if kind not in ("", "INNER", "CROSS", "LEFT", "LEFT OUTER") or join.args.get("using"):
            raise UnsupportedSqlError(f"{format_expression(join)}: supported are JOIN and LEFT JOIN with ON")
        if kind.startswith("LEFT"):
            aliases.add(join.this.alias_or_name)
    return frozenset(aliases)


def _build_subqueries(level: QueryLevel, describe_table: DescribeTable) -> dict[str, QueryLevel]:
    """Build the level of every ``x IN (SELECT ...)``; correlated ones are refused when their columns are bound.

    ``x.c IN (SELECT c FROM t)``, where x is t, is what remains of ``page()`` in the subquery; it only says that c is
    not NULL.
    """
    conditions = []
    for condition in split_conjuncts(level.select):
        if isinstance(condition, exp.In) and condition.args.get("query") and _contains_all_values(level, condition):
            is_null = exp.Is(this=condition.this.copy(), expression=exp.Null())
            conditions += [exp.Not(this=is_null)] * level.find_kind(condition.this).nullable
        else:
            conditions.append(condition)
    set_where(level.select, conditions)
    subqueries = {}
    for node in list_own_nodes(level.select, exp.In):
        query = node.args.get("query")
        if query is None:
            continue
        inner = _build_level(inline_ctes(query.this), describe_table)
        if len(inner.columns) != 1 or any(below.windows for below in inner.list_levels()):
            raise UnsupportedSqlError(f"{format_expression(node)}: supported is a SELECT of one column without windows")
        require_comparable(infer_kind(node.this, level.find_kind), next(iter(inner.columns.values())), node)
        subqueries[node.sql()] = inner
    return subqueries


def _contains_all_values(level: QueryLevel, condition: exp.In) -> bool:
    """Whether ``x IN (SELECT ...)`` selects the same column of the same base table without a condition."""
    column, select = condition.this, condition.args["query"].this
    if not isinstance(column, exp.Column) or not isinstance(select, exp.Select):
        return False
    table, from_ = level.sources[column.table], select.args.get("from_")
    parts = {part for part, value in select.args.items() if value}
    items = [item.unalias() for item in select.expressions]
    return (
        isinstance(table, BaseTable)
        and parts == {"expressions", "from_"}
        and from_ is not None
        and isinstance(from_.this, exp.Table)
        and from_.this.name == table.name
        and [item.name for item in items if isinstance(item, exp.Column)] == [column.name]
    )


def _infer_columns(level: QueryLevel) -> dict[str, ValueKind]:
    columns: dict[str, ValueKind] = {}
    for item in level.select.expressions:
        name, kind = name_output(item), infer_kind(item.unalias(), level.find_kind)
        if not name:
            raise UnsupportedSqlError(f"{format_expression(item)}: give it a name with AS")
        if name.lower() in {other.lower() for other in columns}:
            raise UnsupportedSqlError(f"{format_expression(item)}: another column has the same name")
        if kind.family == "null":
            raise UnsupportedSqlError(f"{format_expression(item)} is always NULL")
        columns[name] = make_integer_kind(1, kind.nullable) if kind.family == "truth" else kind
    return columns


def _join_keys(sources: Mapping[str, LevelSource]) -> list[ColumnSet]:
    """The keys of the joined sources, as columns written ``source.column``."""
    keys: list[ColumnSet] = [frozenset()]
    for alias, source in sources.items():
        own = [frozenset(exp.column(name, alias, quoted=True).sql() for name in key) for key in source.keys]
        keys = [key | other for key in keys for other in own]
    return keys


def _list_output_keys(select: exp.Select, keys: list[ColumnSet]) -> list[ColumnSet]:
    """The keys of which a SELECT passes on every column."""
    outputs = {item.unalias().sql(): name_output(item) for item in select.expressions}
    if is_grouped(select):
        group = select.args.get("group")
        keys = [frozenset(node.sql() for node in group.expressions)] if group else []
    return [frozenset(outputs[name] for name in key) for key in keys if key <= set(outputs)]
