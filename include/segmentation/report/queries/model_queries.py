"""Rows about the run's models: what the fit tried and chose, and how far customers have drifted since."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection
from include.segmentation.warehouse.queries import query_objects

RUNS_OF_DRIFT = 12


@dataclass(frozen=True)
class FitMetric:
    """One metric of a cut that the fit tried."""

    macro_segment: str
    stratum: str
    algorithm: str
    k: int
    metric: str
    value: float | None
    standard_error: float | None


@dataclass(frozen=True)
class PublishedCut:
    """How the model cut one stratum, or one segment into micro segments.

    Attributes:
        stratum: its name in the evidence: ``repeat`` for a stratum, ``repeat.02`` for a segment.
        parent_key: the segment's key; None for a stratum.
        keys: the keys of its segments or micro segments.
        joins: which of them are alike: left, right and height of each join.
        note: why the fit chose this cut.
    """

    macro_segment: str
    stratum: str
    label: str
    parent_key: str | None
    keys: list[str]
    joins: list[dict[str, Any]]
    note: str


@dataclass(frozen=True)
class PublishedPicture:
    """A sample of a stratum at the fit, in the plane of its first two principal components.

    Attributes:
        stratum: the label of the stratum.
        keys: the keys of its segments, in order.
        kpis: the KPIs it is clustered on, in the order of the loadings.
        variance: the share of the variance that each component explains.
        silhouette, silhouette_in_plane: the mean over the segments, in all KPIs and in the plane alone.
        silhouettes: by segment, those of single customers in all KPIs, the highest first; empty where not stored.
        points, segments: the customers, and the ordinals of their segments from 0.
    """

    macro_segment: str
    stratum: str
    keys: list[str]
    kpis: list[str]
    variance: list[float]
    loadings: list[list[float]]
    silhouette: float | None
    silhouette_in_plane: float | None
    silhouettes: list[list[float]]
    points: list[list[float]]
    segments: list[int]


@dataclass(frozen=True)
class RunDrift:
    """The drift measured at one run; each measure has macro_segment, metric, stratum, kpi and value."""

    as_of: datetime
    drift: list[dict[str, Any]]
    models: dict[str, str]


def read_evidence(connection: Connection, run: Run) -> list[FitMetric]:
    """Return every metric of every cut that the run's models tried."""
    return query_objects(
        connection,
        FitMetric,
        """
        SELECT quality.macro_segment, stratum, algorithm, k, metric, value, standard_error
        FROM fct_model_quality AS quality
        JOIN segmentation_run AS run ON run.models ->> quality.macro_segment = quality.model_id
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s
        ORDER BY algorithm, k, metric
        """,
        run,
    )


def read_cuts(connection: Connection, run: Run) -> list[PublishedCut]:
    """Return how the run's models cut each stratum and its segments, in order."""
    return query_objects(
        connection,
        PublishedCut,
        """
        WITH stratum AS (
            SELECT dim_model.macro_segment, nth, body
            FROM segmentation_run AS run
            JOIN dim_model ON run.models ->> dim_model.macro_segment = dim_model.model_id,
                jsonb_array_elements(dim_model.model -> 'strata') WITH ORDINALITY AS strata (body, nth)
            WHERE cadence = %(cadence)s AND as_of = %(as_of)s
        ),
        division AS (
            SELECT
                macro_segment, nth, 0 AS part, body ->> 'name' AS stratum, body ->> 'label' AS label,
                NULL AS parent_key, body
            FROM stratum
            UNION ALL
            SELECT
                macro_segment, nth, part, (body ->> 'name') || '.' || lpad(part::text, 2, '0'), segment ->> 'name',
                segment ->> 'key', segment -> 'micro'
            FROM stratum, jsonb_array_elements(body -> 'segments') WITH ORDINALITY AS segments (segment, part)
            WHERE jsonb_typeof(segment -> 'micro') = 'object'
        )
        SELECT
            macro_segment, stratum, label, parent_key, jsonb_path_query_array(body, '$.segments[*].key') AS keys,
            coalesce(body -> 'joins', '[]') AS joins, body ->> 'note' AS note
        FROM division
        ORDER BY macro_segment, nth, part
        """,
        run,
    )


def read_pictures(connection: Connection, run: Run) -> list[PublishedPicture]:
    """Return the pictures of the strata that the run's models cut, in the order of the strata."""
    return query_objects(
        connection,
        PublishedPicture,
        """
        SELECT
            dim_model.macro_segment, stratum ->> 'label' AS stratum,
            jsonb_path_query_array(stratum, '$.segments[*].key') AS keys,
            jsonb_path_query_array(stratum, '$.axes[*].kpi') AS kpis,
            picture -> 'variance' AS variance, picture -> 'loadings' AS loadings,
            (picture ->> 'silhouette')::float AS silhouette,
            (picture ->> 'silhouette_in_plane')::float AS silhouette_in_plane,
            coalesce(picture -> 'silhouettes', '[]') AS silhouettes,
            picture -> 'points' AS points, picture -> 'segments' AS segments
        FROM segmentation_run AS run
        JOIN dim_model ON run.models ->> dim_model.macro_segment = dim_model.model_id,
            jsonb_array_elements(dim_model.model -> 'strata') WITH ORDINALITY AS strata (stratum, nth),
            jsonb_path_query(stratum, '$.picture ? (@ != null)') AS picture
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s
        ORDER BY dim_model.macro_segment, nth
        """,
        run,
    )


def read_drifts(connection: Connection, run: Run) -> list[RunDrift]:
    """Return the drift of this run and earlier ones, the newest first, without runs that did not measure it."""
    return query_objects(
        connection,
        RunDrift,
        """
        SELECT as_of, drift, models
        FROM segmentation_run
        WHERE cadence = %(cadence)s AND as_of <= %(as_of)s AND drift <> '[]'
        ORDER BY as_of DESC
        LIMIT %(runs)s
        """,
        run,
        runs=RUNS_OF_DRIFT,
    )
