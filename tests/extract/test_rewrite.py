"""The rewriter: what an old server gets, word by word, and what it is not asked."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from extract_grammar import lacking, needs_windows, unlawful

from demo.servers import PASSWORD
from include.segmentation.connections import Address
from include.segmentation.extract.mysql.query_extract import QueryText, describe_tables
from include.segmentation.extract.mysql.server.connection_slots import connect_mysql
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.rewrite.duckdb_equivalent import write_duckdb_sql
from include.segmentation.extract.rewrite.mysql50_equivalent import rewrite_for_mysql50
from include.segmentation.extract.rewrite.page_marks import fill_page_marks
from include.segmentation.extract.rewrite.query_levels import build_level, parse_query
from include.segmentation.extract.rewrite.value_kinds import DeclinedError
from include.segmentation.profile.mysql_source import ReadPace

CASES = Path(__file__).parent / "rewrite"
CREATE, INDEXES = (CASES / "events.sql").read_text().split(";")
GOLDEN = sorted(path for path in (CASES / "golden").glob("*.sql") if not path.name.endswith(".old.sql"))
DECLINED = yaml.safe_load((CASES / "declined.yaml").read_text())


@pytest.fixture
def server(mysql56_database) -> Iterator[MySQLServer]:
    mysql56_database.execute(CREATE, INDEXES, "ALTER TABLE events ADD precise DECIMAL(12, 5)")
    there = mysql56_database.server
    address = Address("shop", "mysql", "127.0.0.1", there.port, there.user, PASSWORD, mysql56_database.name)
    with connect_mysql(address, ReadPace()) as server:
        yield server


def test_old_servers_get_what_is_written_down(server):
    for path in GOLDEN:
        level = build_level(QueryText(path).parse_text(), describe_tables(server))
        sql = fill_page_marks(rewrite_for_mysql50(level, "happened_at").tree, lambda cursor: f"{cursor} < '2026-01-01'")
        assert sql + "\n" == path.with_suffix(".old.sql").read_text(), path.name
        names = {"events", *level.columns, *(name for table in level.list_tables().values() for name in table.columns)}
        names |= {name for below in level.list_levels() for name in below.sources}
        assert not lacking(sql, "mysql", (5, 0, 0), names), path.name
        assert not unlawful(sql), path.name
        assert not needs_windows(sql), path.name
        assert server.fetch_rows(sql) == ()


def test_what_is_not_exact_is_declined(server):
    for case in DECLINED:
        tables = describe_tables(server)
        if "read" in case:
            assert re.search(case["read"], why(read_text, case["sql"], tables))
            continue
        level = read_text(case["sql"], tables)
        assert re.search(case["old"], why(rewrite_for_mysql50, level, "happened_at"))
        if "lake" in case:
            assert re.search(case["lake"], why(write_duckdb_sql, level))
        else:
            assert write_duckdb_sql(level)


def read_text(sql, tables):
    return build_level(parse_query(sql), tables)


def why(make, *what) -> str:
    with pytest.raises(DeclinedError) as raised:
        make(*what)
    return str(raised.value)
