"""What each kind of server would be asked for an extract, and why."""

import textwrap
from contextlib import ExitStack
from typing import cast

from sqlglot import exp

from include.segmentation.connections import resolve_address
from include.segmentation.errors import SegmentationError
from include.segmentation.extract.mysql.extract_relation import find_relation, list_order_columns
from include.segmentation.extract.mysql.lake_computation import list_base_extracts
from include.segmentation.extract.mysql.page.keyset import ReadSpan, write_page_sql
from include.segmentation.extract.mysql.query_extract import (
    NeedsLakeError,
    QueryText,
    describe_tables,
    refuse_look_ahead,
)
from include.segmentation.extract.mysql.server.connection_slots import connect_mysql
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.page_size import FIRST_ROWS
from include.segmentation.extract.rewrite.duckdb_equivalent import write_duckdb_sql
from include.segmentation.extract.rewrite.mysql50_equivalent import rewrite_for_mysql50
from include.segmentation.extract.rewrite.native_windows import (
    has_shift_defaults,
    is_miscomputed_by_mariadb,
    replace_shift_defaults,
)
from include.segmentation.extract.rewrite.page_marks import fill_page_marks
from include.segmentation.extract.rewrite.query_levels import BaseTable, QueryLevel, Tables, build_level
from include.segmentation.extract.rewrite.sql_nodes import list_own_nodes
from include.segmentation.extract.rewrite.value_kinds import UNKNOWN_KIND, DeclinedError
from include.segmentation.extract.rewrite.window_rows import LARGEST_PARTITION
from include.segmentation.profile.mysql_source import MySQLSource, QueryExtract, TableExtract
from include.segmentation.profile.profile import Profile

_OLD = "MySQL 5.0 to 5.7, MariaDB before 10.2"


def explain_sql(profile: Profile, name: str) -> str:
    """Show the SQL that each kind of server would get for an extract, with the reasons.

    The source is asked for columns, keys and indexes where it can be reached; otherwise the text says what was not
    checked.

    Raises:
        SourceError: the query's file is not a valid template, or the source lacks what the profile asks for.
    """
    declared = profile.extracts[name]
    source = cast(MySQLSource, profile.sources[declared.source])  # a profile gives tables and queries no other
    with ExitStack() as stack:
        server = None
        try:
            server = stack.enter_context(connect_mysql(resolve_address(source.connection), source.pace))
            asked = f"{server.version} was asked."
        except SegmentationError as error:
            asked = f"No server was asked: {error}."
        sections = _table(profile, declared, server) if isinstance(declared, TableExtract) else None
        return "\n\n".join([f"{name}: {asked}", *(sections or _query(profile, cast(QueryExtract, declared), server))])


def _table(profile: Profile, declared: TableExtract, server: MySQLServer | None) -> list[str]:
    """The statement of a page, which is the same for every version."""
    if server is None:
        return ["The statement of a page needs the table's columns and their types, which only the server knows."]
    relation = find_relation(profile, server, declared)
    span = ReadSpan(["the safe bound" if declared.cursor else "1 = 1"], list_order_columns(relation))
    sql = write_page_sql(relation, span, [f"the last {column.name}" for column in span.order], FIRST_ROWS)
    return [_section("Every version", "a page behind the last row of the one before", sql)]


def _query(profile: Profile, declared: QueryExtract, server: MySQLServer | None) -> list[str]:
    text = QueryText(profile.sql_dir / "extract" / declared.query)
    written = text.write_page(_in_the_page)
    try:
        tree = text.parse_text()
        level = build_level(tree, describe_tables(server) if server else _assumed(profile, tree))
    except DeclinedError as why:
        return [_section("MySQL 8.0, MariaDB 10.2 and newer", "as written", written), _section(_OLD, f"none: {why}")]
    sections = _native(tree, written)
    try:
        refuse_look_ahead(str(text.path), declared, level)
    except SegmentationError as error:
        sections.append(f"Refused: {error}")
    sections += [_old(declared, level, server), _duckdb(profile, declared, level, server)]
    if server:
        kinds = [f"{name}: {kind.mysql}, in the lake {kind.lake}" for name, kind in level.columns.items()]
        sections.append(_section("Columns", "the same whichever way they come", "\n".join(kinds)))
    return sections


