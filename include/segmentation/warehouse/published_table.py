"""A published table as one object: its DDL, comments, dictionary entry and loading follow from it."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pyarrow as pa

from include.segmentation.common.sql_quoting import quote_identifier, quote_string
from include.segmentation.warehouse.connection import Connection

Row = dict[str, Any]
BYTEWISE_TEXT = 'text COLLATE "C"'
"""Text that is compared byte by byte, which is several times faster than by the rules of a language."""


@dataclass(frozen=True)
class Column:
    """A column of a published table.

    Attributes:
        type: in PostgreSQL's words.
        constraint: further SQL, such as a DEFAULT or a CHECK.
    """

    name: str
    type: str
    comment: str
    nullable: bool = False
    constraint: str = ""

    def write_definition(self) -> str:
        """Write the column as a line of CREATE TABLE."""
        not_null = "" if self.nullable else "NOT NULL"
        return " ".join(filter(None, (quote_identifier(self.name), self.type, not_null, self.constraint)))


@dataclass(frozen=True)
class PublishedTable:
    """A published table: what it looks like, what it means and how a run fills it.

    Every maker gets the run's inputs. The columns ``cadence``, ``as_of`` and ``run_id`` are filled in where its rows
    leave them out. A table without a maker is derived from other tables, or written by the stage itself.

    Attributes:
        primary_key: its columns.
        constraints: further table constraints, as SQL.
        indexes: name -> what follows ``ON <table>``.
        replaces: a run's rows replace those with equal values in these columns; without columns, all rows.
        newest_by: if set, rows are merged by the primary key instead, and never replace a row with a later value here.
        derivation: statement in sql/warehouse/derive that derives the table, or merges the rows that are staged for it.
        make_rows: makes the run's rows, before the transaction begins.
        stream_rows: makes them in batches, for tables with a row per customer.
        is_due: whether this run fills the table at all.
        list_profile_columns: the columns that the profile adds.
        profile_columns_note: what the dictionary says about them.
    """

    name: str
    comment: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    indexes: Mapping[str, str] = field(default_factory=dict)
    replaces: tuple[str, ...] = ("cadence", "as_of")
    newest_by: str = ""
    derivation: str = ""
    make_rows: Callable[[Any], Iterable[Row]] | None = None
    stream_rows: Callable[[Any], pa.RecordBatchReader] | None = None
    is_due: Callable[[Connection, Any], bool] | None = None
    list_profile_columns: Callable[[Any], list[Column]] | None = None
    profile_columns_note: str = ""

    def write_ddl(self) -> str:
        """Write the statements that create the table and its indexes where they are missing."""
        key = f"PRIMARY KEY ({', '.join(map(quote_identifier, self.primary_key))})"
        lines = [*(column.write_definition() for column in self.columns), key, *self.constraints]
        create = f"CREATE TABLE IF NOT EXISTS {self.name} (\n    " + ",\n    ".join(lines) + "\n);\n"
        indexes = (f"CREATE INDEX IF NOT EXISTS {name} ON {self.name} {rest};\n" for name, rest in self.indexes.items())
        return create + "".join(indexes)

    def write_comment(self) -> str:
        """Write the statement that comments the table."""
        return f"COMMENT ON TABLE {self.name} IS {quote_string(self.comment)};\n"

    def write_column_comment(self, column: Column) -> str:
        """Write the statement that comments a column."""
        return f"COMMENT ON COLUMN {self.name}.{quote_identifier(column.name)} IS {quote_string(column.comment)};\n"


def discover_tables(package: ModuleType) -> list[PublishedTable]:
    """List the tables that the modules of a package define, by name."""
    modules = [import_module(f"{package.__name__}.{module.name}") for module in iter_modules(package.__path__)]
    tables = {
        value.name: value for module in modules for value in vars(module).values() if isinstance(value, PublishedTable)
    }
    return [tables[name] for name in sorted(tables)]


def fingerprint_tables(tables: Sequence[PublishedTable]) -> str:
    """Fingerprint the declarations of tables, which is stored with every run."""
    texts = [table.write_ddl() + table.comment + "".join(c.comment for c in table.columns) for table in tables]
    return hashlib.sha256("".join(texts).encode()).hexdigest()[:12]
