"""The lake: one append-only Delta change log per extract, and the views that the stages read.

Every commit to a log carries the extract's cursor and complete_through beside its rows, so that the two can never
disagree. Engines read a log's file list; nothing but this module writes one.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import duckdb
import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError
from filelock import FileLock, Timeout

from include.segmentation.errors import DataError, UnavailableError
from include.segmentation.profile import GA4Extract, Profile

SEQ, OBSERVED_AT, DELETED = "_seq", "_observed_at", "_deleted"
BATCH = "_batch"
"""GA4 reports only: grows with every rewriting of a day, so that the newest batch of a day is the day."""
_OWN = (SEQ, OBSERVED_AT, DELETED)
_STATE_KEY = "segmentation_state"
_NO_STATISTICS = {"delta.dataSkippingNumIndexedCols": "0"}
"""Engines read the Parquet files' own statistics; those in Delta's log would outlive an erased customer."""
_LOCK_SECONDS = 600


@dataclass(frozen=True)
class State:
    """What the last commit of a change log says about it.

    Attributes:
        cursor: where the next pull goes on, JSON of the extract's own making.
        complete_through: the time up to which the extract is known to be whole, UTC.
        seq: the highest ``_seq`` written.
        version: how many pages have been committed (the Delta application transaction).
    """

    cursor: Any = None
    complete_through: datetime | None = None
    seq: int = 0
    version: int = 0

    def to_json(self) -> str:
        """The text that is kept in the commit."""
        through = self.complete_through.isoformat() if self.complete_through else None
        value = {"cursor": self.cursor, "complete_through": through, "seq": self.seq, "version": self.version}
        return json.dumps(value)

    @classmethod
    def from_json(cls, text: str) -> "State":
        """Read the text of a commit."""
        value = json.loads(text)
        through = value["complete_through"]
        return cls(
            cursor=value["cursor"],
            complete_through=datetime.fromisoformat(through) if through else None,
            seq=value["seq"],
            version=value["version"],
        )


class ChangeLog:
    """The append-only Delta table of one extract."""

    def __init__(self, uri: str, name: str) -> None:
        """Point at a log that may not exist yet."""
        self.uri = uri
        self.name = name

    def table(self) -> DeltaTable | None:
        """The Delta table, or None before the first commit."""
        try:
            return DeltaTable(self.uri)
        except TableNotFoundError:
            return None

    def state(self) -> State:
        """What the newest commit says; an empty state before the first one."""
        table = self.table()
        if table is None:
            return State()
        for limit in (1, None):  # the newest commit nearly always answers: one small file is read
            for commit in table.history(limit):
                if _STATE_KEY in commit:
                    return State.from_json(commit[_STATE_KEY])
        return State()

    def schema(self) -> pa.Schema | None:
        """The columns of the extract, without the log's own; None before the first commit."""
        table = self.table()
        if table is None:
            return None
        return pa.schema([field for field in pa.schema(table.schema()) if field.name not in _OWN])

    def file_uris(self) -> list[str]:
        """The Parquet files that make up the log now."""
        table = self.table()
        return [unquote(uri) for uri in table.file_uris()] if table else []  # delta-rs writes a space as %20

    @contextmanager
    def writer(self) -> Iterator[None]:
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
            with FileLock(path, timeout=_LOCK_SECONDS):
                yield
        except Timeout:
            raise UnavailableError(f"change log '{self.name}': another writer holds {path}") from None

    def append(self, rows: pa.Table, state: State, deleted: bool = False) -> State:
        """Commit a page of rows, possibly empty, together with the state that it leads to.

        Args:
            rows: the page, without the log's own columns.
            state: the state the page was read from, with the new cursor and complete_through already set.
            deleted: whether the rows record deletions.

        Returns:
            The state as committed, its seq and version moved on.

        Raises:
            DataError: another writer committed since the state was read; nothing is written.
        """
        committed = replace(state, seq=state.seq + rows.num_rows, version=state.version + 1)
        now = datetime.now(UTC)
        numbered = (
            rows.append_column(SEQ, pa.array(range(state.seq + 1, committed.seq + 1), pa.int64()))
            .append_column(OBSERVED_AT, pa.array([now] * rows.num_rows, pa.timestamp("us", "UTC")))
            .append_column(DELETED, pa.array([deleted] * rows.num_rows, pa.bool_()))
        )
        try:
            table = self.table()
            if table is None and state.version == 0:
                table = DeltaTable.create(self.uri, numbered.schema, mode="ignore", configuration=_NO_STATISTICS)
            found = (table.transaction_version(self.name) if table else None) or 0
            if table is None or found != state.version:
                raise self._overtaken(state, f"page {found} is committed")
            write_deltalake(
                table,  # as it was when the version was read: Delta refuses whoever commits in between
                numbered,
                mode="append",
                commit_properties=CommitProperties(
                    custom_metadata={_STATE_KEY: committed.to_json()},
                    app_transactions=[Transaction(self.name, committed.version)],
                ),
            )
        except CommitFailedError as error:
            raise self._overtaken(state, str(error)) from None
        return committed

    def _overtaken(self, state: State, found: str) -> DataError:
        return DataError(
            f"change log '{self.name}': read at page {state.version} but {found}; "
            "another writer was faster, nothing was written"
        )


