"""End statements that take too long, on servers that cannot do it themselves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer


class Watchdog:
    """Watches statements, one at a time.

    Attributes:
        has_ended: whether it has tried to end the last statement.
    """

    def __init__(self, seconds: float, end: Callable[[str], None]) -> None:
        """Call ``end``, on another thread, with each statement that takes longer."""
        self.has_ended = False
        self._seconds = seconds
        self._end = end

    @contextmanager
    def watch_statement(self, sql: str) -> Iterator[None]:
        """Watch a statement; at the end no call of ``end`` is running."""
        self.has_ended = False
        timer = Timer(self._seconds, self._end_statement, [sql])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _end_statement(self, sql: str) -> None:
        self.has_ended = True
        self._end(sql)
