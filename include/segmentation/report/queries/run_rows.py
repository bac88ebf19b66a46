"""Rows of one published table about one run."""

from dataclasses import fields
from typing import TypeVar

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection
from include.segmentation.warehouse.queries import query_objects

_Row = TypeVar("_Row")


def read_run_rows(connection: Connection, run: Run, table: str, kind: type[_Row], order: str) -> list[_Row]:
    """Return the run's rows of a published table as objects of a dataclass.

    Args:
        connection: the warehouse.
        run: the run.
        table: the published table; it has the columns ``cadence`` and ``as_of``.
        kind: a dataclass whose fields are columns of the table.
        order: the columns to sort by, as SQL.
    """
    columns = ", ".join(quote_identifier(field.name) for field in fields(kind))  # type: ignore[arg-type]
    query = f"SELECT {columns} FROM {table} WHERE cadence = %(cadence)s AND as_of = %(as_of)s ORDER BY {order}"
    return query_objects(connection, kind, query, run)
