"""How many rows the next page should have: as many as fit into the time of a page and into memory."""

FIRST_ROWS = 1_000
FEWEST_ROWS = 100
"""Fewer rows do not make a page faster; only rows too wide for memory come in smaller pages."""
PAGE_BYTES = 4 * 1024 * 1024
_MOST_STEP = 4
"""The most by which a page grows or shrinks, so that one odd page does little harm."""
_TELLING_STEP = 1.5
"""The ratio of rows from which on two pages show the fixed cost of a page."""


class PageSize:
    """The size of the next page, learnt from the pages before.

    A page has a fixed cost (a query computes its rows again for every page) and a cost per row. Fewer rows only reduce
    the second part, so only that part is kept at the target.
    """

    def __init__(
        self, seconds: float, most_rows: int, first_rows: int = FIRST_ROWS, most_bytes: int = PAGE_BYTES
    ) -> None:
        """Begin small, as nothing is known of the rows yet.

        Args:
            seconds: how long the rows of a page should take.
            most_rows: the most rows of a page.
            first_rows: the rows of the first page.
            most_bytes: the most bytes of a page.
        """
        self.rows = min(first_rows, most_rows)
        self.most_bytes = most_bytes
        self._target = seconds
        self._most_rows = most_rows
        self._fixed_seconds = 0.0
        self._earlier_page: tuple[int, float] | None = None

    @property
    def is_smallest(self) -> bool:
        """Whether a page cannot get smaller."""
        return self.rows <= min(FEWEST_ROWS, self._most_rows)

    def learn_page(self, rows: int, seconds: float, size: int) -> None:
        """Learn from a page.

        Args:
            rows: its rows, at least one.
            seconds: how long its statement took.
            size: its bytes in memory.
        """
        is_first = self._earlier_page is None
        self._learn_fixed_seconds(rows, seconds)
        by_time = rows * self._target / max(seconds - self._fixed_seconds, 1e-6)
        if is_first and 1 / _TELLING_STEP < by_time / rows < _TELLING_STEP:
            by_time = rows * _TELLING_STEP  # two pages of about the same size would show nothing
        by_memory = rows * self.most_bytes / max(size, 1)
        self.rows = int(max(1, min(self._limit_step(by_time), by_memory, self._most_rows)))

    def shrink_page(self) -> None:
        """Make the next page smaller, after one that was ended because it took too long."""
        self._fixed_seconds, self._earlier_page = 0.0, None
        self.rows = int(min(self.rows, self._limit_step(0)))

    def _learn_fixed_seconds(self, rows: int, seconds: float) -> None:
        """Learn the fixed cost of a page, from the line through two pages of different sizes."""
        if self._earlier_page is None:
            self._earlier_page = rows, seconds
            return
        rows_before, seconds_before = self._earlier_page
        if max(rows, rows_before) >= _TELLING_STEP * min(rows, rows_before):
            per_row = max((seconds - seconds_before) / (rows - rows_before), 0.0)
            self._fixed_seconds = max(seconds - per_row * rows, 0.0)
            self._earlier_page = rows, seconds

    def _limit_step(self, rows: float) -> float:
        return max(min(max(rows, self.rows / _MOST_STEP), self.rows * _MOST_STEP), FEWEST_ROWS)
