"""Write docs/tables.md, the dictionary of the published tables, from the DDL and its comments.

Usage: python scripts/dictionary.py [--check]    (--check only says whether the page is up to date)
"""

import re
import sys
from pathlib import Path

import sqlglot
from sqlglot import exp

CHECKOUT = Path(__file__).resolve().parents[1]
DDL = CHECKOUT / "include" / "sql" / "warehouse"
PAGE = CHECKOUT / "docs" / "tables.md"
INTRODUCTION = """# Published tables

The contract with BI tools: one PostgreSQL schema per profile. Times are UTC, validity is half-open
`[valid_from, valid_to)`, and every table is written in one transaction per run. This page is generated from
`include/sql/warehouse/*.sql` by `make docs`.
"""
_COMMENT = re.compile(r"COMMENT ON (TABLE|COLUMN) ([\w.\"]+) IS '((?:[^']|'')*)';")


def table_section(path: Path) -> str:
    """One table's heading, meaning and columns as Markdown."""
    text = path.read_text(encoding="utf-8")
    comments = {name.replace('"', ""): words.replace("''", "'") for _, name, words in _COMMENT.findall(text)}
    table = next(tree for tree in sqlglot.parse(text, read="postgres") if isinstance(tree, exp.Create))
    lines = [f"## {path.stem}", "", comments[path.stem], ""]
    added = re.match(r"((?:-- .*\n)+)", text)
    if added:
        lines += [" ".join(line[3:] for line in added[1].splitlines()), ""]
    lines += ["| column | type | meaning |", "|---|---|---|"]
    for column in table.this.expressions:
        if isinstance(column, exp.ColumnDef):
            kind = column.args["kind"].sql("postgres").lower()
            lines.append(f"| `{column.name}` | {kind} | {comments[f'{path.stem}.{column.name}']} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """The whole dictionary."""
    return "\n".join([INTRODUCTION, *(table_section(path) for path in sorted(DDL.glob("*.sql")))])


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit(f"{PAGE.relative_to(CHECKOUT)} is out of date: run `make docs`")
