"""Wait for somebody else, longer and longer, but not for ever."""

from collections.abc import Iterator
from time import monotonic, sleep

RETRY_SECONDS = 600
"""How long a pull waits for a busy server or for a place on it before it gives up."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 15.0


def wait_for_retries() -> Iterator[None]:
    """Give the moments to look again: at once, then after longer and longer pauses; ends when patience does."""
    deadline = monotonic() + RETRY_SECONDS
    pause = _FIRST_PAUSE
    yield
    while monotonic() + pause <= deadline:
        sleep(pause)
        yield
        pause = min(pause * 2, _LONGEST_PAUSE)
