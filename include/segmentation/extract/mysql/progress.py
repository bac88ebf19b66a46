"""Say how a long pull gets on: rows per second, percent and time left."""

import logging
from collections.abc import Callable
from time import monotonic

_log = logging.getLogger(__name__)

SECONDS = 10.0
"""A line at INFO that often; in between at DEBUG, for whoever shows one line that changes."""
_BETWEEN_SECONDS = 1.0


class Progress:
    """The progress of one read; short ones stay silent."""

    def __init__(self, name: str, estimate: Callable[[], int | None]) -> None:
        """Begin now.

        Args:
            name: what is read.
            estimate: gives about how many rows there are, if that is known; asked once, with the first line.
        """
        self._name = name
        self._estimate = estimate
        self._total: int | None = None
        self._rows = 0
        self._began = self._said = self._informed = monotonic()

    def read(self, rows: int) -> None:
        """Count rows that have been read and dealt with."""
        self._rows += rows
        now = monotonic()
        is_due = now - self._informed >= SECONDS
        level = logging.INFO if is_due else logging.DEBUG
        if now - self._said < _BETWEEN_SECONDS or not _log.isEnabledFor(level):
            return
        if self._said == self._began:
            self._total = self._estimate()
        self._said = now
        self._informed = now if is_due else self._informed
        _log.log(level, "%s", self._line(now - self._began))

    def _line(self, seconds: float) -> str:
        speed = self._rows / seconds
        if self._total is None:
            return f"{self._name}: {self._rows:,} rows, {speed:,.0f} rows/s"
        total = max(self._total, self._rows)
        left = (total - self._rows) / speed if speed else 0.0
        return (
            f"{self._name}: {self._rows:,} of about {total:,} rows ({self._rows / total:.0%}), {speed:,.0f} rows/s, "
            f"about {_spoken(left)} left"
        )


def _spoken(seconds: float) -> str:
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    return f"{round(whole / 60)} min" if whole < 100 * 60 else f"{whole / 3600:.1f} h"
