"""Google's quotas, enforced: what a property and a project may ask for in an hour and in a day."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from demo.ga4.refusal import RequestError

Clock = Callable[[], datetime]
STANDARD = {
    "tokensPerDay": 200_000,
    "tokensPerHour": 40_000,
    "concurrentRequests": 10,
    "serverErrorsPerProjectPerHour": 10,
    "potentiallyThresholdedRequestsPerHour": 120,
    "tokensPerProjectPerHour": 14_000,
}
"""Of a standard property."""
_TOKENS = ("tokensPerDay", "tokensPerHour", "tokensPerProjectPerHour")
_PAGE = "https://developers.google.com/analytics/devguides/reporting/data/v1/quotas"
_EXHAUSTED = {
    "tokensPerDay": "property tokens per day. These quota tokens will return in under 24 hours",
    "tokensPerHour": "property tokens per hour. These quota tokens will return in under an hour",
    "tokensPerProjectPerHour": "property tokens for a project per hour. These quota tokens will return in under an "
    "hour",
    "potentiallyThresholdedRequestsPerHour": "potentially thresholded requests quota. This quota will refresh in under "
    "an hour",
    "serverErrorsPerProjectPerHour": "server errors quota. This quota will refresh in under an hour",
    "concurrentRequests": "concurrent requests quota. Please send fewer requests concurrently",
}
_PACIFIC = ZoneInfo("America/Los_Angeles")


def read_clock() -> datetime:
    """The clock on the wall."""
    return datetime.now(UTC)


class Budget:
    """What is left of each quota; hours begin with the clock's, days at midnight Pacific time."""

    def __init__(self, quotas: dict[str, int], clock: Clock):
        self._quotas, self._clock = quotas, clock
        self._spent: dict[tuple[str, object], int] = {}
        self._running = 0

    @contextmanager
    def count_request(self) -> Iterator[None]:
        """One of the requests that may run at once.

        Raises:
            RequestError: 429, too many do.
        """
        if self._running >= self._quotas["concurrentRequests"]:
            raise _exhausted("concurrentRequests")
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    def admit_request(self, thresholded: bool) -> None:
        """Let a request in that every quota has room for.

        Raises:
            RequestError: 429, one has not.
        """
        names = ["serverErrorsPerProjectPerHour", *_TOKENS]
        names += ["potentiallyThresholdedRequestsPerHour"] if thresholded else []
        for name in names:
            if self._remaining(name) <= 0:
                raise _exhausted(name)

    def spend_tokens(self, tokens: int, thresholded: bool) -> dict[str, dict[str, int]]:
        """Take what a request costs; the ``propertyQuota`` of its answer."""
        consumed = dict.fromkeys(STANDARD, 0) | dict.fromkeys(_TOKENS, tokens)
        consumed["potentiallyThresholdedRequestsPerHour"] = int(thresholded)
        for name, cost in consumed.items():
            self._add(name, cost)
        return {name: {"consumed": cost, "remaining": self._remaining(name)} for name, cost in consumed.items()}

    def count_server_error(self) -> None:
        """Take one of the errors that an hour may have."""
        self._add("serverErrorsPerProjectPerHour", 1)

    def _add(self, name: str, cost: int) -> None:
        window = self._window(name)
        self._spent[window] = self._spent.get(window, 0) + cost

    def _remaining(self, name: str) -> int:
        if name == "concurrentRequests":
            return self._quotas[name] - self._running
        return max(0, self._quotas[name] - self._spent.get(self._window(name), 0))

    def _window(self, name: str) -> tuple[str, object]:
        now = self._clock()
        if name == "tokensPerDay":
            return name, now.astimezone(_PACIFIC).date()
        return name, now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _exhausted(name: str) -> RequestError:
    return RequestError(429, "RESOURCE_EXHAUSTED", f"Exhausted {_EXHAUSTED[name]}. To learn more, see {_PAGE}")
