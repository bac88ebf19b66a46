"""Say how a long read gets on: rows per second, percent and time left."""

import logging
from collections.abc import Callable
from time import monotonic

from include.segmentation.common.terminal import IS_CHANGING

_log = logging.getLogger(__name__)

_SECONDS, _CHANGING_SECONDS = 10.0, 1.0
"""How often a line comes at INFO; and at DEBUG in between, for whoever shows one line that changes."""


class ReadProgress:
    """The progress of one read; a short one stays silent."""

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

    def count_rows(self, rows: int) -> None:
        """Count rows that have been read and dealt with."""
        self._rows += rows
        now = monotonic()
        is_due = now - self._informed >= _SECONDS
        level = logging.INFO if is_due else logging.DEBUG
        if now - self._said < _CHANGING_SECONDS or not _log.isEnabledFor(level):
            return
        if self._said == self._began:
            self._total = self._estimate()
        self._said = now
        self._informed = now if is_due else self._informed
        _log.log(level, "%s", self._line(now - self._began), extra={IS_CHANGING: True})

    def finish(self) -> None:
        """Say what it came to, where something has been said before."""
        if self._said > self._began:
            seconds = monotonic() - self._began
            _log.info("%s: %s rows in %s, %s", self._name, f"{self._rows:,}", _spoken(seconds), self._speed(seconds))

    def _line(self, seconds: float) -> str:
        if self._total is None or self._rows > self._total:  # unknown, or a bad estimate
            return f"{self._name}: {self._rows:,} rows, {self._speed(seconds)}"
        left = _spoken((self._total - self._rows) / self._rows * seconds) if self._rows else "unknown time"
        share = f"{self._rows:,} of about {self._total:,} rows ({self._rows / max(self._total, 1):.0%})"
        return f"{self._name}: {share}, {self._speed(seconds)}, about {left} left"

    def _speed(self, seconds: float) -> str:
        return f"{self._rows / seconds:,.0f} rows/s"


def _spoken(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"
