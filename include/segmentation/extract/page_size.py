"""How many rows the next page should have: as many as take the time that a page may take, and fit into memory."""

FIRST_ROWS = 1_000
FEWEST_ROWS = 100
"""Fewer do not make a page faster; only rows too wide for memory come in smaller pages."""
PAGE_BYTES = 4 * 1024 * 1024
_MOST_STEP = 4
"""A page is at most so many times larger or smaller than the one before: one odd page misleads by no more."""
_TELLING_STEP = 1.5
"""Two pages whose rows differ by that much tell what a page costs for itself."""


class PageSize:
    """The size of the next page, learnt from those before.

    A page costs something for itself (a query computes its rows again for every page) and something per row. Only the
    second part can be made shorter by fewer rows, so only that is held at the target.
    """

    def __init__(
        self, seconds: float, most_rows: int, first_rows: int = FIRST_ROWS, most_bytes: int = PAGE_BYTES
    ) -> None:
        """Begin small: nothing is known of the rows yet.

        Args:
            seconds: what the rows of a page should take.
            most_rows: the most rows of a page.
            first_rows: how many to begin with.
            most_bytes: the most bytes of a page.
        """
        self.rows = min(first_rows, most_rows)
        self.most_bytes = most_bytes
        self._target = seconds
        self._most_rows = most_rows
        self._own_seconds = 0.0
        self._before: tuple[int, float] | None = None

    @property
    def is_smallest(self) -> bool:
        """Whether a page can not be made smaller."""
        return self.rows <= min(FEWEST_ROWS, self._most_rows)

    def learn(self, rows: int, seconds: float, size: int) -> None:
        """Take the measure of a page.

        Args:
            rows: how many it had, at least one.
            seconds: how long its statement took.
            size: its bytes in memory.
        """
        is_first = self._before is None
        self._learn_own_seconds(rows, seconds)
        by_time = rows * self._target / max(seconds - self._own_seconds, 1e-6)
        if is_first and 1 / _TELLING_STEP < by_time / rows < _TELLING_STEP:
            by_time = rows * _TELLING_STEP  # alike, the two would tell nothing
        by_memory = rows * self.most_bytes / max(size, 1)
        self.rows = int(max(1, min(self._stepped(by_time), by_memory, self._most_rows)))

    def shrink(self) -> None:
        """Make the page smaller, as it took too long to be waited for."""
        self._own_seconds, self._before = 0.0, None
        self.rows = int(min(self.rows, self._stepped(0)))

    def _learn_own_seconds(self, rows: int, seconds: float) -> None:
        """What a page takes however few its rows, by the line through two pages of different sizes."""
        if self._before is None:
            self._before = rows, seconds
            return
        rows_before, seconds_before = self._before
        if max(rows, rows_before) >= _TELLING_STEP * min(rows, rows_before):
            per_row = max((seconds - seconds_before) / (rows - rows_before), 0.0)
            self._own_seconds = max(seconds - per_row * rows, 0.0)
            self._before = rows, seconds

    def _stepped(self, wanted: float) -> float:
        return max(min(max(wanted, self.rows / _MOST_STEP), self.rows * _MOST_STEP), FEWEST_ROWS)
