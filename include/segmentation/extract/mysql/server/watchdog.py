"""End a statement on the server when it takes too long, where the server does not do that by itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer


class Watchdog:
    """Watches statements, one at a time.

    Attributes:
        has_ended: whether it has set out to end the last one.
    """

    def __init__(self, seconds: float, end: Callable[[str], None]) -> None:
        """Watch for statements that take longer than that; ``end`` is called with one, on a thread of its own."""
        self.has_ended = False
        self._seconds = seconds
        self._end = end

    @contextmanager
    def watch(self, sql: str) -> Iterator[None]:
        """Watch over a statement; whatever was done about it is done at the end."""
        self.has_ended = False
        timer = Timer(self._seconds, self._bite, [sql])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _bite(self, sql: str) -> None:
        self.has_ended = True
        self._end(sql)