class Lake:
    """All change logs and run artifacts of one profile."""

    def __init__(self, root: str, profile: Profile) -> None:
        """Point at the lake below ``root``: a folder or an object-store URL."""
        self.uri = f"{root.rstrip('/')}/{profile.profile}"
        self._profile = profile

    def log(self, extract: str) -> ChangeLog:
        """The change log of an extract."""
        return ChangeLog(f"{self.uri}/{extract}", extract)

    def quarantine(self, extract: str) -> ChangeLog:
        """The rows of an extract that failed an expectation: key, ``source_seq``, expectation, reason, raw.

        Its state's cursor is the last validated ``_seq`` of the extract.
        """
        return ChangeLog(f"{self.uri}/_quarantine/{extract}", f"quarantine.{extract}")

    def models(self) -> ChangeLog:
        """The model timeline (see ``model.py``)."""
        return ChangeLog(f"{self.uri}/_models", "models")

    def engine(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection that computes in the profile's time zone and shares no file."""
        connection = duckdb.connect()
        connection.execute("SET TimeZone = ?", [self._profile.time_zone])
        return connection

    def view_accepted(self, connection: duckdb.DuckDBPyConnection, extract: str) -> None:
        """Create view ``<extract>``: the latest version of every row, validated and not held in quarantine.

        Raises:
            DataError: the extract has never been pulled.
        """
        quarantine = self.quarantine(extract)
        validated = int(quarantine.state().cursor or 0)
        latest = self._latest(extract, f"SELECT * FROM {self._scan(extract)} WHERE {SEQ} <= {validated}")
        held = quarantine.file_uris()
        good = f"WHERE {SEQ} NOT IN (SELECT source_seq FROM {_read(held)})" if held else ""
        _create_view(connection, extract, f"SELECT * EXCLUDE ({', '.join(_OWN)}) FROM ({latest}) {good}")

    def view_current(self, connection: duckdb.DuckDBPyConnection, extract: str, through: int | None = None) -> None:
        """Create view ``<extract>``: the latest version of every row, with the log's own columns, validated or not.

        Args:
            connection: where the view is made.
            extract: one of the profile's.
            through: the last ``_seq`` to look at; None looks at the whole log.

        Raises:
            DataError: the extract has never been pulled.
        """
        bound = "" if through is None else f" WHERE {SEQ} <= {through}"
        _create_view(connection, extract, self._latest(extract, f"SELECT * FROM {self._scan(extract)}{bound}"))

    def view_log(self, connection: duckdb.DuckDBPyConnection, extract: str) -> None:
        """Create view ``<extract>``: every version of every row that was ever written, with the log's own columns.

        Raises:
            DataError: the extract has never been pulled.
        """
        _create_view(connection, extract, f"SELECT * FROM {self._scan(extract)}")

    def _scan(self, extract: str) -> str:
        """What stands behind FROM to read a log: its files or, where there are none yet, no rows of its columns."""
        table = self.log(extract).table()
        if table is None:
            raise DataError(f"extract '{extract}' has never been pulled; run the extract stage first")
        files = self.log(extract).file_uris()
        if files:
            return _read(files)
        columns = (f"CAST(NULL AS {_duckdb_type(f.type)}) AS {quoted(f.name)}" for f in pa.schema(table.schema()))
        return f"(SELECT {', '.join(columns)} WHERE false)"

    def _latest(self, extract: str, versions: str) -> str:
        """The newest version of each key. Immutable events were deduplicated when written: no sort is needed."""
        declared = self._profile.extracts[extract]
        if isinstance(declared, GA4Extract):
            # A day is written whole, each time as a new batch (an emptied day as one deleted row).
            versions += f" QUALIFY {BATCH} = max({BATCH}) OVER (PARTITION BY date)"
        elif declared.mode == "merge":
            key = ", ".join(quoted(column) for column in declared.primary_key)
            versions += f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {SEQ} DESC) = 1"
        return f"SELECT * FROM ({versions}) WHERE NOT {DELETED}"

    # Artifacts: what one stage leaves for the next. A name is replaced as a whole or not at all.

    def write_table(self, name: str, table: pa.Table) -> str:
        """Write a Parquet artifact and return its URI."""
        with self._replacing(name) as (filesystem, path):
            pq.write_table(table, path, filesystem=filesystem, compression="zstd")
        return f"{self.uri}/{name}"

    def read_table(self, name: str) -> pa.Table:
        """Read a Parquet artifact.

        Raises:
            DataError: the stage that writes it has not run.
        """
        filesystem, path = self._locate(name)
        try:
            return pq.read_table(path, filesystem=filesystem)
        except FileNotFoundError:
            raise DataError(f"{self.uri}/{name} does not exist; run the stage before this one first") from None

    def write_text(self, name: str, text: str) -> str:
        """Write a text artifact and return its URI."""
        with self._replacing(name) as (filesystem, path), filesystem.open_output_stream(path) as stream:
            stream.write(text.encode())
        return f"{self.uri}/{name}"

    def write_folder(self, name: str, folder: Path) -> str:
        """Copy a local folder over an earlier one of that name, whose other files stay, and return its URI."""
        filesystem, path = self._locate(name)
        filesystem.create_dir(path, recursive=True)
        pa.fs.copy_files(str(folder), path, pa.fs.LocalFileSystem(), filesystem)
        return f"{self.uri}/{name}"

    def read_text(self, name: str) -> str | None:
        """Read a text artifact, or None where there is none."""
        filesystem, path = self._locate(name)
        try:
            with filesystem.open_input_stream(path) as stream:
                return bytes(stream.read()).decode()
        except FileNotFoundError:
            return None

    def _locate(self, name: str) -> tuple[pa.fs.FileSystem, str]:
        filesystem, base = pa.fs.FileSystem.from_uri(self.uri)
        return filesystem, f"{base}/{name}"

    @contextmanager
    def _replacing(self, name: str) -> Iterator[tuple[pa.fs.FileSystem, str]]:
        filesystem, path = self._locate(name)
        filesystem.create_dir(path.rsplit("/", 1)[0], recursive=True)
        unfinished = f"{path}.{uuid4().hex}.unfinished"  # its own: two may write at once, the last one counts
        try:
            yield filesystem, unfinished
            filesystem.move(unfinished, path)
        except BaseException:
            if filesystem.get_file_info(unfinished).type == pa.fs.FileType.File:
                filesystem.delete_file(unfinished)
            raise


def _create_view(connection: duckdb.DuckDBPyConnection, name: str, select: str) -> None:
    connection.execute(f"CREATE OR REPLACE VIEW {quoted(name)} AS {select}")


def quoted(name: str) -> str:
    """A name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _read(files: list[str]) -> str:
    names = ", ".join("'" + uri.replace("'", "''") + "'" for uri in sorted(files))
    return f"read_parquet([{names}], union_by_name = true)"


def _duckdb_type(kind: pa.DataType) -> str:
    return str(duckdb.from_arrow(pa.table({"x": pa.array([], kind)})).types[0])
