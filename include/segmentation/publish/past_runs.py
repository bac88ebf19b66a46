"""The published runs that a run is compared with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.segmentation.publish.row_counts import ExtractCounts
from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection, connect_warehouse


@dataclass(frozen=True)
class PastRun:
    """What gates look at of a published run.

    Attributes:
        rows: per extract; empty for a run that was published before rows were counted.
        drift: its measures; empty where none were taken.
    """

    as_of: datetime
    customers: int
    rows: ExtractCounts
    drift: list[dict[str, Any]]


@dataclass(frozen=True)
class PastRuns:
    """The runs of the same cadence right before and, to half a week, a year before."""

    before: PastRun | None
    year_ago: PastRun | None


# Through to_jsonb, as the table may have been made before it had all of these columns.
_RUN = """
    SELECT as_of, customers, coalesce(to_jsonb(run) -> 'rows', '{}'), coalesce(to_jsonb(run) -> 'drift', '[]')
    FROM segmentation_run AS run
    WHERE cadence = %(cadence)s AND
"""
_BEFORE = _RUN + "as_of < %(as_of)s ORDER BY as_of DESC LIMIT 1"
_YEAR_AGO = (
    _RUN
    + """
    abs(extract(epoch FROM as_of AT TIME ZONE %(zone)s - (%(as_of)s AT TIME ZONE %(zone)s - interval '1 year')))
        <= extract(epoch FROM interval '3.5 days')
    ORDER BY abs(extract(epoch FROM as_of - (%(as_of)s - interval '1 year'))) LIMIT 1
"""
)


def read_past_runs(run: Run) -> PastRuns:
    """Look the runs up in the warehouse.

    Raises:
        UnavailableError: the warehouse can not be reached.
        SourceError: it refuses.
    """
    with connect_warehouse(run.profile) as connection:
        if connection.execute("SELECT to_regclass('segmentation_run')").fetchone() == (None,):
            return PastRuns(None, None)
        return PastRuns(_find(connection, run, _BEFORE), _find(connection, run, _YEAR_AGO))


def _find(connection: Connection, run: Run, query: str) -> PastRun | None:
    parameters = {"cadence": run.cadence, "as_of": run.as_of, "zone": run.profile.time_zone}
    row = connection.execute(query.encode(), parameters).fetchone()
    return PastRun(*row) if row else None
