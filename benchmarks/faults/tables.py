"""The tables of a schedule: one of every kind that can break an extractor, and the changes made to them.

A table *obeys* the contract if its cursor is the time of the statement (or the next number) and moves with every
change, and nothing is deleted. Such a table must be complete without reconcile. The other tables change without
moving the cursor; only reconcile makes lake and source equal.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

_NOTES = [
    "",
    "plain",
    "ünï→🙂",
    "o'clock",
    'say "no"',
    "back\\slash",
    "tab\tnew\nline\r",
    "\\N",
    "NULL",
    "a,b;c",
    " x ",
]
_PREFIXES = ["a", "A", "ä", "Z", "ß", "o'k", "\\", "10", "9", "_", "%"]
_PAYLOAD = "n INT NULL, amount DECIMAL(8,2) NULL, note VARCHAR(20) NULL, raw VARBINARY(8) NULL"


@dataclass(frozen=True)
class TableKind:
    """A kind of table.

    Attributes:
        ddl: columns and keys before the payload.
        now: SQL for the cursor's current value; None for AUTO_INCREMENT or no cursor.
        changes: the possible changes, with weights.
        time_column: the column with the time of a row's statement; only for tables that obey the contract.
        has_body: whether rows have a text column that can be large.
    """

    name: str
    mode: str
    ddl: str
    key: tuple[str, ...]
    cursor: str | None
    now: str | None
    changes: dict[str, int]
    time_column: str | None = None
    has_body: bool = False

    @property
    def is_contract_kept(self) -> bool:
        """Whether the table's writers obey the cursor's contract."""
        return self.time_column is not None


_INSERTS = {"insert": 10}
_UPDATES = {"insert": 6, "update": 8, "insert without cursor": 1, "lose cursor": 1}
_ANYTHING = {"insert": 6, "silent update": 3, "delete": 3, "insert earlier": 3}
_BY_CODE = "shop INT, code VARCHAR(20)"
_CODE_KEY = ("shop", "code")

SORTS = [
    TableKind(
        "events",
        "append",
        "id BIGINT AUTO_INCREMENT PRIMARY KEY, at DATETIME NOT NULL, KEY (at, id)",
        ("id",),
        "at",
        "UTC_TIMESTAMP()",
        _INSERTS,
        time_column="at",
    ),
    TableKind(
        "moments",
        "append",
        f"{_BY_CODE}, at DATETIME(6) NOT NULL, PRIMARY KEY (shop, code), KEY (at, shop, code)",
        _CODE_KEY,
        "at",
        "UTC_TIMESTAMP(6)",
        _INSERTS,
        time_column="at",
    ),
    TableKind(
        "numbers",
        "append",
        "id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, made DATETIME(6) NOT NULL",
        ("id",),
        "id",
        None,
        _INSERTS,
        time_column="made",
    ),
    TableKind(
        "users",
        "merge",
        "id INT AUTO_INCREMENT PRIMARY KEY, at TIMESTAMP NULL, KEY (at, id)",
        ("id",),
        "at",
        "UTC_TIMESTAMP()",
        _UPDATES,
        time_column="at",
    ),
    TableKind(
        "documents",
        "append",
        "id INT AUTO_INCREMENT PRIMARY KEY, at DATETIME NOT NULL, body LONGTEXT NOT NULL, KEY (at, id)",
        ("id",),
        "at",
        "UTC_TIMESTAMP()",
        _INSERTS,
        time_column="at",
        has_body=True,
    ),
    TableKind(
        "accounts",
        "merge",
        f"{_BY_CODE}, at DATETIME NULL, PRIMARY KEY (shop, code), KEY (at, shop, code)",
        _CODE_KEY,
        "at",
        "UTC_TIMESTAMP()",
        _UPDATES | _ANYTHING | {"zero cursor": 1, "move key": 2},
    ),
    TableKind(
        "journal",
        "append",
        "id INT AUTO_INCREMENT PRIMARY KEY, at DATETIME NULL, KEY (at, id)",
        ("id",),
        "at",
        "UTC_TIMESTAMP()",
        _ANYTHING | {"insert without cursor": 1, "zero cursor": 1},
    ),
    TableKind("ledger", "append", "id INT AUTO_INCREMENT PRIMARY KEY", ("id",), "id", None, _ANYTHING),
    TableKind(
        "settings",
        "snapshot",
        f"{_BY_CODE}, PRIMARY KEY (shop, code)",
        _CODE_KEY,
        None,
        None,
        {"insert": 4, "silent update": 6, "delete": 3, "move key": 2},
    ),
]
LARGE = "documents"
"""The table with pages that exceed the buffers between server and reader."""


@dataclass
class ScheduleTable:
    """A table of one schedule.

    Attributes:
        lag: the extract's lag in seconds.
        extras: columns added by ALTER statements.
    """

    sort: TableKind
    lag: int
    extras: list[str] = field(default_factory=list)
    _codes: Any = field(default_factory=count)

    @property
    def name(self) -> str:
        """The table's name."""
        return self.sort.name

    @property
    def declared(self) -> dict[str, Any]:
        """The extract's declaration in the profile."""
        of_rows = {"cursor": self.sort.cursor, "lag": f"{self.lag}s"} if self.sort.cursor else {}
        return {
            "kind": "table",
            "source": "mysql",
            "table": self.name,
            "mode": self.sort.mode,
            "primary_key": list(self.sort.key),
            **of_rows,
        }

    def create_table(self, cursor: Any, rng: Random, rows: int) -> None:
        """Create the table with initial rows: many share a time, some are a day old."""
        cursor.execute(f"CREATE TABLE {self.name} ({self.sort.ddl}, {_PAYLOAD}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
        times = rng.randint(1, 4)
        for _ in range(times):
            self._insert(cursor, rng, max(1, rows // times), self._earlier(rng))

    def change_rows(self, cursor: Any, rng: Random) -> str:
        """Make one of the possible changes at random and return its kind."""
        kinds = self.sort.changes
        kind = rng.choices(list(kinds), list(kinds.values()))[0]
        _CHANGES[kind](self, cursor, rng)
        return kind

    def choose_alteration(self, rng: Random) -> tuple[str, str | None]:
        """Choose an ALTER that an extract must follow; return it with the added column, or None if it widens one."""
        extra = f"extra{len(self.extras)}"
        return rng.choice(
            [
                (f"ALTER TABLE {self.name} ADD COLUMN {extra} VARCHAR(12) NULL", extra),
                (f"ALTER TABLE {self.name} ADD COLUMN {extra} VARCHAR(12) NULL AFTER note", extra),
                (f"ALTER TABLE {self.name} MODIFY n BIGINT NULL", None),
                (f"ALTER TABLE {self.name} MODIFY note VARCHAR(200) NULL", None),
                (f"ALTER TABLE {self.name} MODIFY amount DECIMAL(12,2) NULL", None),
            ]
        )

    def insert(self, cursor: Any, rng: Random) -> None:
        """Insert a few rows with one statement, so with the same cursor value."""
        self._insert(cursor, rng, rng.choice([1, 1, 1, 2, 9]), self.sort.now)

    def insert_large(self, cursor: Any, rng: Random, rows: int) -> None:
        """Insert rows of 2 MB with one statement, for a table with ``has_body``."""
        self._insert(cursor, rng, rows, self.sort.now, repeats=1 << 17)

    def insert_earlier(self, cursor: Any, rng: Random) -> None:
        """Insert a row with a much earlier cursor value."""
        self._insert(cursor, rng, 1, self._earlier(rng))

    def insert_without_cursor(self, cursor: Any, rng: Random) -> None:
        """Insert rows with a NULL cursor."""
        self._insert(cursor, rng, rng.randint(1, 3), "NULL")

    def insert_zero(self, cursor: Any, rng: Random) -> None:
        """Insert rows with a zero date as cursor."""
        self._insert(cursor, rng, rng.randint(1, 3), "'0000-00-00 00:00:00'")

    def update(self, cursor: Any, rng: Random) -> None:
        """Change rows and move their cursor."""
        self._set(cursor, rng, f"{self.sort.cursor} = {self.sort.now}, ")

    def lose_cursor(self, cursor: Any, rng: Random) -> None:
        """Change rows and set their cursor to NULL."""
        self._set(cursor, rng, f"{self.sort.cursor} = NULL, ")

    def update_silently(self, cursor: Any, rng: Random) -> None:
        """Change rows without moving their cursor."""
        self._set(cursor, rng, "")

    def move_key(self, cursor: Any, rng: Random) -> None:
        """Give a row another primary key."""
        for key in self._some_keys(cursor, rng)[:1]:
            cursor.execute(f"UPDATE {self.name} SET shop = %s, code = %s {self._where}", [*self._new_key(rng), *key])

    def delete(self, cursor: Any, rng: Random) -> None:
        """Delete rows."""
        for key in self._some_keys(cursor, rng):
            cursor.execute(f"DELETE FROM {self.name} {self._where}", key)

    def _earlier(self, rng: Random) -> str | None:
        if self.sort.now is None:
            return f"-{rng.randrange(1 << 30)}" if self.sort.cursor and not self.sort.is_contract_kept else None
        return f"{self.sort.now} - INTERVAL {rng.randint(60, 90_000)} SECOND"

    def _insert(self, cursor: Any, rng: Random, rows: int, at: str | None, repeats: int = 3) -> None:
        fixed = {"made": "UTC_TIMESTAMP(6)"} if self.sort.time_column == "made" else {}
        fixed |= {self.sort.cursor: at} if self.sort.cursor and at else {}
        fixed |= {"body": f"REPEAT('0123456789abcdef', {repeats})"} if self.sort.has_body else {}
        rows = 1 if at and at.startswith("-") else rows  # numbers are unique
        names = [*self._given_key, *self._payload_columns]
        places = f"({', '.join([*fixed.values(), *['%s'] * len(names)])})"
        values = [value for _ in range(rows) for value in (*self._new_key(rng), *self._payload(rng))]
        columns = ", ".join([*fixed, *names])
        cursor.execute(f"INSERT INTO {self.name} ({columns}) VALUES {', '.join([places] * rows)}", values)

    def _set(self, cursor: Any, rng: Random, more: str) -> None:
        assigned = more + ", ".join(f"{name} = %s" for name in self._payload_columns)
        for key in self._some_keys(cursor, rng):
            cursor.execute(f"UPDATE {self.name} SET {assigned} {self._where}", [*self._payload(rng), *key])

    def _some_keys(self, cursor: Any, rng: Random) -> list[tuple[Any, ...]]:
        order = f"ORDER BY RAND({rng.randrange(1 << 30)}) LIMIT {rng.randint(1, 4)}"
        cursor.execute(f"SELECT {', '.join(self.sort.key)} FROM {self.name} {order}")
        return list(cursor.fetchall())

    @property
    def _where(self) -> str:
        return "WHERE " + " AND ".join(f"{name} = %s" for name in self.sort.key)

    @property
    def _given_key(self) -> tuple[str, ...]:
        return self.sort.key if "code" in self.sort.key else ()

    def _new_key(self, rng: Random) -> list[Any]:
        return [rng.randint(-2, 11), f"{rng.choice(_PREFIXES)}{next(self._codes)}"] if self._given_key else []

    @property
    def _payload_columns(self) -> list[str]:
        return ["n", "amount", "note", "raw", *self.extras]

    def _payload(self, rng: Random) -> list[Any]:
        numbers = [rng.randint(-(2**31), 2**31 - 1), f"{rng.randint(-99999999, 99999999) / 100:.2f}"]
        payload = [*numbers, rng.choice(_NOTES), rng.randbytes(rng.randint(0, 8))]
        payload += [rng.choice(_NOTES) for _ in self._payload_columns[len(payload) :]]
        return [None if rng.random() < 0.1 else value for value in payload]


_CHANGES: dict[str, Callable[[ScheduleTable, Any, Random], None]] = {
    "insert": ScheduleTable.insert,
    "insert earlier": ScheduleTable.insert_earlier,
    "insert without cursor": ScheduleTable.insert_without_cursor,
    "zero cursor": ScheduleTable.insert_zero,
    "update": ScheduleTable.update,
    "lose cursor": ScheduleTable.lose_cursor,
    "silent update": ScheduleTable.update_silently,
    "move key": ScheduleTable.move_key,
    "delete": ScheduleTable.delete,
}
