"""The schedule: when a profile runs, and when it is fitted."""

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from include.segmentation.profile.profile_part import ProfilePart

Cadence = Literal["daily", "weekly", "monthly"]
CADENCES: tuple[Cadence, ...] = ("daily", "weekly", "monthly")


class Schedule(ProfilePart):
    """When a profile runs.

    Attributes:
        start: the first day with data; nothing is extracted or run before it.
        end: the last as_of of a closed data set; by default there is none.
        first_fit: the as_of of the first model.
        refit_every: months between two fits.
        primary_cadence: the only cadence that feeds membership and ``customer_analytics_record``.
        reconcile: how often the lake is compared with its MySQL sources.
    """

    start: date
    end: date | None = None
    first_fit: date
    refit_every: int = Field(3, ge=1, description="months")
    primary_cadence: Cadence = "monthly"
    reconcile: Cadence = "weekly"

    @model_validator(mode="after")
    def _require_order(self) -> Self:
        if self.first_fit <= self.start:
            raise ValueError(f"first_fit {self.first_fit} must be after start {self.start}")
        if self.end and self.end < self.first_fit:
            raise ValueError(f"end {self.end} must not be before first_fit {self.first_fit}")
        return self
