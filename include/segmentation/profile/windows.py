"""Windows: the time that a KPI covers, always up to as_of."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

_WINDOW = re.compile(
    r"^(?:(lifetime)|trailing (\d{1,5})d|since_registration \[(\d{1,5})d, (\d{1,5})d\)|(calendar month))$"
)


class KpiWindow(BaseModel):
    """The time that a KPI covers, always up to as_of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["lifetime", "trailing", "since_registration", "calendar_month"]
    start_day: int = 0
    end_day: int = 0

    @classmethod
    def parse_text(cls, value: Any) -> "KpiWindow":
        """Parse ``lifetime``, ``trailing 30d``, ``since_registration [1d, 7d)`` or ``calendar month``."""
        if isinstance(value, KpiWindow):
            return value
        match = _WINDOW.fullmatch(str(value))
        if not match:
            raise ValueError("allowed: 'lifetime', 'trailing 30d', 'since_registration [0d, 7d)' and 'calendar month'")
        if match[1]:
            return cls(kind="lifetime")
        if match[5]:
            return cls(kind="calendar_month")
        kind: Literal["trailing", "since_registration"] = "trailing" if match[2] else "since_registration"
        start, end = (0, int(match[2])) if match[2] else (int(match[3]), int(match[4]))
        if end <= start:
            raise ValueError("a window must be longer than 0 days")
        return cls(kind=kind, start_day=start, end_day=end)

    def __str__(self) -> str:
        return {
            "lifetime": "lifetime",
            "calendar_month": "calendar month",
            "trailing": f"trailing {self.end_day}d",
            "since_registration": f"since_registration [{self.start_day}d, {self.end_day}d)",
        }[self.kind]
