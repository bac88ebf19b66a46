"""Extracts of kind ``query``: one SELECT, written once, and the way in which this server can answer it.

A server with window functions gets it as written. An older one gets the rewriter's equivalent. Where there is none that
is exact and has an index to run on, the rows of the base tables are pulled and the query is computed in the lake.
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
from include.segmentation.extract.rewrite.query_levels import BaseTable, QueryLevel, Tables, build_level, parse_query
from include.segmentation.extract.rewrite.value_kinds import DeclinedError, find_column_kind
from include.segmentation.extract.rewrite.window_rows import LARGEST_PARTITION
from include.segmentation.profile.mysql_source import QueryExtract


@dataclass(frozen=True)
class ServerQuery:
    """What is read, as one server answers it; the fields are those of a ``Relation``.

    Attributes:
        described: asks the server for its columns.
        source: what stands behind FROM.
    """

    described: Callable[[], list[MySQLColumn]]
    source: WriteSourceSql
    looks_ahead: bool = False
    computes_all: bool = False
    base: BaseCursor | None = None


class NeedsLakeError(Exception):
    """The server can not answer a query exactly; the lake can.

    Attributes:
        declared: the query's extract.
        level: the query as it was read.
    """

    def __init__(self, why: DeclinedError, declared: QueryExtract, level: QueryLevel) -> None:
        super().__init__(str(why))
        self.declared = declared
        self.level = level


class QueryText:
    """The text of a query, a template that may ask for the page: ``{{ page("v.visited_at") }}``.

    Rows outside the page's range of the cursor can be left out early by it; without it the rows must be the same.
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
        """The query for a page.

        Raises:
            SourceError: the template asks for something else than the page.
        """
        try:
            return self._template.render(page=lambda cursor: f"({limits(cursor)})").strip().rstrip(";")
        except TemplateError as error:
            raise SourceError(f"{self.path}: {error}; allowed is page(column)") from None

    def parse_text(self) -> exp.Select:
        """The tree of the query, pages marked.

        Raises:
            SourceError: the template asks for something else than the page.
            Declined: the parser does not know it.
        """
        return parse_query(self.write_page(write_page_mark))


def find_server_query(server: MySQLServer, path: Path, declared: QueryExtract) -> ServerQuery:
    """Find the way in which a server answers a query.

    Raises:
        ComputedInLake: it is to be computed in the lake.
        SourceError: the file is not a valid template, or the server can not answer it and neither can the lake.
    """
    text = QueryText(path)
    tables = describe_tables(server)
    lacking = _lacking(server.version, text)
    if lacking:
        return _rewritten(server, text, tables, declared, lacking)
    source = _native(server.version, text)
    if declared.cursor is None:  # then page() asks for nothing
        source = _whole(source)
    described = partial(_described, server, source)
    described()  # what the server says of a wrong query says more than we could
    try:
        level = build_level(text.parse_text(), tables)
    except DeclinedError:  # the server understands more than we do; then its own types have to do
        return ServerQuery(described, source, computes_all=True)
    ahead = refuse_look_ahead(str(path), declared, level)
    computes_all = any(below.windows or below.is_grouped for below in level.list_levels())
    return ServerQuery(partial(_typed, described, level), source, ahead, computes_all)


def describe_tables(server: MySQLServer) -> Tables:
    """Look base tables up on a server, each once."""

    @cache
    def table(name: str) -> BaseTable:
        try:
            columns = list_table_columns(server, name, None)
        except SourceError as error:
            raise DeclinedError(str(error)) from None
        found = list_indexes(server, name)
        keys = [frozenset(index.columns) for index in found if index.is_unique]
        return BaseTable(
            name, {c.name: find_column_kind(c) for c in columns}, keys, {index.name: index.order for index in found}
        )

    return table


def list_level_columns(level: QueryLevel) -> list[MySQLColumn]:
    """The columns of a query by MySQL's rules, the same whichever server or engine answers it."""
    return [MySQLColumn(name, kind.mysql, kind.lake, kind.nullable) for name, kind in level.columns.items()]


def refuse_look_ahead(where: str, declared: QueryExtract, level: QueryLevel) -> bool:
    """Whether rows that were read change when later ones come.

    Raises:
        SourceError: they may not, in mode append.
    """
    window = find_look_ahead(level, declared.cursor) if declared.cursor else None
    if window and declared.mode == "append":
        raise SourceError(
            f"{where}: rows already read change when others come, for {window} does not only look back along cursor "
            f"'{declared.cursor}'; mode append is for rows that never change, allowed are merge and snapshot"
        )
    return window is not None


def _lacking(version: ServerVersion, text: QueryText) -> str | None:
    """What a server lacks to answer a query as it is written, in words; None where it does not lack anything."""
    try:
        tree = text.parse_text()
        if not version.has_window_functions:
            return f"{version} has no window functions and no WITH" if tree.find(exp.Window, exp.With) else None
        mixed = version.flavour == "mariadb" and is_miscomputed_by_mariadb(tree)
        return f"{version} mixes up three different windows of one SELECT; put them into CTEs" if mixed else None
    except DeclinedError:  # let the server say what is wrong with it
        return None


def _native(version: ServerVersion, text: QueryText) -> WriteSourceSql:
    if version.flavour == "mariadb":
        try:
            tree = text.parse_text()
        except DeclinedError:
            tree = None
        if tree is not None and has_shift_defaults(tree):
            spelled = replace_shift_defaults(tree)
            return lambda limits: _derived(fill_page_marks(spelled, limits))
    return lambda limits: _derived(text.write_page(limits))


def _rewritten(
    server: MySQLServer, text: QueryText, tables: Tables, declared: QueryExtract, lacking: str
) -> ServerQuery:
    try:
        level = build_level(text.parse_text(), tables)
    except DeclinedError as why:
        raise SourceError(f"{text.path}: {lacking}, and the query has no equivalent because {why}") from None
    ahead = refuse_look_ahead(str(text.path), declared, level)
    try:
        old = rewrite_for_mysql50(level, declared.cursor or declared.primary_key[0])
    except DeclinedError as why:
        raise NeedsLakeError(why, declared, level) from None

    def source(limits: PageLimits) -> str:
        return _derived(fill_page_marks(old.tree, limits))

    def check(condition: str) -> None:
        for partition in old.partitions:
            if server.fetch_rows(partition.write_size_check(condition)):
                why = DeclinedError(f"{partition} has more than {LARGEST_PARTITION:,} rows")
                raise NeedsLakeError(why, declared, level)

    described = partial(_typed, partial(_described, server, source), level)
    if old.base is None:
        check("TRUE")
        return ServerQuery(described, source, ahead, computes_all=True)
    return ServerQuery(described, source, ahead, base=BaseCursor(*old.base, check))


def _described(server: MySQLServer, source: WriteSourceSql) -> list[MySQLColumn]:
    return list_query_columns(server, f"SELECT * FROM {source(limit_to_nothing)} LIMIT 0")


def _typed(described: Callable[[], list[MySQLColumn]], level: QueryLevel) -> list[MySQLColumn]:
    """The columns of a query by our own rules instead of the server's."""
    return [
        replace(column, mysql=kind.mysql, type=kind.lake, nullable=column.nullable or kind.nullable)
        for column, kind in zip(described(), level.columns.values(), strict=True)
    ]


def _whole(source: WriteSourceSql) -> WriteSourceSql:
    return lambda _limits: source(limit_between(None, None))


def _derived(sql: str) -> str:
    return f"({sql}\n) AS `rows_of_query`"
