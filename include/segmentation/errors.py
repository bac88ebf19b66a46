"""Errors for people to read: one line with the place, what was found, and what is allowed."""

from copy import copy
from datetime import datetime
from typing import Self


def join_lines(error: object) -> str:
    """Return another library's error message as one line."""
    return " ".join(str(error).split())


class SegmentationError(Exception):
    """Base class of every error that this package raises on purpose.

    The command line prints the message and exits with status 2. Airflow fails the task; its retry policy retries an
    `UnavailableError` only.
    """

    def add_place(self, where: str) -> Self:
        """Return the same error with the place where it happened in front of its message."""
        placed = copy(self)
        placed.args = (f"{where}: {self}",)
        return placed


class ProfileError(SegmentationError):
    """A profile is not valid."""


class SourceError(SegmentationError):
    """A source refuses or lacks what a profile asks for: a login, a table, a column."""


class TrackingError(SegmentationError):
    """A tracking server refuses what is logged, or none is configured."""


class UnavailableError(SegmentationError):
    """A server does not answer or is too busy; it may answer later."""


class RetryLaterError(UnavailableError):
    """A source must not be read before a known time. What was read is kept, and the next pull goes on there.

    Attributes:
        until: when to continue, UTC.
    """

    def __init__(self, message: str, until: datetime) -> None:
        """Say why, and until when."""
        super().__init__(message)
        self.until = until

    def __reduce__(self) -> tuple[type[Self], tuple[str, datetime]]:
        """Keep ``until`` in copies, which ``add_place`` and other processes make."""
        return type(self), (str(self), self.until)


class DataError(SegmentationError):
    """The data contradict the profile, or an expectation stops the run."""


class NotReadyError(SegmentationError):
    """A run's as_of is later than the data or the models reach."""


class NotApprovedError(SegmentationError):
    """A gate needs a person's approval, and nobody has approved."""
