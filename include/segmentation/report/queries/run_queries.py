"""Rows about a run, its segments and what became of their customers."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from include.segmentation.errors import DataError
from include.segmentation.report.queries.run_rows import read_run_rows
from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection, UndefinedTableError
from include.segmentation.warehouse.queries import query_objects

RUNS_IN_TREND = 60
RUNS_OF_MOVES = 12
COHORTS_SHOWN = 6

_RECENT_RUNS = """
    SELECT as_of FROM segmentation_run
    WHERE cadence = %(cadence)s AND as_of <= %(as_of)s
    ORDER BY as_of DESC LIMIT %(runs)s
"""

# A key's wording at the run: its newest version up to as_of, or its first version where all are later.
_SEGMENT_AT_RUN = """
    SELECT DISTINCT ON (segment_key) *
    FROM dim_segment
    ORDER BY segment_key, valid_from > %(as_of)s, abs(extract(epoch FROM valid_from - %(as_of)s))
"""


@dataclass(frozen=True)
class PublishedRun:
    """The run's own row: its inputs, models and checks."""

    as_of: datetime
    customers: int
    unknown_rows: int
    quarantined: int
    look_ahead: bool
    is_stale: bool
    complete_through: dict[str, Any]
    models: dict[str, str]
    kpis: dict[str, dict[str, Any]]
    analytics: dict[str, dict[str, Any]]
    gates: list[dict[str, Any]]
    versions: dict[str, Any]


@dataclass(frozen=True)
class PublishedSegment:
    """A segment's wording at the run.

    Attributes:
        name: the alias, or the name made from its bands where it has no alias.
        full_name: the name made from its bands; empty without an alias.
        fidelity: how well ``rule_words`` matches the exact rule, 0 to 1; None where it was not measured.
    """

    segment_key: str
    macro_segment: str
    stratum: str
    stratum_label: str
    path: str
    name: str
    full_name: str
    rule_words: str
    fidelity: float | None
    recommended_action: str
    owner: str

    @property
    def short_path(self) -> str:
        """The path without its macro segment: ``repeat.02``."""
        return self.path.removeprefix(f"{self.macro_segment}.")


@dataclass(frozen=True)
class SegmentSize:
    """The customers of a segment at a run."""

    as_of: datetime
    macro_segment: str
    segment_key: str
    customers: int
    share: float
    entered: int | None
    left: int | None
    suppressed: bool


@dataclass(frozen=True)
class KpiSpread:
    """The distribution of a KPI in a segment; None where undefined or suppressed."""

    segment_key: str
    kpi: str
    p25: float | None
    p50: float | None
    p75: float | None
    band: str | None


@dataclass(frozen=True)
class SegmentMove:
    """Customers who went from one segment to another since the previous run.

    ``from_key`` is ``new`` for customers who were not there before, ``to_key`` is ``left`` for those who are gone.
    Four counts split the movers by reason; ``boundary_noise`` counts those near a border.
    """

    as_of: datetime
    macro_segment: str
    from_key: str
    to_key: str
    customers: int
    share: float
    activity: int
    ageing: int
    late_data: int
    refit: int
    boundary_noise: int


@dataclass(frozen=True)
class CohortSpread:
    """A KPI in one segment of a registration cohort, at the end of a month since registration."""

    macro_segment: str
    cohort: date
    month: int
    segment_key: str
    kpi: str
    customers: int
    share: float
    p25: float | None
    p50: float | None
    p75: float | None


def read_published_run(connection: Connection, run: Run) -> PublishedRun:
    """Return the run's own row.

    Raises:
        DataError: the run has not been published.
    """
    try:
        rows = read_run_rows(connection, run, "segmentation_run", PublishedRun, "as_of")
    except UndefinedTableError:
        rows = []
    if not rows:
        raise DataError(
            f"run {run.run_id} is not published in warehouse schema '{run.profile.warehouse.schema_name}'; "
            "run the publish stage first (python -m include.segmentation publish …)"
        )
    return rows[0]


