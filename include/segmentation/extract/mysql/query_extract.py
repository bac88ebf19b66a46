"""Extracts of kind ``query``: one SELECT, and how a given server answers it.

A server with window functions gets it as written, an older one the rewriter's equivalent. Where no equivalent is exact
and served by an index, the base tables are pulled and the lake computes the query.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from sqlglot import exp

from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.page.keyset import (
    BaseCursor,
    PageLimits,
    WriteSourceSql,
    limit_between,
    limit_to_nothing,
)
from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn, list_query_columns, list_table_columns
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.mysql.server.server_version import ServerVersion
from include.segmentation.extract.mysql.table_indexes import list_indexes
from include.segmentation.extract.rewrite.mysql50_equivalent import rewrite_for_mysql50
from include.segmentation.extract.rewrite.native_windows import (
    find_look_ahead,
    has_shift_defaults,
    is_miscomputed_by_mariadb,
    replace_shift_defaults,
)
from include.segmentation.extract.rewrite.page_marks import fill_page_marks, write_page_mark
from include.segmentation.extract.rewrite.query_levels import BaseTable, DescribeTable, QueryLevel, build_level
from include.segmentation.extract.rewrite.query_parsing import parse_query
from include.segmentation.extract.rewrite.value_kinds import UnsupportedSqlError, make_column_kind
from include.segmentation.extract.rewrite.window_rows import LARGEST_PARTITION
from include.segmentation.profile.mysql_source import QueryExtract


@dataclass(frozen=True)
class ServerQuery:
    """What one server is asked for an extract; the fields become those of a ``Relation``.

    Attributes:
        list_columns: asks the server for the columns of the result.
        write_source: writes what stands after FROM.
        looks_ahead: whether rows that were read change when later ones arrive.
        computes_all: whether every statement computes all rows.
        base: the base table's column by which pages are limited.
    """

    list_columns: Callable[[], list[MySQLColumn]]
    write_source: WriteSourceSql
    looks_ahead: bool = False
    computes_all: bool = False
    base: BaseCursor | None = None


class NeedsLakeError(Exception):
    """The server cannot answer a query exactly; the lake can.

    Attributes:
        declared: the query's extract.
        level: the query.
    """

    def __init__(self, reason: UnsupportedSqlError, declared: QueryExtract, level: QueryLevel) -> None:
        super().__init__(str(reason))
        self.declared = declared
        self.level = level


class QueryText:
    """The text of a query, a template that may limit itself to a page: ``{{ page("v.visited_at") }}``.

    ``page`` leaves out rows outside the page's range of the cursor early; without it the rows must be the same.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            SourceError: it is not a valid template.
        """
        self.path = path
        environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
        try:
            self._template = environment.from_string(path.read_text("utf-8"))
        except TemplateError as error:
            raise SourceError(f"{path}: not a valid template: {error}") from None

    def write_page(self, limits: PageLimits) -> str:
        """Write the query for a page.

        Raises:
            SourceError: the template uses something other than ``page``.
        """
        try:
            return self._template.render(page=lambda cursor: f"({limits(cursor)})").strip().rstrip(";")
        except TemplateError as error:
            raise SourceError(f"{self.path}: {error}; allowed: page(column)") from None

    def parse_text(self) -> exp.Select:
        """Parse the query, with its pages marked.

        Raises:
            SourceError: the template uses something other than ``page``.
            UnsupportedSqlError: the parser does not know the query.
        """
        return parse_query(self.write_page(write_page_mark))


def find_server_query(server: MySQLServer, path: Path, declared: QueryExtract) -> ServerQuery:
    """Find how a server answers a query.

    Raises:
        NeedsLakeError: the lake must compute it.
        SourceError: the file is not a valid template, or neither the server nor the lake can answer it.
    """
    text = QueryText(path)
    try:
        tree = text.parse_text()
    except UnsupportedSqlError:  # let the server explain what is wrong
        tree = None
    describe_table = describe_tables(server)
    missing_feature = _find_missing_feature(server.version, tree) if tree is not None else None
    if tree is not None and missing_feature:
        return _rewrite_query(server, path, tree, describe_table, declared, missing_feature)
    write_source = _write_natively(server.version, text, tree)
    if declared.cursor is None:
        write_source = _read_all_pages(write_source)
    list_columns = partial(_list_columns, server, write_source)
    list_columns()  # the server explains a wrong query better than we could
    try:
        level = build_level(text.parse_text(), describe_table)
    except UnsupportedSqlError:  # the server supports more than the rewriter; take the types that it reports
        return ServerQuery(list_columns, write_source, computes_all=True)
    looks_ahead = refuse_look_ahead(str(path), declared, level)
    computes_all = any(below.windows or below.is_grouped for below in level.list_levels())
    return ServerQuery(partial(_list_typed_columns, list_columns, level), write_source, looks_ahead, computes_all)


def describe_tables(server: MySQLServer) -> DescribeTable:
    """A function that looks base tables up on a server, each once."""

    @cache
    def describe_table(name: str) -> BaseTable:
        try:
            columns = list_table_columns(server, name, None)
        except SourceError as error:
            raise UnsupportedSqlError(str(error)) from None
        indexes = list_indexes(server, name)
        return BaseTable(
            name,
            columns={column.name: make_column_kind(column) for column in columns},
            keys=[frozenset(index.columns) for index in indexes if index.is_unique],
            indexes={index.name: index.order for index in indexes},
        )

    return describe_table


def list_level_columns(level: QueryLevel) -> list[MySQLColumn]:
    """The columns of a query by MySQL's rules, the same whichever server or engine answers it."""
    return [MySQLColumn(name, kind.mysql, kind.lake, kind.nullable) for name, kind in level.columns.items()]


