"""Google's quotas: how much is left, and when a used-up quota is refilled.

Every answer says how much is left, so a pull stops before Google refuses it. Hours are counted by the client's clock,
because the client library shows no headers of an answer. A refusal brings Google's own clock, which then counts.
"""

import re
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from include.segmentation.errors import RetryLaterError

_DAILY = "tokens_per_day"
_SERVER_ERRORS = "server_errors_per_project_per_hour"
_BUDGETS = (_DAILY, "tokens_per_hour", "tokens_per_project_per_hour", "potentially_thresholded_requests_per_hour")
_RESERVE = 2
"""How many of the most expensive recent requests must fit into what is left."""
_RECENT_ANSWERS = 10
_MOST_SERVER_ERRORS = 10
_SPARE_SERVER_ERRORS = 2
_SERVER_ERRORS_IN_A_ROW = 4
_LATE = timedelta(seconds=15)
"""Added to the full hour or midnight, because Google does not say to the second when a quota is refilled."""
_PACIFIC = (ZoneInfo("America/Los_Angeles"), ZoneInfo("Etc/GMT+8"))
"""Daily quotas are refilled at "midnight PST" (Google's page on limits and quotas), which may or may not follow summer
time. The earlier of the two is tried first."""


class QuotaStatus(NamedTuple):
    """One quota: what the last request consumed, and what remains."""

    consumed: int
    remaining: int


class Quota:
    """What one pull knows of a property's quotas.

    Attributes:
        status: quota -> what the newest answer says; empty before the first.
    """

    def __init__(self, where: str) -> None:
        """Name the property, for messages."""
        self._where = where
        self._recent: deque[dict[str, QuotaStatus]] = deque(maxlen=_RECENT_ANSWERS)
        self._errors = 0
        self.status: dict[str, QuotaStatus] = {}

    def update_status(self, answer: Any) -> None:
        """Read the quotas from an answer, a protobuf message."""
        fields = answer.property_quota.ListFields()
        self.status = {field.name: QuotaStatus(value.consumed, value.remaining) for field, value in fields}
        self._recent.append(self.status)
        self._errors = 0

    def require_tokens(self) -> None:
        """Stop if the next request might not fit into what is left.

        Raises:
            RetryLaterError: a quota is nearly used up.
        """
        for name in _BUDGETS:
            most = max((status[name].consumed for status in self._recent if name in status), default=0)
            left = self.status[name].remaining if name in self.status else _RESERVE * most
            if left < _RESERVE * most:
                now = datetime.now(UTC)
                raise RetryLaterError(
                    f"{self._where}: quota {name} is nearly used up: {left} left, a request takes up to {most}",
                    _find_next_midnight(now) if name == _DAILY else _find_next_hour(now),
                )

    def count_server_error(self, message: str) -> None:
        """Count one of Google's server errors. Too many in an hour block a project.

        Raises:
            RetryLaterError: another error in a row would come too close to that.
        """
        self._errors += 1
        status = self.status.get(_SERVER_ERRORS)
        left = (status.remaining if status else _MOST_SERVER_ERRORS) - self._errors
        if self._errors == _SERVER_ERRORS_IN_A_ROW or left <= _SPARE_SERVER_ERRORS:
            raise RetryLaterError(
                f"{self._where}: {message}; asked {self._errors} times, and server errors block a project: at most "
                f"{left} are left this hour",
                _find_next_hour(datetime.now(UTC)),
            )

    def explain_refusal(self, message: str, date: str | None) -> None:
        """Read a refusal with HTTP status 429. Return if another request soon may help.

        Args:
            message: Google's words.
            date: the time of the answer on Google's clock, in HTTP's format; None if it has none.

        Raises:
            RetryLaterError: a quota is used up, and when it is refilled is known.
        """
        now = datetime.now(UTC)
        there = parsedate_to_datetime(date).astimezone(UTC) if date else now
        minutes = re.search(r"in under (\d+) minutes", message)
        if "concurrent" in message:
            return
        if "per day" in message or "24 hours" in message:
            refill = _find_next_midnight(there)
        elif minutes:
            refill = there + timedelta(minutes=int(minutes[1])) + _LATE
        elif "hour" in message:
            refill = _find_next_hour(there)
        else:
            return
        raise RetryLaterError(f"{self._where}: {message}", now + (refill - there))


def _find_next_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1) + _LATE


def _find_next_midnight(now: datetime) -> datetime:
    days = (now.astimezone(zone).date() + timedelta(days=1) for zone in _PACIFIC)
    midnights = (datetime(d.year, d.month, d.day, tzinfo=zone) for d, zone in zip(days, _PACIFIC, strict=True))
    return min(midnights).astimezone(UTC) + _LATE
