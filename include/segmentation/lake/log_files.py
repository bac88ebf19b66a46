"""The files of a change log: how Parquet is written, which files there are, and errors of the storage."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

import pyarrow as pa
from deltalake import ColumnProperties, DeltaTable, WriterProperties
from deltalake.exceptions import CommitFailedError, DeltaError

_DICTIONARY_BYTES = 64 * 1024
"""A column with a larger dictionary has many different values: the dictionary costs time and makes the file larger."""
_ROW_GROUP_ROWS = 100_000
"""Small enough that the statistics of row groups let a reader skip most of a large file."""
_MOST_PACKED_DIGITS = 18
_STORAGE_ERROR = re.compile(r"Generic \w+ error")


def build_writer_properties(schema: pa.Schema) -> WriterProperties:
    """Return how Parquet is written. Values that are integers inside are delta-packed: fastest and smallest."""
    packed = ColumnProperties(dictionary_enabled=False, encoding="DELTA_BINARY_PACKED")
    return WriterProperties(
        compression="ZSTD",
        dictionary_page_size_limit=_DICTIONARY_BYTES,
        max_row_group_size=_ROW_GROUP_ROWS,
        column_properties={field.name: packed for field in schema if _is_integer_inside(field.type)},
    )


def list_table_files(table: DeltaTable) -> list[str]:
    """List the Parquet files of a log as it was when the table was loaded."""
    return sorted(unquote(uri) for uri in table.file_uris())  # delta-rs writes a space as %20


@contextmanager
def raise_storage_errors() -> Iterator[None]:
    """Raise OSError for a full disk or an unreachable store, whichever part of delta-rs reports it."""
    try:
        yield
    except DeltaError as error:
        if isinstance(error, CommitFailedError) or not _STORAGE_ERROR.search(str(error)):
            raise
        raise OSError(str(error)) from error


def _is_integer_inside(kind: pa.DataType) -> bool:
    if pa.types.is_decimal(kind):
        return bool(kind.precision <= _MOST_PACKED_DIGITS)
    return bool(pa.types.is_integer(kind) or pa.types.is_timestamp(kind) or pa.types.is_date(kind))
