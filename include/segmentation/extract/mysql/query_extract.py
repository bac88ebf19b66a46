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
from include.segmentation.extract.mysql.page.keyset import Base, Limits, Source, between, nowhere
from include.segmentation.extract.mysql.row.mysql_columns import Column, query_columns, table_columns
from include.segmentation.extract.mysql.server.mysql_server import MySQL, Version
from include.segmentation.extract.mysql.table_indexes import indexes
from include.segmentation.extract.rewrite.mysql50_equivalent import rewritten
from include.segmentation.extract.rewrite.native_windows import has_defaults, look_ahead, mixed_up, without_defaults
from include.segmentation.extract.rewrite.page_marks import for_page, page_mark
from include.segmentation.extract.rewrite.query_levels import Level, Table, Tables, parse, read
from include.segmentation.extract.rewrite.value_kinds import Declined, column_kind
from include.segmentation.extract.rewrite.window_rows import LARGEST_PARTITION
from include.segmentation.profile.sources import QueryExtract


@dataclass(frozen=True)
class Query:
    """What is read, as one server answers it; the fields are those of a ``Relation``.

    Attributes:
        described: asks the server for its columns.
        source: what stands behind FROM.
    """

    described: Callable[[], list[Column]]
    source: Source
    looks_ahead: bool = False
    computes_all: bool = False
    base: Base | None = None


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
    if declared.cursor is None:  # then page() asks for nothing
        source = _whole(source)
    described = partial(_described, server, source)
    described()  # what the server says of a wrong query says more than we could
    try:
        level = read(text.parsed(), tables)
    except Declined:  # the server understands more than we do; then its own types have to do
        return Query(described, source, computes_all=True)
    ahead = check_ahead(str(path), declared, level)
    computes_all = any(below.windows or below.is_grouped for below in level.levels())
    return Query(partial(_typed, described, level), source, ahead, computes_all)


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
        return Table(
            name, {c.name: column_kind(c) for c in columns}, keys, {index.name: index.order for index in found}
        )

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
    ahead = check_ahead(str(text.path), declared, level)
    try:
        old = rewritten(level, declared.cursor or declared.primary_key[0])
    except Declined as why:
        raise ComputedInLake(why, declared, level) from None

    def source(limits: Limits) -> str:
        return _derived(for_page(old.tree, limits))

    def check(condition: str) -> None:
        for partition in old.partitions:
            if server.rows(partition.too_large_sql(condition)):
                why = Declined(f"{partition} has more than {LARGEST_PARTITION:,} rows")
                raise ComputedInLake(why, declared, level)

    described = partial(_typed, partial(_described, server, source), level)
    if old.base is None:
        check("TRUE")
        return Query(described, source, ahead, computes_all=True)
    return Query(described, source, ahead, base=Base(*old.base, check))


def _described(server: MySQL, source: Source) -> list[Column]:
    return query_columns(server, f"SELECT * FROM {source(nowhere)} LIMIT 0")


def _typed(described: Callable[[], list[Column]], level: Level) -> list[Column]:
    """The columns of a query by our own rules instead of the server's."""
    return [
        replace(column, mysql=kind.mysql, type=kind.lake, nullable=column.nullable or kind.nullable)
        for column, kind in zip(described(), level.columns.values(), strict=True)
    ]


def _whole(source: Source) -> Source:
    return lambda _limits: source(between(None, None))


def _derived(sql: str) -> str:
    return f"({sql}\n) AS `rows_of_query`"
