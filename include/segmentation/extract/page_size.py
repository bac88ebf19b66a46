"""How many rows the next page should have: as many as fit into the time and the memory for a page."""

FIRST_ROWS = 1_000
FEWEST_ROWS = 100
"""Fewer rows do not make a page faster. Only rows too wide for memory come in smaller pages."""
PAGE_BYTES = 4 * 1024 * 1024
_MOST_STEP = 4
"""A page is at most this many times larger or smaller than the one before, so that one odd page does little harm."""
_TELLING_STEP = 1.5
"""Two pages whose numbers of rows differ by this factor show the fixed cost of a page."""


class PageSize:
    """The size of the next page, learned from earlier ones.

    A page has a fixed cost (a query computes all its rows for every page) and a cost per row. Fewer rows reduce only
    the second, so only that one is kept near the target.
    """

    def __init__(
        self, seconds: float, most_rows: int, first_rows: int = FIRST_ROWS, most_bytes: int = PAGE_BYTES
    ) -> None:
        """Start small, because nothing is known about the rows yet.

        Args:
            seconds: the target for the rows of a page.
            most_rows: the most rows of a page.
            first_rows: the rows of the first page.
            most_bytes: the most bytes of a page.
        """
        self.rows = min(first_rows, most_rows)
        self.most_bytes = most_bytes
        self._target = seconds
        self._most_rows = most_rows
        self._fixed_seconds = 0.0
        self._earlier: tuple[int, float] | None = None

    @property
    def is_smallest(self) -> bool:
        """Whether a page cannot be made smaller."""
        return self.rows <= min(FEWEST_ROWS, self._most_rows)

    def learn(self, rows: int, seconds: float, size: int) -> None:
        """Adjust to a page that was read.

        Args:
            rows: how many rows it had, at least one.
            seconds: how long its statement took.
            size: its bytes in memory.
        """
        is_first = self._earlier is None
        self._learn_fixed_seconds(rows, seconds)
        by_time = rows * self._target / max(seconds - self._fixed_seconds, 1e-6)
        if is_first and 1 / _TELLING_STEP < by_time / rows < _TELLING_STEP:
            by_time = rows * _TELLING_STEP  # two pages of the same size would not show the fixed cost
        by_memory = rows * self.most_bytes / max(size, 1)
        self.rows = int(max(1, min(self._limit_step(by_time), by_memory, self._most_rows)))

    def shrink(self) -> None:
        """Make the next page smaller, because this one took too long."""
        self._fixed_seconds, self._earlier = 0.0, None
        self.rows = int(min(self.rows, self._limit_step(0)))

    def _learn_fixed_seconds(self, rows: int, seconds: float) -> None:
        """Estimate the fixed cost by the line through two pages of different sizes."""
        if self._earlier is None:
            self._earlier = rows, seconds
            return
        earlier_rows, earlier_seconds = self._earlier
        if max(rows, earlier_rows) >= _TELLING_STEP * min(rows, earlier_rows):
            per_row = max((seconds - earlier_seconds) / (rows - earlier_rows), 0.0)
            self._fixed_seconds = max(seconds - per_row * rows, 0.0)
            self._earlier = rows, seconds

    def _limit_step(self, rows: float) -> float:
        return max(min(max(rows, self.rows / _MOST_STEP), self.rows * _MOST_STEP), FEWEST_ROWS)
