"""How many rows the next page should have: as many as take the time that a page may take, and fit into memory."""

from dataclasses import dataclass

FIRST_ROWS = 1_000
FEWEST_ROWS = 100
"""Fewer do not make a page faster; only rows too wide for memory come in smaller pages."""
PAGE_BYTES = 16 * 1024 * 1024
_MOST_STEP = 4
"""A page is at most so many times larger or smaller than the one before: one odd page misleads by no more."""


@dataclass(frozen=True)
class Taken:
    """What a full page took."""

    rows: int
    seconds: float


class PageSize:
    """The size of the next page, learnt from the last two.

    A page costs something for itself (a query computes its rows again for every page) and something per row. Only the
    second part can be made shorter by fewer rows, so only that is held at the target.
    """

    def __init__(self, seconds: float, most_rows: int) -> None:
        """Begin small: nothing is known of the rows yet.

        Args:
            seconds: what the rows of a page should take.
            most_rows: the most rows of a page.
        """
        self.rows = min(FIRST_ROWS, most_rows)
        self._seconds = seconds
        self._most_rows = most_rows
        self._before: Taken | None = None

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
        now = Taken(rows, max(seconds, 1e-6))
        by_time = rows * self._seconds / max(now.seconds - self._own_cost(now), 1e-6)
        by_memory = rows * PAGE_BYTES / max(size, 1)
        self._before = now
        self.rows = int(max(1, min(self._stepped(by_time), by_memory, self._most_rows)))

    def shrink(self) -> None:
        """Make the page smaller, as it took too long to be waited for."""
        self._before = None
        self.rows = int(min(self.rows, self._stepped(0)))

    def _own_cost(self, now: Taken) -> float:
        """The seconds that a page takes however few its rows, by the line through the last two pages."""
        if self._before is None or self._before.rows == now.rows:
            return 0.0
        per_row = (now.seconds - self._before.seconds) / (now.rows - self._before.rows)
        return min(max(now.seconds - max(per_row, 0.0) * now.rows, 0.0), now.seconds)

    def _stepped(self, wanted: float) -> float:
        return max(min(max(wanted, self.rows / _MOST_STEP), self.rows * _MOST_STEP), FEWEST_ROWS)
