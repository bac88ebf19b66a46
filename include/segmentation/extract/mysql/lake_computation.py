"""Queries that a server can not answer: computed in the lake, from the rows of their base tables."""

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
from include.segmentation.extract.rewrite.duckdb_equivalent import BASE_SCHEMA, MACRO, map_duckdb_type, write_duckdb_sql
from include.segmentation.extract.rewrite.query_levels import BaseTable, QueryLevel
from include.segmentation.extract.rewrite.sql_nodes import list_own_nodes
from include.segmentation.extract.rewrite.value_kinds import DeclinedError
from include.segmentation.lake.log_columns import UNREADABLE, ZERO_DATES
from include.segmentation.profile.mysql_source import QueryExtract, TableExtract
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run

_BATCH_ROWS = 100_000


def pull_computed(run: Run, name: str, asked: NeedsLakeError, pull: Callable[[Run, str], Any]) -> dict[str, Any]:
    """Pull the base tables, compute the query over them, and write what its log lacks; the caller holds its writer.

    Everything is computed and compared at every pull, so that deletions and late rows of the base tables arrive too.

    Args:
        run: the run.
        name: the query's extract.
        asked: the query, and why the server can not answer it.
        pull: pulls another extract of the profile.

    Returns:
        ``rows_read`` (computed), ``rows_written`` (with deletions), ``rows_deleted``, ``pages`` and ``bound``.

    Raises:
        SourceError: the lake can not answer it either, or a base table is not an extract of the profile.
        DataError: the rows of the base tables can not be computed with, or the primary key does not tell rows apart.
    """
    declared = asked.declared
    try:
        sql = write_duckdb_sql(asked.level)
    except DeclinedError as why:
        raise SourceError(f"{declared.query}: the server has no equivalent because {asked}; the lake: {why}") from None
    query = ServerQuery(partial(list_level_columns, asked.level), lambda _: "")
    relation = build_relation(run.profile, declared, declared.query, query)
    bases = list_base_extracts(run.profile, asked)
    for base in bases.values():
        pull(run, base)
    through = [run.lake.open_log(base).read_state().complete_through for base in bases.values()]
    log = run.lake.open_log(name)
    state = adapt_log(log, log.read_state(), declared, relation)
    schema = build_arrow_schema(relation.columns)
    found = LogCorrections(log, state, declared.primary_key, retracts=declared.mode == "append")
    read = pages = 0
    with (
        _engine(run, asked.level, bases) as engine,
        load_logged_rows(run.lake, name, declared.primary_key, schema) as held,
    ):
        engine.execute(f"CREATE TEMP TABLE computed AS {sql}")
        _check_key(engine, declared.primary_key)
        for batch in _batches(engine, schema, declared.primary_key):
            found.add_rows(batch, held.find_differing(batch))
            held.mark_seen(batch)
            read, pages = read + batch.num_rows, pages + 1
        found.add_deletions(held.find_unseen("true"))
    found.commit(cursor=_cursor(declared), complete_through=_least(through, state.complete_through))
    written = found.missing + found.changed + found.deleted
    how = f"computed in the lake from {', '.join(bases.values())}: {asked}"
    return {"rows_read": read, "rows_written": written, "rows_deleted": found.deleted, "pages": pages, "bound": how}


def list_base_extracts(profile: Profile, asked: NeedsLakeError) -> dict[str, str]:
    """The extracts that hold the base tables of a query.

    Returns:
        Table -> extract.

    Raises:
        SourceError: a table is not declared as an extract, or without columns that are needed.
    """
    declared, bases = asked.declared, {}
    for table, columns in _used(asked.level).items():
        named = {
            name: extract
            for name, extract in profile.extracts.items()
            if isinstance(extract, TableExtract) and extract.source == declared.source and extract.table == table
        }
        whole = [name for name, extract in named.items() if _holds(extract, columns)]
        if not whole:
            others = f"; extract '{next(iter(named))}' leaves some out or repairs them" if named else ""
            raise SourceError(
                f"{declared.query} is computed in the lake ({asked}), so table '{table}' must be an extract of "
                f"kind table and source '{declared.source}' with the columns {', '.join(sorted(columns))}{others}"
            )
        bases[table] = whole[0]
    return bases


