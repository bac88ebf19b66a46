"""Errors that a person reads: one line naming what was found, where, and what is allowed."""

from copy import copy
from datetime import datetime
from typing import Self


def join_lines(error: object) -> str:
    """What an error of somebody else says, without its line breaks."""
    return " ".join(str(error).split())


class SegmentationError(Exception):
    """Base of every error that this package raises on purpose.

    The command line prints the message and exits with status 2; Airflow fails the task,
    and retries it only where ``retry`` says that waiting can help.
    """

    retry = False

    def add_place(self, where: str) -> Self:
        """The same error, its message led by the place where it happened."""
        placed = copy(self)
        placed.args = (f"{where}: {self}",)
        return placed


class ProfileError(SegmentationError):
    """A profile says something that it may not say."""


class SourceError(SegmentationError):
    """A source refuses or lacks what a profile asks for: credentials, a table, a column."""


class TrackingError(SegmentationError):
    """A tracking server refuses what is logged, or there is none."""


class UnavailableError(SegmentationError):
    """A server can not be reached or asks to be left alone for a while; later it may answer."""

    retry = True


class RetryLaterError(UnavailableError):
    """A source is to be left alone until a known time; what has been read is kept, and the next pull goes on there.

    Attributes:
        until: when to come back, UTC.
    """

    def __init__(self, message: str, until: datetime) -> None:
        """Say why, and until when."""
        super().__init__(message)
        self.until = until

    def __reduce__(self) -> tuple[type[Self], tuple[str, datetime]]:
        """How a copy is made, which ``within`` and other processes need."""
        return type(self), (str(self), self.until)


class DataError(SegmentationError):
    """The data contradict the profile, or a suite stops the run."""


class NotReadyError(SegmentationError):
    """A run asks for a time that the data or the models do not reach yet."""


class NotApprovedError(SegmentationError):
    """A gate asks a person, and nobody has approved."""
