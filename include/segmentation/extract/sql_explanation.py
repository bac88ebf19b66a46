"""Explain the SQL that each kind of server gets for an extract, and why."""

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
from include.segmentation.extract.rewrite.query_levels import BaseTable, DescribeTable, QueryLevel, build_level
from include.segmentation.extract.rewrite.sql_nodes import list_own_nodes
from include.segmentation.extract.rewrite.value_kinds import UNKNOWN_KIND, UnsupportedSqlError
from include.segmentation.extract.rewrite.window_rows import LARGEST_PARTITION
from include.segmentation.profile.mysql_source import MySQLSource, QueryExtract, TableExtract
from include.segmentation.profile.profile import Profile

_NEW_SERVERS = "MySQL 8.0, MariaDB 10.2 and newer"
_OLD_SERVERS = "MySQL 5.0 to 5.7, MariaDB before 10.2"


def explain_sql(profile: Profile, name: str) -> str:
    """Show the SQL that each kind of server would get for an extract, with the reasons.

    Columns, keys and indexes come from the source if it can be reached; otherwise the text names what was not checked.

    Raises:
        SourceError: the query's file is not a valid template, or the source lacks what the profile asks for.
    """
    declared = profile.extracts[name]
    source = cast(MySQLSource, profile.sources[declared.source])  # a profile gives tables and queries no other
    with ExitStack() as stack:
        server = None
        try:
            server = stack.enter_context(connect_mysql(resolve_address(source.connection), source.pace))
            heading = f"{name}: {server.version} was asked."
        except SegmentationError as error:
            heading = f"{name}: No server was asked: {error}."
        if isinstance(declared, TableExtract):
            return f"{heading}\n\n{_explain_table(profile, declared, server)}"
        return "\n\n".join([heading, *_explain_query(profile, cast(QueryExtract, declared), server)])


def _explain_table(profile: Profile, declared: TableExtract, server: MySQLServer | None) -> str:
    """The statement of a page, which is the same for every version."""
    if server is None:
        return "The statement of a page needs the table's columns and their types, which only the server knows."
    relation = find_relation(profile, server, declared)
    span = ReadSpan(["the safe bound" if declared.cursor else "1 = 1"], list_order_columns(relation))
    sql = write_page_sql(relation, span, [f"the last {column.name}" for column in span.order], FIRST_ROWS)
    return _format_section("Every version", "a page that starts after the last row of the previous one", sql)


def _explain_query(profile: Profile, declared: QueryExtract, server: MySQLServer | None) -> list[str]:
    text = QueryText(profile.sql_dir / "extract" / declared.query)
    original = text.write_page(_limit_to_the_page)
    try:
        tree = text.parse_text()
        level = build_level(tree, describe_tables(server) if server else _assume_tables(profile, tree))
    except UnsupportedSqlError as reason:
        return [
            _format_section(_NEW_SERVERS, "as written", original),
            _format_section(_OLD_SERVERS, f"none: {reason}"),
        ]
    sections = _explain_native(tree, original)
    try:
        refuse_look_ahead(str(text.path), declared, level)
    except SegmentationError as error:
        sections.append(f"Refused: {error}")
    sections += [_explain_rewritten(declared, level, server), _explain_duckdb(profile, declared, level, server)]
    if server:
        kinds = [f"{name}: {kind.mysql}, in the lake {kind.lake}" for name, kind in level.columns.items()]
        sections.append(_format_section("Columns", "the same in every case", "\n".join(kinds)))
    return sections


def _explain_native(tree: exp.Select, original: str) -> list[str]:
    if is_miscomputed_by_mariadb(tree):
        mariadb = _format_section(
            "MariaDB 10.2 and newer", f"as {_OLD_SERVERS}: it confuses three different windows of one SELECT"
        )
    elif has_shift_defaults(tree):
        sql = fill_page_marks(replace_shift_defaults(tree), _limit_to_the_page)
        mariadb = _format_section("MariaDB 10.2 and newer", "LAG and LEAD have no default there", sql)
    else:
        return [_format_section(_NEW_SERVERS, "as written", original)]
    return [_format_section("MySQL 8.0 and newer", "as written", original), mariadb]


def _explain_rewritten(declared: QueryExtract, level: QueryLevel, server: MySQLServer | None) -> str:
    if any(below.windows for below in level.list_levels()):
        method = "each window is a correlated subquery on an index"
    else:
        method = "without windows only WITH is rewritten"
    try:
        rewritten = rewrite_for_mysql50(level, declared.cursor or declared.primary_key[0])
    except UnsupportedSqlError as reason:
        return _format_section(_OLD_SERVERS, f"computed in DuckDB, because {reason}")
    if server is None:
        method += "; not checked: types, keys, indexes and the size of partitions"
    else:
        method += "; every page computes all rows" * (rewritten.base is None)
        large = [str(part) for part in rewritten.partitions if server.fetch_rows(part.write_size_check())]
        if large:
            method = f"computed in DuckDB, because {large[0]} has more than {LARGEST_PARTITION:,} rows; otherwise"
    return _format_section(_OLD_SERVERS, method, fill_page_marks(rewritten.tree, _limit_to_the_page))


def _explain_duckdb(profile: Profile, declared: QueryExtract, level: QueryLevel, server: MySQLServer | None) -> str:
    title = "DuckDB, where an old server has no exact equivalent"
    if server is None:
        return _format_section(title, "not shown, because only the server knows the types of the columns")
    try:
        sql = write_duckdb_sql(level)
        needed = NeedsLakeError(UnsupportedSqlError("where it has to be"), declared, level)
        bases = list_base_extracts(profile, needed)
    except UnsupportedSqlError as reason:
        return _format_section(title, f"none: {reason}")
    except SegmentationError as error:
        return _format_section(title, f"not ready: {error}", sql)
    return _format_section(title, f"over the rows of the extracts {', '.join(bases.values())}", sql)


def _assume_tables(profile: Profile, tree: exp.Select) -> DescribeTable:
    """Describe base tables by what the query and the profile say of them, where no server can be asked."""
    columns: dict[str, set[str]] = {}
    for select in tree.find_all(exp.Select):
        tables = {table.alias_or_name: table.name for table in list_own_nodes(select, exp.Table)}
        for column in list_own_nodes(select, exp.Column):
            possible_tables = [tables.get(column.table)] if column.table else list(tables.values())
            for name in possible_tables:
                columns.setdefault(str(name), set()).add(column.name)

    def describe_table(name: str) -> BaseTable:
        keys = [
            frozenset(extract.primary_key)
            for extract in profile.extracts.values()
            if isinstance(extract, TableExtract) and extract.table == name
        ]
        if "*" in columns.get(name, set()):
            raise UnsupportedSqlError("only the server knows what * stands for")
        return BaseTable(name, dict.fromkeys(sorted(columns.get(name, set())), UNKNOWN_KIND), keys, None)

    return describe_table


def _limit_to_the_page(cursor: str) -> str:
    return f"{cursor} in the page"


def _format_section(title: str, description: str, sql: str = "") -> str:
    return f"{title}: {description}" + f"\n{textwrap.indent(sql, '    ')}" * bool(sql)