def read_run_before(connection: Connection, run: Run) -> PublishedRun | None:
    """Return the newest earlier run of the same cadence; None for a first run."""
    columns = ", ".join(field.name for field in fields(PublishedRun))
    query = f"""
        SELECT {columns}
        FROM segmentation_run
        WHERE cadence = %(cadence)s AND as_of < %(as_of)s
        ORDER BY as_of DESC
        LIMIT 1
    """
    rows = query_objects(connection, PublishedRun, query, run)
    return rows[0] if rows else None


def read_segments(connection: Connection, run: Run) -> dict[str, PublishedSegment]:
    """Return every segment ever published by key, with its wording at the run."""
    rows = query_objects(
        connection,
        PublishedSegment,
        f"""
        SELECT segment_key, macro_segment, stratum, stratum_label, path, coalesce(alias, name) AS name,
            CASE WHEN alias IS NULL THEN '' ELSE name END AS full_name, rule_words, fidelity, recommended_action, owner
        FROM ({_SEGMENT_AT_RUN}) AS at_run
        """,
        run,
    )
    return {row.segment_key: row for row in rows}


def read_sizes(connection: Connection, run: Run) -> list[SegmentSize]:
    """Return the sizes of all segments at this run and earlier ones, by time."""
    return query_objects(
        connection,
        SegmentSize,
        f"""
        SELECT as_of, macro_segment, segment_key, customers, share, entered, "left", suppressed
        FROM fct_segment_size
        WHERE cadence = %(cadence)s AND parent_key IS NULL AND as_of IN ({_RECENT_RUNS})
        ORDER BY as_of, segment_key
        """,
        run,
        runs=RUNS_IN_TREND,
    )


def read_spreads(connection: Connection, run: Run) -> dict[tuple[str, str], KpiSpread]:
    """Return the distribution of every KPI in every segment, by (segment key, KPI)."""
    rows = read_run_rows(connection, run, "fct_segment_profile", KpiSpread, "segment_key, kpi")
    return {(row.segment_key, row.kpi): row for row in rows}


def read_moves(connection: Connection, run: Run) -> list[SegmentMove]:
    """Return who went where, or stayed, at this run and earlier ones; the largest groups first."""
    return query_objects(
        connection,
        SegmentMove,
        f"""
        SELECT
            as_of, macro_segment, from_key, to_key, customers, share, activity, ageing, late_data, refit,
            boundary_noise
        FROM fct_segment_migration
        WHERE cadence = %(cadence)s AND as_of IN ({_RECENT_RUNS})
        ORDER BY customers DESC, as_of, from_key, to_key
        """,
        run,
        runs=RUNS_OF_MOVES,
    )


def read_cohorts(connection: Connection, run: Run) -> list[CohortSpread]:
    """Return the complete months of the newest registration cohorts."""
    return query_objects(
        connection,
        CohortSpread,
        """
        WITH complete AS (
            SELECT * FROM fct_cohort_segment
            WHERE (cohort + interval '1 month') AT TIME ZONE %(zone)s + month * interval '30 days' <= %(as_of)s
        )
        SELECT macro_segment, cohort, month, segment_key, kpi, customers, share, p25, p50, p75
        FROM complete
        WHERE cohort IN (SELECT DISTINCT cohort FROM complete ORDER BY cohort DESC LIMIT %(cohorts)s)
        ORDER BY cohort, month, segment_key, kpi
        """,
        run,
        zone=run.profile.time_zone,
        cohorts=COHORTS_SHOWN,
    )


def read_micro_sizes(connection: Connection, run: Run) -> list[SegmentSize]:
    """Return the sizes of the micro segments at the run."""
    return query_objects(
        connection,
        SegmentSize,
        """
        SELECT as_of, macro_segment, segment_key, customers, share, entered, "left", suppressed
        FROM fct_segment_size
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s AND parent_key IS NOT NULL
        ORDER BY segment_key
        """,
        run,
    )
