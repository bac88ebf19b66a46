"""Queries whose rows come as objects."""

from typing import Any, TypeVar

from psycopg.rows import class_row, dict_row, namedtuple_row

from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection

_Row = TypeVar("_Row")


def query_objects(connection: Connection, kind: type[_Row], sql: str, run: Run, **more: Any) -> list[_Row]:
    """Return the rows of a query as objects of a class, matching columns to fields by name.

    The query may use the parameters ``cadence``, ``as_of`` and ``run_id`` of the run, and those in ``more``.
    """
    parameters = {"cadence": run.cadence, "as_of": run.as_of, "run_id": run.run_id, **more}
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(sql.encode(), parameters).fetchall()


def query_named_tuples(connection: Connection, sql: str, parameters: Any = None) -> list[Any]:
    """Return the rows of a query as named tuples."""
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(sql.encode(), parameters).fetchall()


def query_dicts(connection: Connection, sql: str, parameters: Any = None) -> list[dict[str, Any]]:
    """Return the rows of a query as dictionaries."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.encode(), parameters).fetchall()
