"""Compute queries that a server cannot answer in the lake, from the rows of their base tables."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pyarrow as pa
from sqlglot import exp

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine.engine import Engine
from include.segmentation.errors import DataError, SourceError
from include.segmentation.extract.log_comparison import load_logged_rows
from include.segmentation.extract.log_corrections import LogCorrections
from include.segmentation.extract.mysql.extract_relation import build_relation
from include.segmentation.extract.mysql.query_extract import NeedsLakeError, ServerQuery, list_level_columns
from include.segmentation.extract.mysql.row.mysql_columns import MOMENT, build_arrow_schema
from include.segmentation.extract.mysql.schema_changes import adapt_log
from include.segmentation.extract.rewrite.duckdb_equivalent import BASE_SCHEMA, write_duckdb_sql
from include.segmentation.extract.rewrite.duckdb_numbers import QUOTIENT_MACRO, map_duckdb_type
from include.segmentation.extract.rewrite.query_levels import BaseTable, QueryLevel
from include.segmentation.extract.rewrite.sql_nodes import list_own_nodes
from include.segmentation.extract.rewrite.value_kinds import UnsupportedSqlError
from include.segmentation.lake.log_columns import UNREADABLE, ZERO_DATES
from include.segmentation.profile.mysql_source import QueryExtract, TableExtract
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run

_BATCH_ROWS = 100_000


def pull_computed(run: Run, name: str, needed: NeedsLakeError, pull: Callable[[Run, str], Any]) -> dict[str, Any]:
    """Pull the base tables, compute the query over them, and write what its log lacks; the caller holds its writer.

    Every pull computes and compares everything, so that deletions and late rows of the base tables arrive too.

    Args:
        run: the run.
        name: the query's extract.
        needed: the query, and why the server cannot answer it.
        pull: pulls another extract of the profile.

    Returns:
        ``rows_read`` (computed), ``rows_written`` (with deletions), ``rows_deleted``, ``pages`` and ``bound``.

    Raises:
        SourceError: the lake cannot answer it either, or a base table is not an extract of the profile.
        DataError: the lake cannot compute with some values, or the primary key is not unique.
    """
    declared = needed.declared
    try:
        sql = write_duckdb_sql(needed.level)
    except UnsupportedSqlError as reason:
        raise SourceError(
            f"{declared.query}: the server has no equivalent because {needed}; the lake: {reason}"
        ) from None
    query = ServerQuery(partial(list_level_columns, needed.level), lambda _: "")
    relation = build_relation(run.profile, declared, declared.query, query)
    bases = list_base_extracts(run.profile, needed)
    for base in bases.values():
        pull(run, base)
    base_times = [run.lake.open_log(base).read_state().complete_through for base in bases.values()]
    log = run.lake.open_log(name)
    state = adapt_log(log, log.read_state(), declared, relation)
    schema = build_arrow_schema(relation.columns)
    corrections = LogCorrections(log, state, declared.primary_key, retracts=declared.mode == "append")
    rows = pages = 0
    with (
        _open_engine(run, needed.level, bases) as engine,
        load_logged_rows(run.lake, name, declared.primary_key, schema) as logged,
    ):
        engine.execute(f"CREATE TEMP TABLE computed AS {sql}")
        _check_key(engine, declared.primary_key)
        for batch in _stream_computed_rows(engine, schema, declared.primary_key):
            corrections.add_rows(batch, logged.find_differing(batch))
            logged.mark_seen(batch)
            rows, pages = rows + batch.num_rows, pages + 1
        corrections.add_deletions(logged.find_unseen("true"))
    complete_through = _combine_complete_through(base_times, state.complete_through)
    corrections.commit(cursor=_make_cursor(declared), complete_through=complete_through)
    return {
        "rows_read": rows,
        "rows_written": corrections.missing + corrections.changed + corrections.deleted,
        "rows_deleted": corrections.deleted,
        "pages": pages,
        "bound": f"computed in the lake from {', '.join(bases.values())}: {needed}",
    }


def list_base_extracts(profile: Profile, needed: NeedsLakeError) -> dict[str, str]:
    """The extracts that hold the base tables of a query.

    Returns:
        Table -> extract.

    Raises:
        SourceError: a table is not an extract, or its extract lacks columns of the query.
    """
    declared, bases = needed.declared, {}
    for table, columns in _list_used_columns(needed.level).items():
        extracts = {
            name: extract
            for name, extract in profile.extracts.items()
            if isinstance(extract, TableExtract) and extract.source == declared.source and extract.table == table
        }
        usable = [name for name, extract in extracts.items() if _has_columns(extract, columns)]
        if not usable:
            unusable = f"; extract '{next(iter(extracts))}' omits or repairs some of them" if extracts else ""
            raise SourceError(
                f"{declared.query} is computed in the lake ({needed}), so table '{table}' must be an extract of "
                f"kind table and source '{declared.source}' with the columns {', '.join(sorted(columns))}{unusable}"
            )
        bases[table] = usable[0]
    return bases


def _has_columns(extract: TableExtract, columns: set[str]) -> bool:
    return columns <= set(extract.columns or columns) and not columns & set(extract.mojibake)


def _list_used_columns(query: QueryLevel) -> dict[str, set[str]]:
    """Table -> the columns of it that a query reads."""
    columns: dict[str, set[str]] = {name: set() for name in query.list_tables()}
    for level in query.list_levels():
        for column in list_own_nodes(level.select, exp.Column):
            source = level.sources[column.table]
            if isinstance(source, BaseTable):
                columns[source.name].add(column.name)
    return columns


def _open_engine(run: Run, level: QueryLevel, bases: dict[str, str]) -> Engine:
    """Open an engine with views of the base tables, whose times are in UTC and without a zone, as in MySQL."""
    engine = run.lake.open_engine()
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute(f"CREATE SCHEMA {BASE_SCHEMA}")
    engine.execute(QUOTIENT_MACRO)
    for table, columns in _list_used_columns(level).items():
        extract, kinds = bases[table], level.list_tables()[table].columns
        run.lake.create_current_view(engine, extract)
        _check_values(engine, extract, sorted(columns))
        items = [_write_base_column(name, kinds[name].lake) for name in sorted(columns)] or ["1 AS nothing"]
        view = f"{BASE_SCHEMA}.{quote_identifier(table)}"
        engine.execute(f"CREATE VIEW {view} AS SELECT {', '.join(items)} FROM main.{quote_identifier(extract)}")
    return engine


def _write_base_column(name: str, lake: pa.DataType) -> str:
    column = quote_identifier(name)
    value = f"{column} AT TIME ZONE 'UTC'" if lake == MOMENT else column
    return f"CAST({value} AS {map_duckdb_type(lake)}) AS {column}"


def _check_values(engine: Engine, extract: str, columns: list[str]) -> None:
    """Refuse invalid dates and unreadable values, which the lake does not hold as the server does."""
    logged_columns = {row[0] for row in engine.execute(f"DESCRIBE {quote_identifier(extract)}").fetch_rows()}
    for own_column in sorted({ZERO_DATES, UNREADABLE} & logged_columns):
        keys = ", ".join("'" + name.replace("'", "''") + "'" for name in columns)
        invalid_rows = engine.execute(
            f"SELECT count(*) FROM {quote_identifier(extract)} "
            f"WHERE len(list_intersect(json_keys({quote_identifier(own_column)}), [{keys}]::VARCHAR[])) > 0"
        ).fetch_rows()[0][0]
        if invalid_rows:
            values = "invalid dates" if own_column == ZERO_DATES else "unreadable values"
            raise DataError(
                f"extract '{extract}': {invalid_rows} rows have {values} in {', '.join(columns)}; MySQL would compute "
                "with them, the lake cannot; exclude those rows from the query's source, or clean them"
            )


def _check_key(engine: Engine, primary_key: list[str]) -> None:
    keys = ", ".join(quote_identifier(name) for name in primary_key)
    nulls = " OR ".join(f"{quote_identifier(name)} IS NULL" for name in primary_key)
    rows, distinct, missing = engine.execute(
        f"SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT {keys} FROM computed)), count(*) FILTER ({nulls}) "
        "FROM computed"
    ).fetch_rows()[0]
    if missing:
        raise DataError(f"primary_key {', '.join(primary_key)} is NULL in {missing} of {rows} rows")
    if distinct < rows:
        raise DataError(f"primary_key {', '.join(primary_key)} is not unique: {distinct} of {rows} rows are different")


def _stream_computed_rows(engine: Engine, schema: pa.Schema, primary_key: list[str]) -> Iterator[pa.Table]:
    """The computed rows in the lake's types, ordered by key; an empty first batch gives a new log its columns."""
    items = [
        f"{quote_identifier(field.name)} AT TIME ZONE 'UTC' AS {quote_identifier(field.name)}"
        if field.type == MOMENT
        else quote_identifier(field.name)
        for field in schema
    ]
    order = ", ".join(quote_identifier(name) for name in primary_key)
    reader = engine.execute(f"SELECT {', '.join(items)} FROM computed ORDER BY {order}").stream_batches(_BATCH_ROWS)
    yield pa.Table.from_batches([], reader.schema).cast(schema)
    for batch in reader:
        yield pa.Table.from_batches([batch]).cast(schema)


def _make_cursor(declared: QueryExtract) -> dict[str, Any]:
    """A position that no server has reached; a server that answers the query later compares before it writes."""
    if declared.mode == "snapshot":
        return {"order": ["(whole)"], "position": []}
    order = [str(declared.cursor), *(name for name in declared.primary_key if name != declared.cursor)]
    return {"order": order, "position": None, "polls": [], "computed": True}


def _combine_complete_through(base_times: list[datetime | None], previous: datetime | None) -> datetime | None:
    """The time through which all base tables are complete; it never goes back."""
    times = [time for time in base_times if time is not None]
    earliest = min(times) if len(times) == len(base_times) else None
    return max((time for time in (earliest, previous) if time is not None), default=None)
