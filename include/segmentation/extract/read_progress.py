"""Log the progress of a long read: rows per second, percent and time left."""

import logging
from collections.abc import Callable
from time import monotonic

from include.segmentation.common.terminal import IS_CHANGING

_log = logging.getLogger(__name__)

_SECONDS, _CHANGING_SECONDS = 10.0, 1.0
"""The interval of lines at INFO, and of those at DEBUG in between, for a terminal that shows one changing line."""


class ReadProgress:
    """The progress of one read; a short read logs nothing."""

    def __init__(self, name: str, estimate: Callable[[], int | None]) -> None:
        """Start the clock.

        Args:
            name: what is read.
            estimate: estimates the number of rows (None: unknown); called once, for the first line.
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
        is_due = now - self._last_info >= _SECONDS
        level = logging.INFO if is_due else logging.DEBUG
        if now - self._last_line < _CHANGING_SECONDS or not _log.isEnabledFor(level):
            return
        if self._last_line == self._start:
            self._total = self._estimate()
        self._last_line = now
        self._last_info = now if is_due else self._last_info
        _log.log(level, "%s", self._describe_progress(now - self._start), extra={IS_CHANGING: True})

    def log_total(self) -> None:
        """Log the total, if any progress was logged."""
        if self._last_line > self._start:
            seconds = monotonic() - self._start
            _log.info(
                "%s: %s rows in %s, %s",
                self._name,
                f"{self._rows:,}",
                _format_seconds(seconds),
                self._format_speed(seconds),
            )

    def _describe_progress(self, seconds: float) -> str:
        if self._total is None or self._rows > self._total:  # unknown, or estimated too low
            return f"{self._name}: {self._rows:,} rows, {self._format_speed(seconds)}"
        left = _format_seconds((self._total - self._rows) / self._rows * seconds) if self._rows else "unknown time"
        share = f"{self._rows:,} of about {self._total:,} rows ({self._rows / max(self._total, 1):.0%})"
        return f"{self._name}: {share}, {self._format_speed(seconds)}, about {left} left"

    def _format_speed(self, seconds: float) -> str:
        return f"{self._rows / seconds:,.0f} rows/s"


def _format_seconds(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"
