"""Log the progress of a long read: rows per second, percent and time left."""

import logging
from collections.abc import Callable
from time import monotonic

from include.segmentation.common.terminal import IS_CHANGING

_log = logging.getLogger(__name__)

_INFO_SECONDS, _DEBUG_SECONDS = 10.0, 1.0
"""How often a line is logged at INFO, and in between at DEBUG for a terminal that shows one changing line."""


class ReadProgress:
    """The progress of one read. A short read logs nothing."""

    def __init__(self, name: str, estimate: Callable[[], int | None]) -> None:
        """Start the clock.

        Args:
            name: what is read.
            estimate: returns about how many rows there are, if that is known; called once, with the first line.
        """
        self._name = name
        self._estimate = estimate
        self._total: int | None = None
        self._rows = 0
        self._start = self._last_line = self._last_info = monotonic()

    def count_rows(self, rows: int) -> None:
        """Count rows that were read and written."""
        self._rows += rows
        now = monotonic()
        is_due = now - self._last_info >= _INFO_SECONDS
        level = logging.INFO if is_due else logging.DEBUG
        if now - self._last_line < _DEBUG_SECONDS or not _log.isEnabledFor(level):
            return
        if self._last_line == self._start:
            self._total = self._estimate()
        self._last_line = now
        self._last_info = now if is_due else self._last_info
        _log.log(level, "%s", self._format_line(now - self._start), extra={IS_CHANGING: True})

    def finish(self) -> None:
        """Log the total, if anything was logged before."""
        if self._last_line > self._start:
            seconds = monotonic() - self._start
            duration, speed = _format_duration(seconds), self._format_speed(seconds)
            _log.info("%s: %s rows in %s, %s", self._name, f"{self._rows:,}", duration, speed)

    def _format_line(self, seconds: float) -> str:
        if self._total is None or self._rows > self._total:  # unknown, or a bad estimate
            return f"{self._name}: {self._rows:,} rows, {self._format_speed(seconds)}"
        left = _format_duration((self._total - self._rows) / self._rows * seconds) if self._rows else "unknown time"
        share = f"{self._rows:,} of about {self._total:,} rows ({self._rows / max(self._total, 1):.0%})"
        return f"{self._name}: {share}, {self._format_speed(seconds)}, about {left} left"

    def _format_speed(self, seconds: float) -> str:
        return f"{self._rows / seconds:,.0f} rows/s"


def _format_duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"
