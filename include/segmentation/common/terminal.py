"""Show warnings and progress on the command line's standard error."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_PACKAGE = logging.getLogger("include.segmentation")
IS_CHANGING = "is_changing"
"""The attribute of a progress record: on a terminal, the next such record replaces its line."""


@contextmanager
def show_logs(stream: TextIO | None = None) -> Iterator[None]:
    """Show warnings, waits and progress. On a terminal progress is one changing line, elsewhere occasional lines."""
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
    """Overwrites the last line of progress with the next; everything else gets its own line."""

    _is_open = False

    def format(self, record: logging.LogRecord) -> str:
        """Format a record. An open line of progress is cleared first."""
        clear = "\r\x1b[K" if self._is_open else ""
        self._is_open = getattr(record, IS_CHANGING, False)
        self.terminator = "" if self._is_open else "\n"
        return clear + super().format(record)

    def close(self) -> None:
        """End an open line of progress."""
        if self._is_open:
            self.stream.write("\n")
            self.flush()
        super().close()
