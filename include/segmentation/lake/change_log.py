"""A change log: an append-only Delta table. Each commit holds rows and the cursor and complete_through after them.

So rows and state never disagree, whatever breaks. Only this module writes change logs.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from include.segmentation.engine.parquet_files import read_converted
from include.segmentation.errors import DataError
from include.segmentation.lake.log_columns import LOG_COLUMNS, SEQ, number_rows
from include.segmentation.lake.log_files import build_writer_properties, list_table_files, raise_storage_errors
from include.segmentation.lake.writer_lock import lock_log

_STATE_KEY = "segmentation_state"
_NO_STATISTICS = {"delta.dataSkippingNumIndexedCols": "0"}
"""Engines read the statistics in the Parquet files. Statistics in Delta's log would outlive an erased customer."""
KEEP_FILES = timedelta(days=7)
"""How long a file that a compacted log no longer needs is kept: longer than any reader uses an old list of files."""


@dataclass(frozen=True)
class LogState:
    """What the last commit of a change log says.

    Attributes:
        cursor: where the next pull goes on, as JSON of the source's own design.
        complete_through: the time up to which the extract is known to be complete, UTC.
        seq: the highest ``_seq`` written.
        version: how many pages were committed (the Delta application transaction).
        columns: column -> its type in the source, for sources that have types.
    """

    cursor: Any = None
    complete_through: datetime | None = None
    seq: int = 0
    version: int = 0
    columns: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the text that is kept in the commit."""
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
        self._last_written: DeltaTable | None = None

    def load_table(self) -> DeltaTable | None:
        """Return the Delta table, or None before the first commit."""
        try:
            return DeltaTable(self.uri)
        except TableNotFoundError:
            return None

    def read_state(self) -> LogState:
        """Return what the newest page says, or an empty state before the first page.

        Raises:
            DataError: pages were committed, but the commit with their state is gone.
        """
        table = self.load_table()
        pages = (table.transaction_version(self.name) if table else None) or 0
        if table is None or not pages:
            return LogState()
        for limit in (1, None):  # the newest commit nearly always has the state: one small file is read
            for commit in table.history(limit):
                state = LogState.from_json(commit[_STATE_KEY]) if _STATE_KEY in commit else LogState()
                if state.version == pages:
                    return state
        raise DataError(
            f"change log '{self.name}': page {pages} is committed, but the commit that holds its cursor is gone: "
            "another program has cleaned up the Delta table; load the extract again"
        )

    def read_schema(self) -> pa.Schema | None:
        """Return the columns of the extract, without the log's own; None before the first commit."""
        table = self.load_table()
        if table is None:
            return None
        return pa.schema([field for field in pa.schema(table.schema()) if field.name not in LOG_COLUMNS])

    def list_files(self) -> list[str]:
        """List the Parquet files that make up the log now."""
        table = self.load_table()
        return list_table_files(table) if table else []

    @contextmanager
    def hold_writer_lock(self) -> Iterator[None]:
        """Keep other writers out.

        Raises:
            UnavailableError: another writer held the lock for too long.
        """
        with lock_log(self.uri, self.name):
            yield

    def append(self, rows: pa.Table, state: LogState, deleted: bool | list[bool] = False) -> LogState:
        """Commit a page of rows, possibly empty, together with the state after it.

        Args:
            rows: the page, without the log's own columns. A column that the log lacks is added to it (NULL in older
                rows); a column that the page lacks is NULL in its rows.
            state: the state that the page was read from, with the new cursor and complete_through already set.
            deleted: whether the rows record deletions: one flag for all, or one per row.

        Returns:
            The committed state, with the new seq and version.

        Raises:
            DataError: another writer committed since the state was read, or a column has another type in the log.
                Nothing is written.
        """
        committed = replace(state, seq=state.seq + rows.num_rows, version=state.version + 1)
        numbered = number_rows(rows, state.seq + 1, deleted)
        table = self._load_current()
        if table is None and state.version == 0:
            table = DeltaTable.create(self.uri, numbered.schema, mode="ignore", configuration=_NO_STATISTICS)
        table = self._require_version(table, state)
        self._check_types(table, numbered.schema)
        self._commit(table, numbered, committed, mode="append", schema_mode="merge")
        self._last_written = table
        return committed

    def change_types(self, schema: pa.Schema, state: LogState) -> LogState:
        """Change the types of columns in one commit: the log stays as it was, or has the new types in all rows.

        Numbers and order of the rows stay the same, and so do the state's cursor, complete_through and seq.

        Args:
            schema: the new types of the columns that change. The old values must fit into them.
            state: the log's state.

        Returns:
            The committed state with a new version: a reader of the old log must read it again.

        Raises:
            DataError: another writer committed since the state was read. Nothing is written.
        """
        committed = replace(state, version=state.version + 1)
        table = self._require_version(self.load_table(), state)
        old = pa.schema(table.schema())
        new = pa.schema([schema.field(field.name) if field.name in schema.names else field for field in old])
        rows = read_converted(list_table_files(table), old, new, order=SEQ)
        self._commit(table, rows, committed, mode="overwrite", schema_mode="overwrite")
        return committed

    def compact(self, keep: timedelta = KEEP_FILES) -> dict[str, int]:
        """Fold small files into large ones and remove old ones. Rows and state stay the same.

        Args:
            keep: how long files that no longer belong to the log are kept for current readers.

        Returns:
            ``files_before``, ``files`` and ``files_removed`` from disk.
        """
        table = self.load_table()
        if table is None:
            return {"files_before": 0, "files": 0, "files_removed": 0}
        before = len(table.file_uris())
        properties = self._build_properties(self.read_state())  # every commit must carry the state
        with raise_storage_errors():
            writer = build_writer_properties(pa.schema(table.schema()))
            table.optimize.compact(max_concurrent_tasks=1, writer_properties=writer, commit_properties=properties)
        removed = table.vacuum(
            retention_hours=int(keep.total_seconds() // 3600),
            dry_run=False,
            enforce_retention_duration=False,
            full=True,  # also the files of a broken write
            commit_properties=properties,
        )
        table.create_checkpoint()
        table.cleanup_metadata()
        return {"files_before": before, "files": len(table.file_uris()), "files_removed": len(removed)}

    def _load_current(self) -> DeltaTable | None:
        """Return the table as it is now. Updating the table that was written last is much cheaper than loading it."""
        if self._last_written is None or "://" in self.uri:  # object stores have no lock against a clean-up meanwhile
            return self.load_table()
        self._last_written.update_incremental()
        return self._last_written

    def _require_version(self, table: DeltaTable | None, state: LogState) -> DeltaTable:
        """Return the table that a state was read from. Delta refuses a commit that comes after another one."""
        version = (table.transaction_version(self.name) if table else None) or 0
        if table is None or version != state.version:
            raise self._explain_conflict(state.version, f"page {version} is committed")
        return table

    def _commit(self, table: DeltaTable, rows: pa.Table | pa.RecordBatchReader, state: LogState, **mode: Any) -> None:
        try:
            with raise_storage_errors():
                writer, properties = build_writer_properties(rows.schema), self._build_properties(state)
                write_deltalake(table, rows, commit_properties=properties, writer_properties=writer, **mode)
        except CommitFailedError as error:
            raise self._explain_conflict(state.version - 1, str(error)) from None

    def _build_properties(self, state: LogState) -> CommitProperties:
        return CommitProperties(
            custom_metadata={_STATE_KEY: state.to_json()}, app_transactions=[Transaction(self.name, state.version)]
        )

    def _check_types(self, table: DeltaTable, page: pa.Schema) -> None:
        """Refuse a page whose types differ, which Delta would cast silently."""
        logged = {field.name: field.type for field in pa.schema(table.schema())}
        differences = [
            f"'{field.name}' is {logged[field.name]} in the log, {field.type} in the page"
            for field in page
            if logged.get(field.name, field.type) != field.type
        ]
        if differences:
            raise DataError(f"change log '{self.name}': column {', '.join(differences)}; nothing was written")

    def _explain_conflict(self, page: int, reason: str) -> DataError:
        return DataError(
            f"change log '{self.name}': read at page {page} but {reason}; another writer was faster, nothing was "
            "written"
        )
