"""A change log: one append-only Delta table, each commit with the cursor and complete_through that its rows lead to.

The two can never disagree, whatever breaks. Nothing but this module writes one.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError
from filelock import FileLock, Timeout

from include.segmentation.errors import DataError, UnavailableError

SEQ, OBSERVED_AT, DELETED = "_seq", "_observed_at", "_deleted"
BATCH = "_batch"
"""GA4 reports only: grows with every rewriting of a day, so that the newest batch of a day is the day."""
CRC, ZERO_DATES, UNREADABLE = "_crc", "_zero_dates", "_unreadable"
"""MySQL only. The checksum of a row as the server writes it; JSON objects of column -> text for dates that are none and
were read as NULL, and for values that could not be read at all (validate holds such a row in quarantine)."""
OWN = (SEQ, OBSERVED_AT, DELETED, CRC, ZERO_DATES, UNREADABLE)
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
        return pa.schema([field for field in pa.schema(table.schema()) if field.name not in OWN])

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
