"""A source database for one test, and the command line as a user runs it."""

import subprocess
import sys
import uuid
from pathlib import Path

import MySQLdb

from demo.servers import CHECKOUT, PASSWORD, Server

SHOP = CHECKOUT / "tests" / "tutorial" / "shop.sql"


class Source:
    """A new database on a server."""

    def __init__(self, server: Server) -> None:
        self.server, self.name = server, f"source_{uuid.uuid4().hex[:10]}"
        self.execute(f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4", database="mysql")

    def execute(self, *statements: str, database: str = "") -> None:
        with MySQLdb.connect(
            host="127.0.0.1",
            port=self.server.port,
            user=self.server.user,
            password=PASSWORD,
            database=database or self.name,
            autocommit=True,
            charset="utf8mb4",
        ) as connection:
            for statement in statements:
                connection.cursor().execute(statement)

    def run(self, script: Path) -> None:
        text = "\n".join(line for line in script.read_text().splitlines() if not line.startswith("--"))
        self.execute(*filter(str.strip, text.split(";")))


def run_segmentation(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process."""
    return subprocess.run(
        [sys.executable, "-m", "include.segmentation", *map(str, arguments)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
