"""The rewriter: the exact SQL for an old server, and the queries it refuses."""

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
from include.segmentation.extract.rewrite.query_levels import build_level
from include.segmentation.extract.rewrite.query_parsing import parse_query
from include.segmentation.extract.rewrite.value_kinds import UnsupportedSqlError
from include.segmentation.profile.mysql_source import ReadPace

CASES = Path(__file__).parent / "rewrite"
CREATE, INDEXES = (CASES / "events.sql").read_text().split(";")
GOLDEN = sorted(path for path in (CASES / "golden").glob("*.sql") if not path.name.endswith(".old.sql"))
REFUSED = yaml.safe_load((CASES / "refused.yaml").read_text())


@pytest.fixture
def server(mysql56_database) -> Iterator[MySQLServer]:
    mysql56_database.execute(CREATE, INDEXES, "ALTER TABLE events ADD precise DECIMAL(12, 5)")
    there = mysql56_database.server
    address = Address("shop", "mysql", "127.0.0.1", there.port, there.user, PASSWORD, mysql56_database.name)
    with connect_mysql(address, ReadPace()) as server:
        yield server


def test_old_servers_get_the_golden_sql(server):
    tables = describe_tables(server)
    for path in GOLDEN:
        level = build_level(QueryText(path).parse_text(), tables)
        sql = fill_page_marks(rewrite_for_mysql50(level, "happened_at").tree, lambda cursor: f"{cursor} < '2026-01-01'")
        assert sql + "\n" == path.with_suffix(".old.sql").read_text(), path.name
        names = {"events", *level.columns, *(name for table in level.list_tables().values() for name in table.columns)}
        names |= {name for below in level.list_levels() for name in below.sources}
        assert not lacking(sql, "mysql", (5, 0, 0), names), path.name
        assert not unlawful(sql), path.name
        assert not needs_windows(sql), path.name
        assert server.fetch_rows(sql) == ()


def test_queries_without_an_exact_equivalent_are_refused(server):
    tables = describe_tables(server)
    for case in REFUSED:
        if "read" in case:
            assert re.search(case["read"], explain_refusal(build_from_text, case["sql"], tables)), case
            continue
        level = build_from_text(case["sql"], tables)
        assert re.search(case["old"], explain_refusal(rewrite_for_mysql50, level, "happened_at"))
        if "lake" in case:
            assert re.search(case["lake"], explain_refusal(write_duckdb_sql, level))
        else:
            assert write_duckdb_sql(level)


def build_from_text(sql, tables):
    return build_level(parse_query(sql), tables)


def explain_refusal(function, *arguments) -> str:
    with pytest.raises(UnsupportedSqlError) as raised:
        function(*arguments)
    return str(raised.value)
