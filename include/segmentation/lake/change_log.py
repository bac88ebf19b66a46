"""A change log: one append-only Delta table, each commit with the cursor and complete_through that its rows lead to.

The two can never disagree, whatever breaks. Nothing but this module writes one.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
from deltalake import ColumnProperties, CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from filelock import AcquireReturnProxy, FileLock, Timeout

from include.segmentation.engine.parquet_files import read_converted
from include.segmentation.errors import DataError, UnavailableError

SEQ, OBSERVED_AT, DELETED = "_seq", "_observed_at", "_deleted"
BATCH = "_batch"
"""GA4 reports only: grows with every rewriting of a day, so that the newest batch of a day is the day."""
CRC_COLUMN, ZERO_DATES, UNREADABLE = "_crc", "_zero_dates", "_unreadable"
"""MySQL only. The checksum of a row as the server writes it; JSON objects of column -> text for dates that are none and
were read as NULL, and for values that could not be read at all (validate holds such a row in quarantine)."""
LOG_COLUMNS = (SEQ, OBSERVED_AT, DELETED, CRC_COLUMN, ZERO_DATES, UNREADABLE)
_STATE_KEY = "segmentation_state"
_NO_STATISTICS = {"delta.dataSkippingNumIndexedCols": "0"}
"""Engines read the Parquet files' own statistics; those in Delta's log would outlive an erased customer."""
_LOCK_SECONDS = 600
_DICTIONARY_BYTES = 64 * 1024
"""A larger dictionary is one of a column with many different values: it costs time and makes the file larger."""
_ROW_GROUP = 100_000
"""Small enough for the statistics of row groups to lead a reader past most of a large file."""
_MOST_PACKED_DIGITS = 18
_OF_STORAGE = re.compile(r"Generic \w+ error")
_MOMENT = pa.timestamp("us", "UTC")
KEEP_FILES = timedelta(days=7)
"""How long a file stays that a maintained log no longer needs: longer than any reader goes on with an old list."""

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class LogState:
    """What the last commit of a change log says about it.

    Attributes:
        cursor: where the next pull goes on, JSON of the extract's own making.
        complete_through: the time up to which the extract is known to be whole, UTC.
        seq: the highest ``_seq`` written.
        version: how many pages have been committed (the Delta application transaction).
        columns: column -> its type as the source declares it, where the source has such types.
    """

    cursor: Any = None
    complete_through: datetime | None = None
    seq: int = 0
    version: int = 0
    columns: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """The text that is kept in the commit."""
        through = self.complete_through.isoformat() if self.complete_through else None
        return json.dumps(vars(self) | {"complete_through": through})

    @classmethod
    def from_json(cls, text: str) -> "LogState":
        """Read the text of a commit."""
        value = json.loads(text)
        through = value["complete_through"]
        return cls(
            cursor=value["cursor"],
            complete_through=datetime.fromisoformat(through) if through else None,
            seq=value["seq"],
            version=value["version"],
            columns=value.get("columns", {}),
        )


class ChangeLog:
    """The append-only Delta table of one extract."""

    def __init__(self, uri: str, name: str) -> None:
        """Point at a log that may not exist yet."""
        self.uri = uri
        self.name = name
        self._written: DeltaTable | None = None

    def load_table(self) -> DeltaTable | None:
        """The Delta table, or None before the first commit."""
        try:
            return DeltaTable(self.uri)
        except TableNotFoundError:
            return None

    def read_state(self) -> LogState:
        """What the newest page says; an empty state before the first one.

        Raises:
            DataError: pages were committed, but no commit that says so is left.
        """
        table = self.load_table()
        pages = (table.transaction_version(self.name) if table else None) or 0
        if table is None or not pages:
            return LogState()
        for limit in (1, None):  # the newest commit nearly always answers: one small file is read
            for commit in table.history(limit):
                state = LogState.from_json(commit[_STATE_KEY]) if _STATE_KEY in commit else LogState()
                if state.version == pages:
                    return state
        raise DataError(
            f"change log '{self.name}': page {pages} is committed, but the commit that holds its cursor is gone: "
            "something else than this package has tidied it; load the extract again"
        )

    def read_schema(self) -> pa.Schema | None:
        """The columns of the extract, without the log's own; None before the first commit."""
        table = self.load_table()
        if table is None:
            return None
        return pa.schema([field for field in pa.schema(table.schema()) if field.name not in LOG_COLUMNS])

    def list_files(self) -> list[str]:
        """The Parquet files that make up the log now."""
        table = self.load_table()
        return list_table_files(table) if table else []

    @contextmanager
    def hold_writer_lock(self) -> Iterator[None]:
        """Hold the log's one writer's place.

        Raises:
            UnavailableError: another writer has held it for too long.
        """
        if "://" in self.uri:  # an object store: Delta's own optimistic commit and the version check guard it
            yield
            return
        path = Path(self.uri).with_suffix(".lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            held = self._acquired(FileLock(path))  # the system takes it back when its holder dies, however that happens
        except Timeout:
            raise UnavailableError(f"change log '{self.name}': another writer holds {path}") from None
        with held:
            yield

    def _acquired(self, lock: FileLock) -> AcquireReturnProxy[FileLock]:
        try:
            return lock.acquire(blocking=False)
        except Timeout:
            _LOGGER.warning("change log '%s': another writer is at work; waiting up to %s s", self.name, _LOCK_SECONDS)
            return lock.acquire(timeout=_LOCK_SECONDS)

    def append(self, rows: pa.Table, state: LogState, deleted: bool | list[bool] = False) -> LogState:
        """Commit a page of rows, possibly empty, together with the state that it leads to.

        Args:
            rows: the page, without the log's own columns. A column that the log does not have yet is added to it (NULL
                in older rows); one that the page does not have is NULL in its rows.
            state: the state the page was read from, with the new cursor and complete_through already set.
            deleted: whether the rows record deletions, all alike or each for itself.

        Returns:
            The state as committed, its seq and version moved on.

        Raises:
            DataError: another writer committed since the state was read, or a column is of another type in the log;
                nothing is written.
        """
        committed = replace(state, seq=state.seq + rows.num_rows, version=state.version + 1)
        numbered = _numbered(rows, state.seq + 1, deleted)
        table = self._current()
        if table is None and state.version == 0:
            table = DeltaTable.create(self.uri, numbered.schema, mode="ignore", configuration=_NO_STATISTICS)
        table = self._not_overtaken(table, state)
        self._check_types(table, numbered.schema)
        self._commit(table, numbered, committed, mode="append", schema_mode="merge")
        self._written = table
        return committed

    def change_types(self, schema: pa.Schema, state: LogState) -> LogState:
        """Give columns another type, in one commit: the log as it was, or whole in the new types.

        Numbers and order of the rows stay; so do the state's cursor, complete_through and seq.

        Args:
            schema: the new types of the columns that change; the old values must fit into them.
            state: the log's.

        Returns:
            The state as committed, its version moved on: who has read the log before must read it again.

        Raises:
            DataError: another writer committed since the state was read; nothing is written.
        """
        committed = replace(state, version=state.version + 1)
        table = self._not_overtaken(self.load_table(), state)
        old = pa.schema(table.schema())
        new = pa.schema([schema.field(field.name) if field.name in schema.names else field for field in old])
        rows = read_converted(list_table_files(table), old, new, order=SEQ)
        self._commit(table, rows, committed, mode="overwrite", schema_mode="overwrite")
        return committed

    def compact(self, keep: timedelta = KEEP_FILES) -> dict[str, int]:
        """Fold small files into large ones and forget what nobody reads any more; rows and state stay as they are.

        Args:
            keep: how long files that no longer belong to the log stay for those who are reading them.

        Returns:
            ``files_before``, ``files`` and ``files_removed`` from the disk.
        """
        table = self.load_table()
        if table is None:
            return {"files_before": 0, "files": 0, "files_removed": 0}
        before = len(table.file_uris())
        forward = self._properties(self.read_state())  # otherwise the newest commit would say nothing about the log
        with _storage_errors():
            written = _written(pa.schema(table.schema()))
            table.optimize.compact(max_concurrent_tasks=1, writer_properties=written, commit_properties=forward)
        removed = table.vacuum(
            retention_hours=int(keep.total_seconds() // 3600),
            dry_run=False,
            enforce_retention_duration=False,
            full=True,  # also what a broken write has left behind
            commit_properties=forward,
        )
        table.create_checkpoint()
        table.cleanup_metadata()
        return {"files_before": before, "files": len(table.file_uris()), "files_removed": len(removed)}

    def _current(self) -> DeltaTable | None:
        """The table as it is now: the one that was written last brought up to date, which is much cheaper."""
        if self._written is None or "://" in self.uri:  # there, no lock keeps others from tidying the log meanwhile
            return self.load_table()
        self._written.update_incremental()
        return self._written

    def _not_overtaken(self, table: DeltaTable | None, state: LogState) -> DeltaTable:
        """The table that a state was read from, to be written to: Delta refuses whoever comes in between."""
        found = (table.transaction_version(self.name) if table else None) or 0
        if table is None or found != state.version:
            raise self._overtaken(state.version, f"page {found} is committed")
        return table

    def _commit(self, table: DeltaTable, rows: pa.Table | pa.RecordBatchReader, state: LogState, **how: Any) -> None:
        try:
            with _storage_errors():
                written, properties = _written(rows.schema), self._properties(state)
                write_deltalake(table, rows, commit_properties=properties, writer_properties=written, **how)
        except CommitFailedError as error:
            raise self._overtaken(state.version - 1, str(error)) from None

    def _properties(self, state: LogState) -> CommitProperties:
        return CommitProperties(
            custom_metadata={_STATE_KEY: state.to_json()}, app_transactions=[Transaction(self.name, state.version)]
        )

    def _check_types(self, table: DeltaTable, page: pa.Schema) -> None:
        """Refuse what Delta would cast without a word."""
        held = {field.name: field.type for field in pa.schema(table.schema())}
        other = [
            f"'{field.name}' is {held[field.name]} in the log, {field.type} in the page"
            for field in page
            if held.get(field.name, field.type) != field.type
        ]
        if other:
            raise DataError(f"change log '{self.name}': column {', '.join(other)}; nothing was written")

    def _overtaken(self, page: int, found: str) -> DataError:
        return DataError(
            f"change log '{self.name}': read at page {page} but {found}; another writer was faster, nothing was written"
        )


@contextmanager
def _storage_errors() -> Iterator[None]:
    """A disk that is full and a store that does not answer as OSError, whichever part of delta-rs has met them."""
    try:
        yield
    except DeltaError as error:
        if isinstance(error, CommitFailedError) or not _OF_STORAGE.search(str(error)):
            raise
        raise OSError(str(error)) from error


def list_table_files(table: DeltaTable) -> list[str]:
    """The Parquet files of a log as it was when the table was loaded."""
    return sorted(unquote(uri) for uri in table.file_uris())  # delta-rs writes a space as %20


def _numbered(rows: pa.Table, first: int, deleted: bool | list[bool]) -> pa.Table:
    """Rows with the log's own columns."""
    count = rows.num_rows
    moment = np.datetime64(datetime.now(UTC).replace(tzinfo=None), "us").astype(np.int64)
    flags = np.packbits(np.broadcast_to(np.array(deleted, bool), count), bitorder="little")
    for name, kind, data in [
        (SEQ, pa.int64(), np.arange(first, first + count)),
        (OBSERVED_AT, _MOMENT, np.full(count, moment)),
        (DELETED, pa.bool_(), flags),
    ]:
        # Not by pa.array, which imports pandas first: half a second, and 50 MB.
        rows = rows.append_column(name, pa.Array.from_buffers(kind, count, [None, pa.py_buffer(data)]))
    return rows


def _written(schema: pa.Schema) -> WriterProperties:
    """How files are written: what is a whole number inside as packed differences, the fastest way and the smallest."""
    packed = ColumnProperties(dictionary_enabled=False, encoding="DELTA_BINARY_PACKED")
    return WriterProperties(
        compression="ZSTD",
        dictionary_page_size_limit=_DICTIONARY_BYTES,
        max_row_group_size=_ROW_GROUP,
        column_properties={field.name: packed for field in schema if _is_whole(field.type)},
    )


def _is_whole(kind: pa.DataType) -> bool:
    if pa.types.is_decimal(kind):
        return bool(kind.precision <= _MOST_PACKED_DIGITS)
    return bool(pa.types.is_integer(kind) or pa.types.is_timestamp(kind) or pa.types.is_date(kind))
