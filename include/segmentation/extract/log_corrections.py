"""Corrections of a change log, gathered and committed. Position and complete_through stay as they are."""

from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from include.segmentation.extract.log_comparison import RowDifferences
from include.segmentation.lake.change_log import ChangeLog, LogState

_COMMIT_ROWS = 50_000


@dataclass
class LogCorrections:
    """Corrections of one log.

    A commit holds deletions and rows together, so no row is deleted without its correction.

    Attributes:
        log: the log; the caller holds its writer.
        state: the state of the log after the last commit.
        key: the columns of the primary key.
        retracts: whether a changed row is a deletion and a new row (``append``) or a newer version (``merge``).
        missing, changed, deleted: how many rows were corrected.
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
        """Add the rows of a page that are missing or changed."""
        self.missing += len(differences.missing)
        self.changed += len(differences.changed)
        if self.retracts:
            self._deletions.append(page.take(differences.changed).select(self.key))
        self._rows.append(page.take(pa.concat_arrays([differences.missing, differences.changed])))
        self._commit_if_many()

    def add_deletions(self, keys: pa.Table) -> None:
        """Add rows that the source no longer has."""
        self.deleted += keys.num_rows
        self._deletions.append(keys.select(self.key))
        self._commit_if_many()

    def commit_corrections(self, **changes: Any) -> LogState:
        """Write the gathered corrections and return the new state.

        Args:
            changes: fields of the state to replace. Without them nothing is written if there are no corrections.
        """
        deletions = sum(table.num_rows for table in self._deletions)
        rows = sum(table.num_rows for table in self._rows)
        if deletions + rows or changes:
            page = pa.concat_tables([*self._deletions, *self._rows], promote_options="default")
            is_deleted = [True] * deletions + [False] * rows
            self.state = self.log.append(page, replace(self.state, **changes), is_deleted)
        self._deletions, self._rows = [], [table.slice(0, 0) for table in self._rows[-1:]]
        return self.state

    def _commit_if_many(self) -> None:
        if sum(table.num_rows for table in [*self._deletions, *self._rows]) >= _COMMIT_ROWS:
            self.commit_corrections()
