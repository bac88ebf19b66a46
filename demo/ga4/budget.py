"""Google's quotas per hour and per day for a property and a project."""

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
"""The quotas of a standard property."""
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
    """Return the current time."""
    return datetime.now(UTC)


class Budget:
    """The remaining quota. An hour starts on the full hour (UTC), a day at midnight Pacific time."""

    def __init__(self, quotas: dict[str, int], clock: Clock):
        self._quotas, self._clock = quotas, clock
        self._spent: dict[tuple[str, object], int] = {}
        self._running = 0

    @contextmanager
    def count_request(self) -> Iterator[None]:
        """Count a request as running until the block ends.

        Raises:
            RequestError: 429, too many requests are running.
        """
        if self._running >= self._quotas["concurrentRequests"]:
            raise _exhausted("concurrentRequests")
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    def admit_request(self, thresholded: bool) -> None:
        """Admit a request if no quota is exhausted.

        Raises:
            RequestError: 429, a quota is exhausted.
        """
        names = ["serverErrorsPerProjectPerHour", *_TOKENS]
        names += ["potentiallyThresholdedRequestsPerHour"] if thresholded else []
        for name in names:
            if self._remaining(name) <= 0:
                raise _exhausted(name)

    def spend_tokens(self, tokens: int, thresholded: bool) -> dict[str, dict[str, int]]:
        """Charge a request to the quotas; return the ``propertyQuota`` of its response."""
        consumed = dict.fromkeys(STANDARD, 0) | dict.fromkeys(_TOKENS, tokens)
        consumed["potentiallyThresholdedRequestsPerHour"] = int(thresholded)
        for name, cost in consumed.items():
            self._add(name, cost)
        return {name: {"consumed": cost, "remaining": self._remaining(name)} for name, cost in consumed.items()}

    def count_server_error(self) -> None:
        """Charge a server error to the hourly quota."""
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
