"""The relation behind an extract: a table or a query of a profile, checked against the server."""

import logging
from dataclasses import replace
from functools import partial
from typing import cast

from include.segmentation.common.sql_quoting import quote_mysql_identifier
from include.segmentation.errors import DataError, SourceError
from include.segmentation.extract.mysql.page.keyset import Position, Relation
from include.segmentation.extract.mysql.page.page_fetch import Page
from include.segmentation.extract.mysql.page.query_plan import explain_missing_index
from include.segmentation.extract.mysql.query_extract import ServerQuery, find_server_query
from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn, list_table_columns
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.mysql.table_indexes import is_view, list_indexes
from include.segmentation.lake.change_log import LogState
from include.segmentation.profile.mistakes import suggest_name
from include.segmentation.profile.mysql_source import MySQLSource, QueryExtract, TableExtract
from include.segmentation.profile.profile import Profile

_log = logging.getLogger(__name__)

RowsExtract = TableExtract | QueryExtract


def find_relation(profile: Profile, server: MySQLServer, declared: RowsExtract) -> Relation:
    """Find what to read, and check it against the profile.

    A snapshot has no cursor; it is read by its primary key, with the first column in place of the cursor.

    Raises:
        NeedsLakeError: the server cannot compute the query, but the lake can.
        SourceError: the source lacks a table or column, or cannot be read in pages by these columns.
    """
    if isinstance(declared, QueryExtract):
        path = profile.sql_dir / "extract" / declared.query
        return build_relation(profile, declared, str(path), find_server_query(server, path, declared))
    table = None if is_view(server, declared.table) else declared.table
    columns = partial(list_table_columns, server, declared.table, declared.columns)
    query = ServerQuery(columns, lambda _: quote_mysql_identifier(declared.table))
    relation = build_relation(profile, declared, f"table '{declared.table}'", query)
    relation = replace(relation, table=table, indexes=list_indexes(server, table) if table else [])
    _check_table(server, declared, relation)
    return relation


def build_relation(profile: Profile, declared: RowsExtract, where: str, query: ServerQuery) -> Relation:
    """Build the relation, and check its columns against the profile.

    Raises:
        SourceError: a column is missing, or its type is not allowed for its role.
    """
    columns = _apply_declaration(profile, declared, query.list_columns())
    by_name = {column.name: column for column in columns}
    cursor = declared.cursor or declared.primary_key[0]
    for role, column in [("cursor", cursor), *(("primary_key", key) for key in declared.primary_key)]:
        if column not in by_name:
            raise SourceError(
                f"{role} '{column}': {where} has no such column; found: {', '.join(by_name)}"
                f"{suggest_name(column, by_name)}"
            )
        if not by_name[column].is_ordered:
            raise SourceError(
                f"{role} '{column}' is of type {by_name[column].mysql}; allowed: whole numbers, decimals, dates, "
                "dates with times, texts, bytes"
            )
    if isinstance(declared, QueryExtract) and declared.cursor and not by_name[cursor].is_time:
        kind = by_name[cursor].mysql
        raise SourceError(f"cursor '{cursor}' of {where} is of type {kind}; allowed: dates and times")

    def is_altered() -> bool:
        return _apply_declaration(profile, declared, query.list_columns()) != columns

    return Relation(
        where,
        None,
        columns,
        by_name[cursor],
        [by_name[key] for key in declared.primary_key if key != cursor],
        query.write_source,
        is_altered,
        looks_ahead=query.looks_ahead,
        computes_all=query.computes_all,
        base=query.base,
    )


def _apply_declaration(profile: Profile, declared: RowsExtract, columns: list[MySQLColumn]) -> list[MySQLColumn]:
    """Add to the columns what the profile declares about their values.

    Raises:
        SourceError: a column that is declared as mojibake is no latin1 text.
    """
    source = cast(MySQLSource, profile.sources[declared.source])  # the only source of tables and queries
    mojibake = declared.mojibake if isinstance(declared, TableExtract) else []
    latin1 = [column.name for column in columns if column.charset == "latin1"]
    for name in mojibake:
        if name not in latin1:
            allowed = ", ".join(latin1) or "none here"
            raise SourceError(f"mojibake '{name}'; allowed: texts in latin1 ({allowed})")
    # A key with NULL in place of its date would be another key.
    flagged = [column for column in columns if column.is_time and column.name not in declared.primary_key]
    return [
        replace(
            column,
            is_key=column.name in declared.primary_key,
            is_mojibake=column.name in mojibake,
            allows_zero_dates=source.zero_dates == "flag" and column in flagged,
        )
        for column in columns
    ]


def _check_table(server: MySQLServer, declared: TableExtract, relation: Relation) -> None:
    keys = [index.columns for index in relation.indexes if index.is_unique]
    if relation.table and not any(set(key) <= set(declared.primary_key) for key in keys):
        allowed = " or ".join(f"[{', '.join(key)}]" for key in keys) or "none, as it has no unique key without NULL"
        raise SourceError(
            f"primary_key [{', '.join(declared.primary_key)}] does not identify the rows of table '{declared.table}'; "
            f"allowed: {allowed}"
        )
    cursor = relation.cursor
    if declared.cursor and not (cursor.is_time or cursor.is_whole_number):
        raise SourceError(f"cursor '{cursor.name}' is of type {cursor.mysql}; allowed: dates, times, whole numbers")
    missing_index = explain_missing_index(server, relation, list_order_columns(relation))
    if missing_index:
        _log.warning("%s", missing_index)


def list_order_columns(relation: Relation) -> list[MySQLColumn]:
    """List the columns that order a pull: the cursor and the rest of the primary key."""
    return [relation.cursor, *relation.key]


def find_position(relation: Relation, state: LogState) -> Position | None:
    """Find where the last pull ended; None at the start.

    Raises:
        SourceError: the last pull had other ordering columns.
    """
    names = [column.name for column in list_order_columns(relation)]
    if state.cursor is None or state.cursor["position"] is None:
        return None
    if state.cursor["order"] != names:
        raise SourceError(
            f"cursor and primary_key are {names}, but the log was read by {state.cursor['order']}; "
            "restore the old ones, or rename the extract to begin a new log"
        )
    return list(state.cursor["position"])


def check_unique(relation: Relation, declared: RowsExtract, page: Page) -> None:
    """Check that the primary key of a query or view is unique in a page; a table's key is checked beforehand.

    Raises:
        DataError: a page has two rows with one key.
    """
    if relation.table is None:
        distinct = page.rows.group_by(declared.primary_key).aggregate([]).num_rows
        if distinct < page.rows.num_rows:
            keys = ", ".join(declared.primary_key)
            raise DataError(f"primary_key {keys} is not unique: {distinct} of {page.rows.num_rows} rows are different")
