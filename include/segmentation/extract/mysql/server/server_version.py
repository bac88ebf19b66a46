"""What a server is, and what its version can do."""

import re
from dataclasses import dataclass
from typing import Literal

from include.segmentation.errors import SourceError

_METADATA_LOCK_SECONDS = 30
_IDLE_SECONDS = 3600
"""Keeps the connection open while a page is written or a pull waits for a busy server."""


@dataclass(frozen=True)
class ServerVersion:
    """The version of a server.

    Attributes:
        flavour: MariaDB has its own version numbers since 10.0; Percona and Aurora use those of MySQL.
        number: such as ``(5, 6, 24)``.
    """

    flavour: Literal["mysql", "mariadb"]
    number: tuple[int, ...]

    @classmethod
    def parse_version(cls, text: str) -> "ServerVersion":
        """Parse ``SELECT VERSION()``: ``5.6.24-log``, ``10.11.19-MariaDB-0+deb12u1``, ``8.0.mysql_aurora.3.04.0``.

        Raises:
            SourceError: it is no version, or older than 5.0.
        """
        flavour: Literal["mysql", "mariadb"] = "mariadb" if "mariadb" in text.lower() else "mysql"
        plain = text.removeprefix("5.5.5-") if flavour == "mariadb" else text  # MariaDB adds it for old replicas
        match = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", plain)
        number = tuple(int(part or 0) for part in match.groups()) if match else (0,)
        if number < (5, 0, 0):
            raise SourceError(f"VERSION() is {text!r}; allowed: MySQL and MariaDB from 5.0 on")
        return cls(flavour, number)

    def __str__(self) -> str:
        """Such as ``MySQL 5.6.24``."""
        return f"{'MariaDB' if self.flavour == 'mariadb' else 'MySQL'} {'.'.join(str(part) for part in self.number)}"

    def is_at_least(self, mysql: tuple[int, ...] | None, mariadb: tuple[int, ...] | None) -> bool:
        """Check that the server has a feature, by the first version of each flavour with it (None: no version)."""
        first = mysql if self.flavour == "mysql" else mariadb
        return first is not None and self.number >= first

    @property
    def has_window_functions(self) -> bool:
        """Whether LAG and other window functions exist."""
        return self.is_at_least((8, 0), (10, 2))

    @property
    def has_statement_timeout(self) -> bool:
        """Whether the server itself can end a statement that takes too long."""
        return self.is_at_least((5, 7, 8), (10, 1, 1))

    def list_session_settings(self, statement_seconds: int) -> list[str]:
        """List the statements that set up a session, as far as this version knows them.

        Args:
            statement_seconds: the server ends a statement that runs for longer, where it can.
        """
        settings = [
            ("SET time_zone = '+00:00'", True),
            # Quotes are doubled and nothing else is special; invalid dates such as 2025-02-30 can be compared with.
            ("SET sql_mode = 'NO_BACKSLASH_ESCAPES,ALLOW_INVALID_DATES'", True),
            (f"SET NAMES {'utf8mb4' if self.is_at_least((5, 5, 3), (5, 5, 3)) else 'utf8'}", True),
            ("SET div_precision_increment = 4", True),  # the digits that AVG and / add: equal on every server
            (f"SET wait_timeout = {_IDLE_SECONDS}", True),
            # Never reads uncommitted rows, and can open a consistent snapshot.
            ("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", True),
            ("SET SESSION TRANSACTION READ ONLY", self.is_at_least((5, 6, 5), (10, 0))),
            (f"SET lock_wait_timeout = {_METADATA_LOCK_SECONDS}", self.is_at_least((5, 5, 3), (5, 5, 3))),
            (f"SET max_execution_time = {statement_seconds * 1000}", self.is_at_least((5, 7, 8), None)),
            (f"SET max_statement_time = {statement_seconds}", self.is_at_least(None, (10, 1, 1))),
        ]
        return [statement for statement, is_known in settings if is_known]
