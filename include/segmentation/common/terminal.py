"""What long work says meanwhile, on the command line's standard error."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_PACKAGE = logging.getLogger("include.segmentation")
IS_CHANGING = "is_changing"
"""The attribute of a log record that the next one of its kind replaces, where a line can change: progress."""


@contextmanager
def show_logs(stream: TextIO | None = None) -> Iterator[None]:
    """Show warnings, waits and progress; on a terminal progress is one line that changes, elsewhere a line at times."""
    stream = stream or sys.stderr
    handler = _ChangingLine(stream) if stream.isatty() else logging.StreamHandler(stream)
    level = _PACKAGE.level
    _PACKAGE.setLevel(logging.DEBUG if stream.isatty() else logging.INFO)
    _PACKAGE.addHandler(handler)
    try:
        yield
    finally:
        _PACKAGE.removeHandler(handler)
        _PACKAGE.setLevel(level)
        handler.close()


class _ChangingLine(logging.StreamHandler[TextIO]):
    """Writes progress over the progress before it, and everything else on lines of its own."""

    _is_open = False

    def format(self, record: logging.LogRecord) -> str:
        """The record's text; an open line of progress is cleared first."""
        clear = "\r\x1b[K" if self._is_open else ""
        self._is_open = getattr(record, IS_CHANGING, False)
        self.terminator = "" if self._is_open else "\n"
        return clear + super().format(record)

    def close(self) -> None:
        """Leave an open line of progress as it is, and go on below it."""
        if self._is_open:
            self.stream.write("\n")
            self.flush()
        super().close()
