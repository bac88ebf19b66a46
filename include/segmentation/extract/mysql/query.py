"""Extracts of kind ``query``: one SELECT, written once, and the way in which this server can answer it.

A server with window functions gets it as written. An older one gets the rewriter's equivalent. Where there is none that
is exact and has an index to run on, the rows of the base tables are pulled and the query is computed in the lake.
"""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from sqlglot import exp

from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.columns import Column, query_columns, table_columns
from include.segmentation.extract.mysql.keyset import Limits, Source, nowhere
from include.segmentation.extract.mysql.plan import indexes
from include.segmentation.extract.mysql.server import MySQL, Version
from include.segmentation.extract.rewrite.kinds import Declined, Kind, column_kind
from include.segmentation.extract.rewrite.native import has_defaults, look_ahead, mixed_up, without_defaults
from include.segmentation.extract.rewrite.old import rewritten
from include.segmentation.extract.rewrite.pages import for_page, page_mark
from include.segmentation.extract.rewrite.rows import LARGEST_PARTITION
from include.segmentation.extract.rewrite.tree import Level, Table, Tables, parse, read
from include.segmentation.sources import QueryExtract


@dataclass(frozen=True)
class Query:
    """A query as one server answers it.

    Attributes:
        source: what stands behind FROM.
        looks_ahead: whether rows that were read change when later ones come, so that all have to be read again.
    """

    columns: list[Column]
    source: Source
    looks_ahead: bool


class ComputedInLake(Exception):  # noqa: N818 - an answer, not a failure: another way is taken
    """The server can not answer a query exactly; the lake can.

    Attributes:
        declared: the query's extract.
        level: the query as it was read.
    """

    def __init__(self, why: Declined, declared: QueryExtract, level: Level) -> None:
        super().__init__(str(why))
        self.declared = declared
        self.level = level


class Text:
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

    def as_written(self, limits: Limits) -> str:
        """The query for a page.

        Raises:
            SourceError: the template asks for something else than the page.
        """
        try:
            return self._template.render(page=lambda cursor: f"({limits(cursor)})").strip().rstrip(";")
        except TemplateError as error:
            raise SourceError(f"{self.path}: {error}; allowed is page(column)") from None

    def parsed(self) -> exp.Select:
        """The tree of the query, pages marked.

        Raises:
            SourceError: the template asks for something else than the page.
            Declined: the parser does not know it.
        """
        return parse(self.as_written(page_mark))


def query_of(server: MySQL, path: Path, declared: QueryExtract) -> Query:
    """Find the way in which a server answers a query.

    Raises:
        ComputedInLake: it is to be computed in the lake.
        SourceError: the file is not a valid template, or the server can not answer it and neither can the lake.
    """
    text = Text(path)
    tables = described_tables(server)
    lacking = _lacking(server.version, text)
    if lacking:
        return _rewritten(server, text, tables, declared, lacking)
    source = _native(server.version, text)
    columns = query_columns(server, f"SELECT * FROM {source(nowhere)} LIMIT 0")
    try:
        level = read(text.parsed(), tables)
    except Declined:  # the server understands more than we do; then its own types have to do
        return Query(columns, source, looks_ahead=False)
    return _checked(text, declared, level, source, columns)


def described_tables(server: MySQL) -> Tables:
    """Look base tables up on a server, each once."""

    @cache
    def table(name: str) -> Table:
        try:
            columns = table_columns(server, name, None)
        except SourceError as error:
            raise Declined(str(error)) from None
        found = indexes(server, name)
        keys = [frozenset(index.columns) for index in found if index.is_unique]
        return Table(name, {c.name: column_kind(c) for c in columns}, keys, [index.order for index in found])

    return table


def level_columns(level: Level) -> list[Column]:
    """The columns of a query by MySQL's rules, the same whichever server or engine answers it."""
    return [Column(name, kind.mysql, kind.lake, kind.nullable) for name, kind in level.columns.items()]


def check_ahead(where: str, declared: QueryExtract, level: Level) -> bool:
    """Whether rows that were read change when later ones come.

    Raises:
        SourceError: they may not, in mode append.
    """
    window = look_ahead(level, declared.cursor) if declared.cursor else None
    if window and declared.mode == "append":
        raise SourceError(
            f"{where}: rows already read change when others come, for {window} does not only look back along cursor "
            f"'{declared.cursor}'; mode append is for rows that never change, allowed are merge and snapshot"
        )
    return window is not None


def _lacking(version: Version, text: Text) -> str | None:
    """What a server lacks to answer a query as it is written, in words; None where it does not lack anything."""
    try:
        tree = text.parsed()
        if not version.has_window_functions:
            return f"{version} has no window functions and no WITH" if tree.find(exp.Window, exp.With) else None
        mixed = version.flavour == "mariadb" and mixed_up(tree)
        return f"{version} mixes up three different windows of one SELECT; put them into CTEs" if mixed else None
    except Declined:  # let the server say what is wrong with it
        return None


def _native(version: Version, text: Text) -> Source:
    if version.flavour == "mariadb":
        try:
            tree = text.parsed()
        except Declined:
            tree = None
        if tree is not None and has_defaults(tree):
            spelled = without_defaults(tree)
            return lambda limits: _derived(for_page(spelled, limits))
    return lambda limits: _derived(text.as_written(limits))


def _rewritten(server: MySQL, text: Text, tables: Tables, declared: QueryExtract, lacking: str) -> Query:
    try:
        level = read(text.parsed(), tables)
    except Declined as why:
        raise SourceError(f"{text.path}: {lacking}, and the query has no equivalent because {why}") from None
    try:
        old = rewritten(level, declared.cursor or declared.primary_key[0])
        for partition in old.partitions:
            if server.rows(partition.too_large_sql()):
                raise Declined(f"{partition} has more than {LARGEST_PARTITION:,} rows")
    except Declined as why:
        check_ahead(str(text.path), declared, level)
        raise ComputedInLake(why, declared, level) from None
    source: Source = lambda limits: _derived(for_page(old.tree, limits))  # noqa: E731
    columns = query_columns(server, f"SELECT * FROM {source(nowhere)} LIMIT 0")
    return _checked(text, declared, level, source, columns)


def _checked(text: Text, declared: QueryExtract, level: Level, source: Source, columns: list[Column]) -> Query:
    """The query with its own types instead of the server's."""
    kinds = level.columns.values()
    columns = [_typed(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return Query(columns, source, check_ahead(str(text.path), declared, level))


def _typed(column: Column, kind: Kind) -> Column:
    return replace(column, mysql=kind.mysql, type=kind.lake, nullable=column.nullable or kind.nullable)


def _derived(sql: str) -> str:
    return f"({sql}\n) AS `rows_of_query`"