def _holds(extract: TableExtract, columns: set[str]) -> bool:
    return columns <= set(extract.columns or columns) and not columns & set(extract.mojibake)


def _used(query: QueryLevel) -> dict[str, set[str]]:
    """Table -> the columns of it that a query reads."""
    used: dict[str, set[str]] = {name: set() for name in query.list_tables()}
    for level in query.list_levels():
        for column in list_own_nodes(level.select, exp.Column):
            source = level.sources[column.table]
            if isinstance(source, BaseTable):
                used[source.name].add(column.name)
    return used


def _engine(run: Run, level: QueryLevel, bases: dict[str, str]) -> Engine:
    """An engine with the base tables, all times in UTC and without a zone, as MySQL has them."""
    engine = run.lake.open_engine()
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute(f"CREATE SCHEMA {BASE_SCHEMA}")
    engine.execute(MACRO)
    for table, columns in _used(level).items():
        extract, kinds = bases[table], level.list_tables()[table].columns
        run.lake.create_current_view(engine, extract)
        _check_values(engine, extract, sorted(columns))
        items = [_base_column(name, kinds[name].lake) for name in sorted(columns)] or ["1 AS nothing"]
        view = f"{BASE_SCHEMA}.{quote_identifier(table)}"
        engine.execute(f"CREATE VIEW {view} AS SELECT {', '.join(items)} FROM main.{quote_identifier(extract)}")
    return engine


def _base_column(name: str, lake: pa.DataType) -> str:
    column = quote_identifier(name)
    value = f"{column} AT TIME ZONE 'UTC'" if lake == MOMENT else column
    return f"CAST({value} AS {map_duckdb_type(lake)}) AS {column}"


def _check_values(engine: Engine, extract: str, columns: list[str]) -> None:
    """Refuse values that the lake does not have as the server has them."""
    there = {row[0] for row in engine.execute(f"DESCRIBE {quote_identifier(extract)}").fetch_rows()}
    for own_column in sorted({ZERO_DATES, UNREADABLE} & there):
        keys = ", ".join("'" + name.replace("'", "''") + "'" for name in columns)
        odd = engine.execute(
            f"SELECT count(*) FROM {quote_identifier(extract)} "
            f"WHERE len(list_intersect(json_keys({quote_identifier(own_column)}), [{keys}]::VARCHAR[])) > 0"
        ).fetch_rows()[0][0]
        if odd:
            what = "dates that are none" if own_column == ZERO_DATES else "values that can not be read"
            raise DataError(
                f"extract '{extract}': {odd} rows have {what} in {', '.join(columns)}, which MySQL would compute with "
                "and the lake can not; leave those rows out of the query's source, or clean them"
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


def _batches(engine: Engine, schema: pa.Schema, primary_key: list[str]) -> Iterator[pa.Table]:
    """The computed rows in the lake's types, by their key; the first batch is empty."""
    items = [
        f"{quote_identifier(field.name)} AT TIME ZONE 'UTC' AS {quote_identifier(field.name)}"
        if field.type == MOMENT
        else quote_identifier(field.name)
        for field in schema
    ]
    order = ", ".join(quote_identifier(name) for name in primary_key)
    reader = engine.execute(f"SELECT {', '.join(items)} FROM computed ORDER BY {order}").stream_batches(_BATCH_ROWS)
    yield pa.Table.from_batches([], reader.schema).cast(schema)  # so that a log gets its columns
    for batch in reader:
        yield pa.Table.from_batches([batch]).cast(schema)


def _cursor(declared: QueryExtract) -> dict[str, Any]:
    """A position that no server has reached; should one answer the query later, it compares before it writes."""
    if declared.mode == "snapshot":
        return {"order": ["(whole)"], "position": []}
    order = [str(declared.cursor), *(name for name in declared.primary_key if name != declared.cursor)]
    return {"order": order, "position": None, "polls": [], "computed": True}


def _least(through: list[datetime | None], before: datetime | None) -> datetime | None:
    """What all base tables are complete through, never less than was said before."""
    known = [moment for moment in through if moment is not None]
    least = min(known) if len(known) == len(through) else None
    return max((moment for moment in (least, before) if moment is not None), default=None)
