"""A page is a short range of an index, whatever the key: checked by the plan and by the rows that the server reads."""

from datetime import datetime, timedelta

import pytest

from include.segmentation.extract.mysql.page import page_reader
from include.segmentation.extract.mysql.server import mysql_server as server_module

START = datetime(2025, 1, 1)
ROWS, PAGE = 6000, 500
KEYS = {
    "time and number": ("id BIGINT PRIMARY KEY, at DATETIME NOT NULL, KEY (at, id)", ["id"], "at"),
    "time, and the primary key that InnoDB adds": (
        "id BIGINT PRIMARY KEY, at DATETIME NOT NULL, KEY (at)",
        ["id"],
        "at",
    ),
    "number alone": ("id INT UNSIGNED PRIMARY KEY, at DATETIME NOT NULL", ["id"], "id"),
    "composite": (
        "at DATETIME(3) NOT NULL, shop SMALLINT, till BIGINT UNSIGNED, PRIMARY KEY (at, shop, till)",
        ["at", "shop", "till"],
        "at",
    ),
    "texts": (
        "code VARCHAR(20) CHARACTER SET utf8mb4, part CHAR(3) CHARACTER SET latin1, at DATE NOT NULL,"
        " PRIMARY KEY (code, part), KEY (at, code, part)",
        ["code", "part"],
        "at",
    ),
    "texts, in a snapshot": (
        "code VARCHAR(20) CHARACTER SET utf8mb4, part CHAR(3) CHARACTER SET latin1, PRIMARY KEY (code, part)",
        ["code", "part"],
        None,
    ),
    "bytes and decimals": (
        "at TIMESTAMP NOT NULL DEFAULT 0, raw VARBINARY(8), price DECIMAL(30, 10), PRIMARY KEY (at, raw, price)",
        ["at", "raw", "price"],
        "at",
    ),
}
VALUES = {
    "id": lambda i: i,
    "at": lambda i: START + timedelta(hours=i // 40),
    "shop": lambda i: i % 4,
    "till": lambda i: 2**63 + i,
    "code": lambda i: f"ä{i // 3:05}",
    "part": lambda i: f"é{i % 3}",
    "raw": lambda i: i.to_bytes(2, "big"),
    "price": lambda i: f"{i}.0000000001",
}


@pytest.mark.parametrize("key", KEYS)
def test_a_page_reads_about_as_many_rows_as_it_has(key, database, shop, monkeypatch):
    columns, primary_key, cursor = KEYS[key]
    names = [*dict.fromkeys([word for word in VALUES if f"{word} " in columns])]
    database.execute(f"CREATE TABLE events ({columns}, note INT) ENGINE=InnoDB")
    with database.connect() as connection:
        places = ", ".join(["%s"] * len(names))
        rows = [[VALUES[name](i) for name in names] for i in range(ROWS)]
        connection.cursor().executemany(f"INSERT INTO events ({', '.join(names)}) VALUES ({places})", rows)
    database.execute("ANALYZE TABLE events")
    monkeypatch.setattr(page_reader, "PAGE_ROWS", PAGE)
    pages: list[tuple[str, int]] = []
    read = server_module.MySQLServer.read_rows

    def counting(self, sql, take):
        before = handled(self)
        whole = read(self, sql, take)
        pages.append((sql, handled(self) - before))
        return whole

    monkeypatch.setattr(server_module.MySQLServer, "read_rows", counting)
    declared = {"kind": "table", "source": "mysql", "table": "events", "primary_key": primary_key}
    declared |= {"mode": "merge", "cursor": cursor} if cursor else {"mode": "snapshot"}
    pulled = shop(database, events=declared).pull()
    assert pulled["rows_read"] == ROWS
    assert len(pages) >= ROWS // PAGE
    assert max(count for _, count in pages) < 1.3 * PAGE + 50
    in_the_middle = database.execute(f"EXPLAIN {pages[len(pages) // 2][0]}")[0]
    assert in_the_middle[3] == "range"
    assert "filesort" not in in_the_middle[9]


def handled(server):
    """The index entries and rows that this session's statements have looked at."""
    rows = server.fetch_rows(
        "SHOW SESSION STATUS WHERE Variable_name RLIKE '^Handler_read_(first|key|next|prev|rnd|rnd_next)$'"
    )
    return sum(int(value) for _, value in rows)
