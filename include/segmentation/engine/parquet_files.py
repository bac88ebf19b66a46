"""Parquet files whose columns differ, read as one table of a schema."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa

from include.segmentation.common.sql_quoting import quote_identifier, quote_string
from include.segmentation.engine.duckdb_engine import DuckDBEngine
from include.segmentation.engine.engine import Engine

_BATCH_ROWS = 20_000


def write_scan_sql(files: list[str], schema: pa.Schema) -> str:
    """Write a FROM item that reads files as one table of a schema.

    A column that a file lacks is NULL in its rows. No files give no rows.
    """
    columns = ", ".join(
        f"CAST(NULL AS {_find_sql_type(field.type)}) AS {quote_identifier(field.name)}" for field in schema
    )
    empty = f"SELECT {columns} WHERE false"
    if not files:
        return f"({empty})"
    names = ", ".join(quote_string(uri) for uri in files)
    return f"({empty} UNION ALL BY NAME SELECT * FROM read_parquet([{names}], union_by_name = true))"


def read_converted(files: list[str], old: pa.Schema, new: pa.Schema, order: str) -> pa.RecordBatchReader:
    """Read files of one schema as another, a batch at a time.

    Args:
        files: read one after the other, by their smallest ``order``.
        old: the schema of the files.
        new: the same columns; every value must fit into its new type.
        order: an integer column.
    """
    columns = ", ".join(f"CAST({quote_identifier(field.name)} AS {_find_sql_type(field.type)})" for field in new)
    engine = DuckDBEngine(time_zone="UTC", threads=1, enable_external_file_cache=False)
    scan = write_scan_sql(_sort_files(engine, files, order), old)
    reader = engine.execute(f"SELECT {columns} FROM {scan}").stream_batches(_BATCH_ROWS)

    def read_batches() -> Iterator[pa.RecordBatch]:
        with engine:
            for batch in reader:
                yield pa.RecordBatch.from_arrays(batch.columns, schema=new)

    return pa.RecordBatchReader.from_batches(new, read_batches())


def _sort_files(engine: Engine, files: list[str], column: str) -> list[str]:
    """Sort files by the smallest value that each has in a column."""
    if not files:
        return []
    sql = (
        "SELECT file_name FROM parquet_metadata(?) WHERE path_in_schema = ? "
        "GROUP BY file_name ORDER BY min(CAST(stats_min_value AS BIGINT))"
    )
    return [name for (name,) in engine.execute(sql, [files, column]).fetch_rows()]


def _find_sql_type(kind: pa.DataType) -> str:
    return str(duckdb.from_arrow(pa.table({"x": pa.array([], kind)})).types[0])
