"""The published runs that a run is compared with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.segmentation.publish.row_counts import ExtractCounts
from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection, connect_warehouse


@dataclass(frozen=True)
class PastRun:
    """What gates compare with of a published run.

    Attributes:
        rows: per extract; empty for runs of versions that did not count them.
        drift: its measures; empty if drift was not measured.
    """

    as_of: datetime
    customers: int
    rows: ExtractCounts
    drift: list[dict[str, Any]]


@dataclass(frozen=True)
class PastRuns:
    """The previous run of the same cadence, and the one a year earlier (within half a week)."""

    before: PastRun | None
    year_ago: PastRun | None


# to_jsonb, because an older version may have created the table without these columns.
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
    """Look up the runs in the warehouse.

    Raises:
        UnavailableError: the warehouse cannot be reached.
        SourceError: it refuses.
    """
    with connect_warehouse(run.profile) as connection:
        if connection.execute("SELECT to_regclass('segmentation_run')").fetchone() == (None,):
            return PastRuns(None, None)
        return PastRuns(_find_run(connection, run, _BEFORE), _find_run(connection, run, _YEAR_AGO))


def find_neighbours(connection: Connection, run: Run) -> tuple[datetime | None, datetime | None]:
    """Find the published as_ofs of the same cadence right before and right after the run's."""
    row = connection.execute(
        "SELECT max(as_of) FILTER (WHERE as_of < %(as_of)s), min(as_of) FILTER (WHERE as_of > %(as_of)s) "
        "FROM segmentation_run WHERE cadence = %(cadence)s",
        {"as_of": run.as_of, "cadence": run.cadence},
    ).fetchone()
    return row or (None, None)


def _find_run(connection: Connection, run: Run, query: str) -> PastRun | None:
    parameters = {"cadence": run.cadence, "as_of": run.as_of, "zone": run.profile.time_zone}
    row = connection.execute(query.encode(), parameters).fetchone()
    return PastRun(*row) if row else None
