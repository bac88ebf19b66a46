"""Errors that a person reads: one line naming what was found, where, and what is allowed."""


class SegmentationError(Exception):
    """Base of every error that this package raises on purpose.

    The command line prints the message and exits with status 2; Airflow fails the task,
    and retries it only where ``retry`` says that waiting can help.
    """

    retry = False


class ProfileError(SegmentationError):
    """A profile says something that it may not say."""


class SourceError(SegmentationError):
    """A source refuses or lacks what a profile asks for: credentials, a table, a column."""


class UnavailableError(SegmentationError):
    """A server can not be reached or asks to be left alone for a while; later it may answer."""

    retry = True


class DataError(SegmentationError):
    """The data contradict the profile, or a suite stops the run."""


class NotReadyError(SegmentationError):
    """A run asks for a time that the data or the models do not reach yet."""
