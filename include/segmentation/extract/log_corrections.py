"""Collect corrections to a change log and commit them; its position and complete_through stay the same."""

from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from include.segmentation.extract.log_comparison import RowDifferences
from include.segmentation.lake.change_log import ChangeLog, LogState

_COMMIT_ROWS = 50_000


@dataclass
class LogCorrections:
    """Corrections to one log.

    One commit holds both deletions and rows: if anything breaks, no row is deleted without its replacement.

    Attributes:
        log: the log; the caller holds its writer lock.
        state: the log's state after the last commit.
        key: the columns of the primary key.
        retracts: a changed row becomes a deletion and a new row (mode ``append``), rather than a newer version.
        missing, changed, deleted: how many such rows were corrected.
    """

    log: ChangeLog
    state: LogState
    key: list[str]
    retracts: bool
    missing: int = 0
    changed: int = 0
    deleted: int = 0
    _rows: list[pa.Table] = field(default_factory=list)
    _deletions: list[pa.Table] = field(default_factory=list)

    def add_rows(self, page: pa.Table, differences: RowDifferences) -> None:
        """Add the rows of a page that the log lacks or holds differently."""
        self.missing += len(differences.missing)
        self.changed += len(differences.changed)
        if self.retracts:
            self._deletions.append(page.take(differences.changed).select(self.key))
        self._rows.append(page.take(pa.concat_arrays([differences.missing, differences.changed])))
        self._commit_when_full()

    def add_deletions(self, keys: pa.Table) -> None:
        """Add the keys of rows that the source no longer has."""
        self.deleted += keys.num_rows
        self._deletions.append(keys.select(self.key))
        self._commit_when_full()

    def commit(self, **changes: Any) -> LogState:
        """Write what was collected and return the log's state.

        Args:
            changes: new values of the state. Without them, and without corrections, nothing is written.
        """
        deletions = sum(table.num_rows for table in self._deletions)
        rows = sum(table.num_rows for table in self._rows)
        if deletions + rows or changes:
            page = pa.concat_tables([*self._deletions, *self._rows], promote_options="default")
            self.state = self.log.append(page, replace(self.state, **changes), [True] * deletions + [False] * rows)
        self._deletions, self._rows = [], [table.slice(0, 0) for table in self._rows[-1:]]
        return self.state

    def _commit_when_full(self) -> None:
        if sum(table.num_rows for table in [*self._deletions, *self._rows]) >= _COMMIT_ROWS:
            self.commit()