def _native(tree: exp.Select, written: str) -> list[str]:
    if is_miscomputed_by_mariadb(tree):
        why = f"as {_OLD}: it mixes up three different windows of one SELECT"
        return [_section("MySQL 8.0 and newer", "as written", written), _section("MariaDB 10.2 and newer", why)]
    if has_shift_defaults(tree):
        why, sql = "it knows no default of LAG and LEAD", fill_page_marks(replace_shift_defaults(tree), _in_the_page)
        return [_section("MySQL 8.0 and newer", "as written", written), _section("MariaDB 10.2 and newer", why, sql)]
    return [_section("MySQL 8.0, MariaDB 10.2 and newer", "as written", written)]


def _old(declared: QueryExtract, level: QueryLevel, server: MySQLServer | None) -> str:
    if not any(below.windows for below in level.list_levels()):
        words = "without windows only WITH is rewritten"
    else:
        words = "each window is a correlated subquery on an index"
    try:
        old = rewrite_for_mysql50(level, declared.cursor or declared.primary_key[0])
    except DeclinedError as why:
        return _section(_OLD, f"computed in DuckDB, because {why}")
    if server is None:
        words += "; not checked: types, keys, indexes and the size of partitions"
    elif old.base is None:
        words += "; every page computes all rows"
    large = [
        str(partition) for partition in old.partitions if server and server.fetch_rows(partition.write_size_check())
    ]
    if large:
        words = f"computed in DuckDB, because {large[0]} has more than {LARGEST_PARTITION:,} rows; otherwise"
    return _section(_OLD, words, fill_page_marks(old.tree, _in_the_page))


def _duckdb(profile: Profile, declared: QueryExtract, level: QueryLevel, server: MySQLServer | None) -> str:
    title = "DuckDB, where an old server has no exact equivalent"
    if server is None:
        return _section(title, "not shown, as only the server knows the types of the columns")
    try:
        sql = write_duckdb_sql(level)
        bases = list_base_extracts(profile, NeedsLakeError(DeclinedError("where it has to be"), declared, level))
    except DeclinedError as why:
        return _section(title, f"none: {why}")
    except SegmentationError as error:
        return _section(title, f"not ready: {error}", sql)
    return _section(title, f"over the rows of the extracts {', '.join(bases.values())}", sql)


def _assumed(profile: Profile, tree: exp.Select) -> Tables:
    """Base tables as the query and the profile speak of them, where no server can be asked."""
    columns: dict[str, set[str]] = {}
    for select in tree.find_all(exp.Select):
        names = {table.alias_or_name: table.name for table in list_own_nodes(select, exp.Table)}
        for column in list_own_nodes(select, exp.Column):
            asked = [names.get(column.table)] if column.table else list(names.values())
            for name in asked:
                columns.setdefault(str(name), set()).add(column.name)

    def table(name: str) -> BaseTable:
        keys = [
            frozenset(extract.primary_key)
            for extract in profile.extracts.values()
            if isinstance(extract, TableExtract) and extract.table == name
        ]
        if "*" in columns.get(name, set()):
            raise DeclinedError("what * stands for is known to the server only")
        return BaseTable(name, dict.fromkeys(sorted(columns.get(name, set())), UNKNOWN_KIND), keys, None)

    return table


def _in_the_page(cursor: str) -> str:
    return f"{cursor} in the page"


def _section(title: str, words: str, sql: str = "") -> str:
    return f"{title}: {words}" + f"\n{textwrap.indent(sql, '    ')}" * bool(sql)
