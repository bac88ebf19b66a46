"""A published table is one object in one file."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from publish_shop import Customer, Shop

from include.segmentation.publish import publish, tables
from include.segmentation.warehouse.published_table import Column, PublishedTable, discover_tables, fingerprint_tables
from scripts.dictionary import write_page

ROOT = Path(__file__).parents[2]
NEW_TABLE = Path(__file__).with_name("new_table")


@pytest.fixture
def _new_table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tables, "__path__", [*tables.__path__, str(NEW_TABLE)])


@pytest.mark.usefixtures("_new_table")
def test_a_new_table_is_one_file(shop: Shop) -> None:
    shop.accept("2025-01-01")
    run = shop.run("2025-01-01")
    shop.leave(run, {f"c{i}": Customer(country="DE" if i else "FR") for i in range(5)})

    assert publish(run)["rows"]["fct_country"] == 2
    publish(run)

    assert shop.rows("SELECT cadence, as_of = %s, country, customers FROM fct_country ORDER BY 3", run.as_of) == [
        ("monthly", True, "DE", 4),
        ("monthly", True, "FR", 1),
    ]
    comments = "SELECT obj_description('fct_country'::regclass), col_description('fct_country'::regclass, 4)"
    assert shop.rows(comments) == [("One row per run and country.", "The number of the country's customers.")]
    assert "| `customers` | bigint | The number of the country's customers. |" in write_page()


def test_every_table_is_in_the_dictionary() -> None:
    page = (ROOT / "docs" / "tables.md").read_text()
    assert [table.name for table in discover_tables(tables)] == re.findall(r"^## (\w+)$", page, re.MULTILINE)


def test_names_and_keys_of_tables_are_their_own() -> None:
    for table in discover_tables(tables):
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names), table.name
        assert set(table.primary_key) <= set(names), table.name
        assert all(column.comment.endswith((".", ")")) for column in table.columns), table.name
        assert (Path(tables.__path__[0]) / f"{table.name}.py").is_file()


def test_a_changed_declaration_has_another_fingerprint() -> None:
    def table(comment: str, kind: str = "text") -> PublishedTable:
        return PublishedTable("t", comment, (Column("a", kind, "A."),), primary_key=("a",))

    prints = [fingerprint_tables([each]) for each in (table("x"), table("x"), table("y"), table("x", "bigint"))]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_only_the_warehouse_imports_its_driver() -> None:
    folders = ("include", "dags", "plugins", "demo", "scripts", "benchmarks")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    users = [str(f.relative_to(ROOT)) for f in files if re.search(r"^\s*(import|from) psycopg\b", f.read_text(), re.M)]
    assert [user for user in users if not user.startswith("include/segmentation/warehouse/")] == []
