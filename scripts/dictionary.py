"""Write docs/tables.md, the dictionary of the published tables, from the table objects.

Usage: python scripts/dictionary.py [--check]    (--check only reports whether the page is up to date)
"""

import sys
import textwrap
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

from include.segmentation.publish import tables  # noqa: E402 - the script runs without PYTHONPATH
from include.segmentation.warehouse.published_table import PublishedTable, discover_tables  # noqa: E402

PAGE = CHECKOUT / "docs" / "tables.md"
INTRODUCTION = """# Published tables

The contract with BI tools: one PostgreSQL schema per profile. Times are UTC, validity is half-open
`[valid_from, valid_to)`, and every table is written in one transaction per run. `make docs`
generates this page from `include/segmentation/publish/tables/`. Table `alembic_version` holds the
version of the tables for migrations.
"""


def write_section(table: PublishedTable) -> str:
    """Write one table's heading, meaning and columns as Markdown."""
    lines = [f"## {table.name}", "", wrap_prose(table.comment), ""]
    if table.profile_columns_note:
        lines += [wrap_prose(table.profile_columns_note), ""]
    lines += [wrap_prose(f"Key: {', '.join(f'`{name}`' for name in table.primary_key)}."), ""]
    lines += ["| column | type | meaning |", "|---|---|---|"]
    for column in table.columns:
        lines.append(f"| `{column.name}` | {column.type.split(' COLLATE')[0]} | {column.comment} |")
    return "\n".join(lines) + "\n"


def wrap_prose(text: str) -> str:
    """Wrap a paragraph as all pages are."""
    return textwrap.fill(text, 98, break_long_words=False, break_on_hyphens=False)


def write_page() -> str:
    """Write the whole dictionary."""
    return "\n".join([INTRODUCTION, *map(write_section, discover_tables(tables))])


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(write_page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != write_page():
        sys.exit(f"{PAGE.relative_to(CHECKOUT)} is out of date: run `make docs`")
