"""What is read: a table or a query of a profile, with everything that the profile says about it checked."""

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
    """What to read, with everything that the profile says about it checked.

    A snapshot has no cursor and is read by its primary key alone, whose first column then stands as the cursor.

    Raises:
        NeedsLakeError: it is a query that this server cannot answer, but the lake can.
        SourceError: the source lacks a table or column, or can not be read in pages by these columns.
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
    """What is read, its columns checked by what the profile says of them.

    Raises:
        SourceError: a column is missing, or of a type that is not allowed where the profile has it.
    """
    columns = _as_declared(profile, declared, query.list_columns())
    by_name = {column.name: column for column in columns}
    cursor = declared.cursor or declared.primary_key[0]
    for role, column in [("cursor", cursor), *(("primary_key", key) for key in declared.primary_key)]:
        if column not in by_name:
            raise SourceError(
                f"{role} '{column}': {where} has no such column; found are {', '.join(by_name)}"
                f"{suggest_name(column, by_name)}"
            )
        if not by_name[column].is_ordered:
            raise SourceError(
                f"{role} '{column}' is of type {by_name[column].mysql}; allowed are whole numbers, decimals, dates, "
                "times of day and date, texts and bytes"
            )
    if isinstance(declared, QueryExtract) and declared.cursor and not by_name[cursor].is_time:
        kind = by_name[cursor].mysql
        raise SourceError(f"cursor '{cursor}' of {where} is of type {kind}; allowed are dates and times")

    def is_altered() -> bool:
        return _as_declared(profile, declared, query.list_columns()) != columns

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


def _as_declared(profile: Profile, declared: RowsExtract, columns: list[MySQLColumn]) -> list[MySQLColumn]:
    """The columns with what the profile says of their values.

    Raises:
        SourceError: a column is declared as mojibake that is no text in latin1.
    """
    source = cast(MySQLSource, profile.sources[declared.source])  # a profile gives tables and queries no other
    mojibake = declared.mojibake if isinstance(declared, TableExtract) else []
    latin1 = [column.name for column in columns if column.charset == "latin1"]
    for name in mojibake:
        if name not in latin1:
            found = ", ".join(latin1) or "there are none"
            raise SourceError(f"mojibake '{name}': allowed are texts in latin1, here {found}")
    # A key without its date would be another row's key.
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
        allowed = " or ".join(f"[{', '.join(key)}]" for key in keys) or "none: it has no unique key without NULL"
        raise SourceError(
            f"primary_key [{', '.join(declared.primary_key)}] does not tell the rows of table '{declared.table}' "
            f"apart; allowed is {allowed}"
        )
    cursor = relation.cursor
    if declared.cursor and not (cursor.is_time or cursor.is_whole_number):
        raise SourceError(
            f"cursor '{cursor.name}' is of type {cursor.mysql}; allowed are dates, times and whole numbers"
        )
    lacking = explain_missing_index(server, relation, list_order_columns(relation))
    if lacking:
        _log.warning("%s", lacking)


def list_order_columns(relation: Relation) -> list[MySQLColumn]:
    """The columns that a pull reads by: the cursor and the rest of the primary key."""
    return [relation.cursor, *relation.key]


def find_position(relation: Relation, state: LogState) -> Position | None:
    """Where the last pull ended.

    Raises:
        SourceError: it was ordered by other columns than now.
    """
    names = [column.name for column in list_order_columns(relation)]
    if state.cursor is None or state.cursor["position"] is None:
        return None
    if state.cursor["order"] != names:
        raise SourceError(
            f"cursor and primary_key are {names}, but the log was read by {state.cursor['order']}; "
            "put the old ones back, or give the extract a new name to begin a new log"
        )
    return list(state.cursor["position"])


def check_unique(relation: Relation, declared: RowsExtract, page: Page) -> None:
    """Refuse a query or view whose rows its primary key does not tell apart; a table's key is checked beforehand.

    Raises:
        DataError: a page holds a key twice.
    """
    if relation.table is None:
        distinct = page.rows.group_by(declared.primary_key).aggregate([]).num_rows
        if distinct < page.rows.num_rows:
            keys = ", ".join(declared.primary_key)
            raise DataError(f"primary_key {keys} is not unique: {distinct} of {page.rows.num_rows} rows are different")
