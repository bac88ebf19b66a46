"""A query as a tree of levels: CTEs inlined, stars written out, every column bound to where it comes from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import sqlglot
from sqlglot import exp

from include.segmentation.extract.rewrite.kind_rules import infer_kind
from include.segmentation.extract.rewrite.page_marks import drop_page_marks
from include.segmentation.extract.rewrite.sql_nodes import list_own_nodes, name_output, set_where, split_conjuncts
from include.segmentation.extract.rewrite.value_kinds import (
    DeclinedError,
    ValueKind,
    format_expression,
    make_integer_kind,
    require_comparable,
)
from include.segmentation.extract.rewrite.window_functions import (
    AGGREGATES,
    inline_named_windows,
    list_windows,
    parse_window,
)

Names = frozenset[str]


@dataclass(frozen=True)
class BaseTable:
    """A base table, as its server describes it.

    Attributes:
        keys: the sets of columns that tell its rows apart.
        indexes: the columns by which each of its indexes orders the rows; None where no server was asked.
    """

    name: str
    columns: dict[str, ValueKind]
    keys: list[Names]
    indexes: dict[str, list[str]] | None


@dataclass(frozen=True)
class QueryLevel:
    """One SELECT of a query.

    Attributes:
        select: its tree; every column is written ``source.column``.
        sources: what its FROM reads, by alias.
        outer: the aliases whose rows may be missing (the right side of a LEFT JOIN).
        among: what its conditions read besides: ``x IN (SELECT ...)`` -> the SELECT.
        columns: the name and kind of everything it gives.
        keys: the sets of its columns that tell its rows apart.
    """

    select: exp.Select
    sources: dict[str, "LevelSource"]
    outer: Names
    among: dict[str, "QueryLevel"]
    columns: dict[str, ValueKind]
    keys: list[Names]

    @property
    def windows(self) -> list[exp.Window]:
        """The windows of its own SELECT list."""
        return list_windows(self.select.expressions)

    @property
    def is_grouped(self) -> bool:
        """Whether its rows are groups of rows."""
        return bool(self.select.args.get("group")) or _is_aggregated(self.select)

    def find_kind(self, column: exp.Column) -> ValueKind:
        """The kind of a column of its sources."""
        kind = self.sources[column.table].columns[column.name]
        return kind.make_nullable(column.table in self.outer)

    def list_levels(self) -> Iterator["QueryLevel"]:
        """This level and those below."""
        yield self
        for source in [*self.sources.values(), *self.among.values()]:
            if isinstance(source, QueryLevel):
                yield from source.list_levels()

    def list_tables(self) -> dict[str, BaseTable]:
        """The base tables that are read here and below, by name."""
        sources = [source for level in self.list_levels() for source in level.sources.values()]
        return {source.name: source for source in sources if isinstance(source, BaseTable)}


LevelSource = BaseTable | QueryLevel
Tables = Callable[[str], BaseTable]

_KNOWN = {"expressions", "from_", "joins", "where", "group", "windows", "order", "with_"}


def parse_query(sql: str) -> exp.Select:
    """Read the text of a query.

    Raises:
        Declined: it is not one SELECT that the parser knows.
    """
    try:
        statements = [statement for statement in sqlglot.parse(sql, read="mysql") if statement is not None]
    except sqlglot.errors.SqlglotError as error:
        raise DeclinedError(f"it can not be parsed: {str(error).splitlines()[0]}") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Select):
        raise DeclinedError("it is not one SELECT (UNION and the like are not understood)")
    return statements[0]


def build_level(tree: exp.Select, tables: Tables) -> QueryLevel:
    """Read a parsed query, which stays as it is.

    Raises:
        Declined: something in it is not understood.
    """
    return _level(_without_ctes(drop_page_marks(tree)), tables)


def _without_ctes(select: exp.Select) -> exp.Select:
    """Put every CTE where its name is read."""
    ctes = select.args.get("with_")
    if ctes is None:
        return select
    if ctes.args.get("recursive"):
        raise DeclinedError("a recursive CTE has no equivalent")
    select.set("with_", None)
    defined: dict[str, exp.Select] = {}
    for cte in ctes.expressions:
        body = cte.this
        if not isinstance(body, exp.Select):
            raise DeclinedError(f"the CTE {cte.alias} is not one SELECT")
        body = _inlined(_without_ctes(body), defined)
        for item, name in zip(list(body.expressions), cte.args["alias"].columns, strict=False):
            item.replace(exp.alias_(item.unalias().copy(), name.name, quoted=True))
        defined[cte.alias] = body
    return _inlined(select, defined)


def _inlined(select: exp.Select, defined: dict[str, exp.Select]) -> exp.Select:
    for table in list(select.find_all(exp.Table)):
        if not table.db and table.name in defined:
            table.replace(exp.Subquery(this=defined[table.name].copy(), alias=_alias(table.alias_or_name)))
    return select


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(name, quoted=True))


def _level(select: exp.Select, tables: Tables) -> QueryLevel:
    for part, value in select.args.items():
        if value and part not in _KNOWN:
            raise DeclinedError(f"{part.strip('_').upper()} is not understood")
    select.set("order", None)  # the rows of a query have no order without LIMIT
    inline_named_windows(select)
    sources, outer = _sources(select, tables)
    _write_out_stars(select, sources)
    for node in list_own_nodes(select, exp.Column):
        _bind(node, sources)
    draft = QueryLevel(select, sources, outer, {}, {}, [])
    draft.among.update(_among(draft, tables))
    _check_conditions(draft)
    _check_groups(draft)
    keys = _joined_keys(sources)
    for over in draft.windows:
        _check_window(draft, over, keys)
    return replace(draft, columns=_columns(draft), keys=_kept_keys(draft, keys))


def _sources(select: exp.Select, tables: Tables) -> tuple[dict[str, LevelSource], Names]:
    if not select.args.get("from_"):
        raise DeclinedError("a SELECT has no FROM")
    sources: dict[str, LevelSource] = {}
    outer = set()
    for node in [select.args["from_"].this, *(join.this for join in select.args.get("joins") or [])]:
        alias = node.alias_or_name
        if not alias or alias in sources:
            raise DeclinedError(f"FROM has {alias or 'a subquery without a name'}" + " twice" * bool(alias))
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select):
            sources[alias] = _level(_without_ctes(node.this), tables)
        elif isinstance(node, exp.Table) and not any(v for k, v in node.args.items() if k not in ("this", "alias")):
            sources[alias] = tables(node.name)
        else:
            raise DeclinedError(f"FROM {format_expression(node)} is not understood")
        node.set("alias", _alias(alias))
    for join in select.args.get("joins") or []:
        words = " ".join(join.text(part).upper() for part in ("method", "side", "kind") if join.text(part))
        if words not in ("", "INNER", "CROSS", "LEFT", "LEFT OUTER") or join.args.get("using"):
            raise DeclinedError(f"{format_expression(join)}: understood are JOIN and LEFT JOIN with ON")
        if words.startswith("LEFT"):
            outer.add(join.this.alias_or_name)
    return sources, frozenset(outer)


def _write_out_stars(select: exp.Select, sources: dict[str, LevelSource]) -> None:
    written: list[exp.Expr] = []
    for item in select.expressions:
        if not item.is_star or isinstance(item, exp.Alias):
            written.append(item)
            continue
        for alias in [item.table] if isinstance(item, exp.Column) and item.table else sources:
            if alias not in sources:
                raise DeclinedError(f"{format_expression(item)}: FROM has no {alias}")
            written.extend(exp.column(name, alias) for name in sources[alias].columns)
    select.set("expressions", written)


def _bind(column: exp.Column, sources: dict[str, LevelSource]) -> None:
    """Write a column as ``source.column``; one that is the name of a SELECT item, in GROUP BY, as that item."""
    asked = [column.table] if column.table else list(sources)
    if column.args.get("db") or not set(asked) <= set(sources):
        raise DeclinedError(f"{format_expression(column)}: FROM has no such table")
    found = [(a, name) for a in asked for name in sources[a].columns if name.lower() == column.name.lower()]
    if len(found) == 1:
        column.set("this", exp.to_identifier(found[0][1], quoted=True))
        column.set("table", exp.to_identifier(found[0][0], quoted=True))
        return
    if not found and not column.table and isinstance(column.parent, exp.Group):
        items = column.parent_select.expressions
        named = [item.this for item in items if isinstance(item, exp.Alias) and item.alias == column.name]
        if named:
            column.replace(named[0].copy())
            return
    raise DeclinedError(f"the column {format_expression(column)} is {'ambiguous' if found else 'unknown'}")


def _among(level: QueryLevel, tables: Tables) -> dict[str, QueryLevel]:
    """Read every ``x IN (SELECT ...)``, which may not look at the query around it.

    ``x.c IN (SELECT c FROM t)``, where x is t, only says that c is not NULL. It is what ``page()`` in there leaves.
    """
    read = {}
    conditions = []
    for condition in split_conjuncts(level.select):
        if isinstance(condition, exp.In) and condition.args.get("query") and _is_among_itself(level, condition):
            is_null = exp.Is(this=condition.this.copy(), expression=exp.Null())
            conditions += [exp.Not(this=is_null)] * level.find_kind(condition.this).nullable
        else:
            conditions.append(condition)
    set_where(level.select, conditions)
    for node in list_own_nodes(level.select, exp.In):
        query = node.args.get("query")
        if query is None:
            continue
        inner = _level(_without_ctes(query.this), tables)
        if len(inner.columns) != 1 or any(below.windows for below in inner.list_levels()):
            raise DeclinedError(f"{format_expression(node)}: understood is a SELECT of one column without windows")
        require_comparable(infer_kind(node.this, level.find_kind), next(iter(inner.columns.values())), node)
        read[node.sql()] = inner
    return read


def _is_among_itself(level: QueryLevel, condition: exp.In) -> bool:
    column, select = condition.this, condition.args["query"].this
    if not isinstance(column, exp.Column) or not isinstance(select, exp.Select):
        return False
    table, read = level.sources[column.table], select.args.get("from_")
    parts = {part for part, value in select.args.items() if value}
    items = [item.unalias() for item in select.expressions]
    return (
        isinstance(table, BaseTable)
        and parts == {"expressions", "from_"}
        and read is not None
        and isinstance(read.this, exp.Table)
        and read.this.name == table.name
        and [item.name for item in items if isinstance(item, exp.Column)] == [column.name]
    )


def _check_conditions(level: QueryLevel) -> None:
    joins = level.select.args.get("joins") or []
    for condition in [*split_conjuncts(level.select), *(j.args["on"] for j in joins if j.args.get("on"))]:
        if condition.find(exp.Window) or infer_kind(condition, level.find_kind).family not in (
            "truth",
            "integer",
            "unknown",
        ):
            raise DeclinedError(f"{format_expression(condition)} is not a condition")


def _is_aggregated(select: exp.Select) -> bool:
    return any(
        not isinstance(node.parent, exp.Window) for node in list_own_nodes(select, exp.AggFunc) if _aggregates(node)
    )


def _aggregates(node: exp.Expr) -> bool:
    return isinstance(node, AGGREGATES)


def _check_groups(level: QueryLevel) -> None:
    """Check that every item of a grouped SELECT has one value per group."""
    if not level.is_grouped:
        return
    if level.windows:
        raise DeclinedError("windows and GROUP BY are in one SELECT; put the groups into a CTE")
    groups = level.select.args["group"].expressions if level.select.args.get("group") else []
    for group in groups:
        infer_kind(group, level.find_kind)
    for item in level.select.expressions:
        nodes = item.walk(prune=lambda node: node in groups or _aggregates(node))
        loose = [node for node in nodes if isinstance(node, exp.Column) and node not in groups]
        if loose:
            raise DeclinedError(f"{format_expression(loose[0])} is neither in GROUP BY nor in an aggregate")


def _check_window(level: QueryLevel, node: exp.Window, keys: list[Names]) -> None:
    over = parse_window(node)
    by = [*over.partition, *(ordered.this for ordered in over.order)]
    for expression in by:
        kind = infer_kind(expression, level.find_kind)
        if kind.is_quotient or kind.mysql == "json":
            raise DeclinedError(f"{format_expression(node)} is ordered by {kind.mysql}")
    names = {column.sql() for column in by if isinstance(column, exp.Column)}
    if over.is_order_sensitive and not any(key <= names for key in keys):
        raise DeclinedError(
            f"{format_expression(node)}: rows that are equal in its order have no defined answer; "
            "end the order in the primary key of the table"
        )


def _joined_keys(sources: dict[str, LevelSource]) -> list[Names]:
    """The keys of what FROM reads, of columns written ``source.column``."""
    keys: list[Names] = [frozenset()]
    for alias, source in sources.items():
        own = [frozenset(exp.column(name, alias, quoted=True).sql() for name in key) for key in source.keys]
        keys = [key | more for key in keys for more in own]
    return keys


def _columns(level: QueryLevel) -> dict[str, ValueKind]:
    columns: dict[str, ValueKind] = {}
    for item in level.select.expressions:
        name, kind = name_output(item), infer_kind(item.unalias(), level.find_kind)
        if not name or name.lower() in {known.lower() for known in columns}:
            raise DeclinedError(
                f"{format_expression(item)}: {'its name is given twice' if name else 'give it a name with AS'}"
            )
        if kind.family == "null":
            raise DeclinedError(f"{format_expression(item)} is always NULL")
        columns[name] = make_integer_kind(1, kind.nullable) if kind.family == "truth" else kind
    return columns


def _kept_keys(level: QueryLevel, keys: list[Names]) -> list[Names]:
    select = level.select
    passed = {item.unalias().sql(): name_output(item) for item in select.expressions}
    if level.is_grouped:
        group = select.args.get("group")
        keys = [frozenset(node.sql() for node in group.expressions)] if group else []
    return [frozenset(passed[name] for name in key) for key in keys if key <= set(passed)]