def refuse_look_ahead(where: str, declared: QueryExtract, level: QueryLevel) -> bool:
    """Whether rows that were read change when later ones arrive.

    Raises:
        SourceError: they do, in mode append.
    """
    window = find_look_ahead(level, declared.cursor) if declared.cursor else None
    if window and declared.mode == "append":
        raise SourceError(
            f"{where}: {window} looks beyond earlier rows of cursor '{declared.cursor}', so rows already read change "
            "when others arrive; mode append is for rows that never change; allowed: merge, snapshot"
        )
    return window is not None


def _find_missing_feature(version: ServerVersion, tree: exp.Select) -> str | None:
    """Explain why a server cannot answer a query as it is written; None if it can."""
    if not version.has_window_functions:
        return f"{version} has no window functions and no WITH" if tree.find(exp.Window, exp.With) else None
    try:
        is_miscomputed = version.flavour == "mariadb" and is_miscomputed_by_mariadb(tree)
    except UnsupportedSqlError:
        is_miscomputed = False
    return f"{version} confuses three different windows of one SELECT; put them into CTEs" if is_miscomputed else None


def _write_natively(version: ServerVersion, text: QueryText, tree: exp.Select | None) -> WriteSourceSql:
    if version.flavour == "mariadb" and tree is not None and has_shift_defaults(tree):
        tree_without_defaults = replace_shift_defaults(tree)
        return lambda limits: _write_derived_table(fill_page_marks(tree_without_defaults, limits))
    return lambda limits: _write_derived_table(text.write_page(limits))


def _rewrite_query(
    server: MySQLServer,
    path: Path,
    tree: exp.Select,
    describe_table: DescribeTable,
    declared: QueryExtract,
    missing_feature: str,
) -> ServerQuery:
    try:
        level = build_level(tree, describe_table)
    except UnsupportedSqlError as reason:
        raise SourceError(f"{path}: {missing_feature}, and the query has no equivalent because {reason}") from None
    looks_ahead = refuse_look_ahead(str(path), declared, level)
    try:
        rewritten = rewrite_for_mysql50(level, declared.cursor or declared.primary_key[0])
    except UnsupportedSqlError as reason:
        raise NeedsLakeError(reason, declared, level) from None

    def write_source(limits: PageLimits) -> str:
        return _write_derived_table(fill_page_marks(rewritten.tree, limits))

    def check_partitions(condition: str) -> None:
        for partition in rewritten.partitions:
            if server.fetch_rows(partition.write_size_check(condition)):
                reason = UnsupportedSqlError(f"{partition} has more than {LARGEST_PARTITION:,} rows")
                raise NeedsLakeError(reason, declared, level)

    list_columns = partial(_list_typed_columns, partial(_list_columns, server, write_source), level)
    if rewritten.base is None:
        check_partitions("TRUE")
        return ServerQuery(list_columns, write_source, looks_ahead, computes_all=True)
    return ServerQuery(list_columns, write_source, looks_ahead, base=BaseCursor(*rewritten.base, check_partitions))


def _list_columns(server: MySQLServer, write_source: WriteSourceSql) -> list[MySQLColumn]:
    return list_query_columns(server, f"SELECT * FROM {write_source(limit_to_nothing)} LIMIT 0")


def _list_typed_columns(list_columns: Callable[[], list[MySQLColumn]], level: QueryLevel) -> list[MySQLColumn]:
    """The columns that the server reports, with the types of our own rules."""
    return [
        replace(column, mysql=kind.mysql, type=kind.lake, nullable=column.nullable or kind.nullable)
        for column, kind in zip(list_columns(), level.columns.values(), strict=True)
    ]


def _read_all_pages(write_source: WriteSourceSql) -> WriteSourceSql:
    return lambda _limits: write_source(limit_between(None, None))


def _write_derived_table(sql: str) -> str:
    return f"({sql}\n) AS `rows_of_query`"
