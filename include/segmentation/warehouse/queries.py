"""Ask the warehouse one question about a run."""

from typing import Any, TypeVar

import psycopg
from psycopg.rows import class_row

from include.segmentation.run import Run

_Row = TypeVar("_Row")


def query_objects(connection: psycopg.Connection, kind: type[_Row], sql: str, run: Run, **more: Any) -> list[_Row]:
    """The rows of a query as objects of a kind, column by name.

    The query may name the parameters ``cadence`` and ``as_of`` of the run, and those in ``more``.
    """
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        cursor.execute(sql.encode(), {"cadence": run.cadence, "as_of": run.as_of, **more})
        return cursor.fetchall()
