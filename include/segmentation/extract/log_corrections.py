"""What a change log lacks, gathered and committed: its position and complete_through stay as they are."""

from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from include.segmentation.extract.log_comparison import RowDifferences
from include.segmentation.lake.change_log import ChangeLog, LogState

_COMMIT_ROWS = 50_000


@dataclass
class LogCorrections:
    """Corrections of one log.

    A commit holds deletions and rows together: whatever breaks, no row is gone before its correction has come.

    Attributes:
        log: whose writer the caller holds.
        state: the log's, moved on by every commit.
        key: the primary key's columns.
        retracts: whether a changed row is a deletion and a new row (``append``), or simply a newer version.
        missing, changed, deleted: how many rows were found so.
    """

    log: ChangeLog
    state: LogState
    key: list[str]
    retracts: bool
    missing: int = 0
    changed: int = 0
    deleted: int = 0
    _rows: list[pa.Table] = field(default_factory=list)
    _gone: list[pa.Table] = field(default_factory=list)

    def add_rows(self, page: pa.Table, found: RowDifferences) -> None:
        """Take up the rows of a page that are missing or changed."""
        self.missing += len(found.missing)
        self.changed += len(found.changed)
        if self.retracts:
            self._gone.append(page.take(found.changed).select(self.key))
        self._rows.append(page.take(pa.concat_arrays([found.missing, found.changed])))
        self._commit_when_many()

    def add_deletions(self, keys: pa.Table) -> None:
        """Take up rows that the source has no longer."""
        self.deleted += keys.num_rows
        self._gone.append(keys.select(self.key))
        self._commit_when_many()

    def commit(self, **moved: Any) -> LogState:
        """Write what was gathered and return the log's state.

        Args:
            moved: what else becomes of the state; without it nothing is written where nothing was gathered.
        """
        gone = sum(table.num_rows for table in self._gone)
        rows = sum(table.num_rows for table in self._rows)
        if gone + rows or moved:
            page = pa.concat_tables([*self._gone, *self._rows], promote_options="default")
            self.state = self.log.append(page, replace(self.state, **moved), [True] * gone + [False] * rows)
        self._gone, self._rows = [], [table.slice(0, 0) for table in self._rows[-1:]]
        return self.state

    def _commit_when_many(self) -> None:
        if sum(table.num_rows for table in [*self._gone, *self._rows]) >= _COMMIT_ROWS:
            self.commit()
