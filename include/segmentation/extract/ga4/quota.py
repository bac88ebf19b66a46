"""Google's quotas: what is left of them, and when what is used up returns.

Read from every answer, so that a pull ends before Google refuses it. The hours are the client's clock (the client
library shows no headers of an answer); a refusal brings Google's own clock, which then counts.
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
"""How often the dearest of the last requests has to fit into what is left."""
_REMEMBERED = 10
_MOST_SERVER_ERRORS = 10
_SPARE_SERVER_ERRORS = 2
_SERVER_ERRORS_IN_A_ROW = 4
_LATE = timedelta(seconds=15)
"""After the hour, or midnight: Google does not say to the second when a quota returns."""
_PACIFIC = (ZoneInfo("America/Los_Angeles"), ZoneInfo("Etc/GMT+8"))
"""Daily quotas return at "midnight PST" (Google's page on limits and quotas), whether or not that follows summer time:
the earlier of the two is tried first."""


class QuotaStatus(NamedTuple):
    """One quota: what the last request took of it, and what is left."""

    consumed: int
    remaining: int


class Quota:
    """What one pull knows of a property's quotas.

    Attributes:
        status: quota -> what the newest answer says of it; empty before the first.
    """

    def __init__(self, where: str) -> None:
        """Name the property, for messages."""
        self._where = where
        self._recent: deque[dict[str, QuotaStatus]] = deque(maxlen=_REMEMBERED)
        self._errors = 0
        self.status: dict[str, QuotaStatus] = {}

    def update(self, answer: Any) -> None:
        """Take what an answer says, the protobuf message."""
        told = answer.property_quota.ListFields()
        self.status = {field.name: QuotaStatus(each.consumed, each.remaining) for field, each in told}
        self._recent.append(self.status)
        self._errors = 0

    def require_tokens(self) -> None:
        """Refuse to ask again where the next request might not fit into what is left.

        Raises:
            LaterError: a quota is nearly used up.
        """
        for name in _BUDGETS:
            dearest = max((told[name].consumed for told in self._recent if name in told), default=0)
            left = self.status[name].remaining if name in self.status else _RESERVE * dearest
            if left < _RESERVE * dearest:
                now = datetime.now(UTC)
                raise RetryLaterError(
                    f"{self._where}: quota {name} is nearly used up: {left} left, a request takes up to {dearest}",
                    _next_midnight(now) if name == _DAILY else _next_hour(now),
                )

    def count_server_error(self, said: str) -> None:
        """Count one of Google's server errors, which block a project when an hour has too many.

        Raises:
            LaterError: another one in a row would come too near to that.
        """
        self._errors += 1
        known = self.status.get(_SERVER_ERRORS)
        left = (known.remaining if known else _MOST_SERVER_ERRORS) - self._errors
        if self._errors == _SERVER_ERRORS_IN_A_ROW or left <= _SPARE_SERVER_ERRORS:
            raise RetryLaterError(
                f"{self._where}: {said}; asked {self._errors} times, and server errors block a project: at most {left} "
                "are left this hour",
                _next_hour(datetime.now(UTC)),
            )

    def explain_refusal(self, said: str, date: str | None) -> None:
        """Read Google's 429; return where asking again soon may help.

        Args:
            said: Google's words.
            date: the time of the answer on Google's clock, as HTTP writes it; None where it is not told.

        Raises:
            LaterError: a quota is used up that returns at a known time.
        """
        now = datetime.now(UTC)
        there = parsedate_to_datetime(date).astimezone(UTC) if date else now
        minutes = re.search(r"in under (\d+) minutes", said)
        if "concurrent" in said:
            return
        if "per day" in said or "24 hours" in said:
            returns = _next_midnight(there)
        elif minutes:
            returns = there + timedelta(minutes=int(minutes[1])) + _LATE
        elif "hour" in said:
            returns = _next_hour(there)
        else:
            return
        raise RetryLaterError(f"{self._where}: {said}", now + (returns - there))


def _next_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1) + _LATE


def _next_midnight(now: datetime) -> datetime:
    days = (now.astimezone(zone).date() + timedelta(days=1) for zone in _PACIFIC)
    midnights = (datetime(d.year, d.month, d.day, tzinfo=zone) for d, zone in zip(days, _PACIFIC, strict=True))
    return min(midnights).astimezone(UTC) + _LATE
