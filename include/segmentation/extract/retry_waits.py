"""Wait for a server that is busy, with longer and longer pauses, up to a limit."""

from collections.abc import Iterator

from tenacity import Retrying, retry_always, stop_before_delay, wait_exponential

RETRY_SECONDS = 600
"""How long a pull waits for a busy server, or for a free connection, before it gives up."""
_LONGEST_PAUSE_SECONDS = 15


def wait_for_retries() -> Iterator[None]:
    """Yield when it is time to try: at once, then after pauses that double; end when the time is up."""
    attempts = Retrying(
        retry=retry_always,
        wait=wait_exponential(max=_LONGEST_PAUSE_SECONDS),
        stop=stop_before_delay(RETRY_SECONDS),
        retry_error_callback=lambda _: None,
    )
    for attempt in attempts:
        yield
        attempt.retry_state.set_result(None)
