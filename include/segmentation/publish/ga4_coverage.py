"""The limits of Google Analytics reports, and their demographics."""

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine.engine import Engine
from include.segmentation.lake.log_columns import BATCH, DELETED
from include.segmentation.profile.ga4_reports import DATE_COLUMN, DEMOGRAPHICS, UNKNOWN_VALUES, GA4Extract, name_column
from include.segmentation.run import Run
from include.segmentation.warehouse.published_table import Row


def read_report_limits(run: Run) -> dict[str, Row]:
    """Read the limits of each Google Analytics report, over its days up to as_of.

    Counts of days: read (``days``), without rows (``empty_days``), and of each flag; ``rows``; ``first_day`` and
    ``last_day``; ``sampled_share``, the least share of events that a day was read from; ``truncated``, Google's
    reasons; ``coverage`` where the profile names a report to compare with.
    """
    reports = {name: each for name, each in run.profile.extracts.items() if isinstance(each, GA4Extract)}
    with run.lake.open_engine() as engine:
        for name in reports:
            _load_days(engine, run, name)
        return {
            name: _count_flags(engine, name)
            | {"coverage": _measure_coverage(engine, name, report) if report.coverage_of else None}
            for name, report in reports.items()
        }


def read_report_demographics(run: Run) -> dict[tuple[str, str], dict[str | None, int]]:
    """Read (report, demographic) -> value -> users, summed over the days up to as_of; None stands for unknown.

    Covers the reports with ``coverage_of``, over the days that both reports have. The sums count users once per day, so
    only shares of them are meaningful.
    """
    users: dict[tuple[str, str], dict[str | None, int]] = {}
    with run.lake.open_engine() as engine:
        for name, report in run.profile.extracts.items():
            if isinstance(report, GA4Extract) and report.coverage_of:
                _load_days(engine, run, name)
                _load_days(engine, run, report.coverage_of)
                for dimension in map(name_column, _list_demographics(report)):
                    users[name, dimension] = _sum_users(engine, name, report, dimension)
    return users


def _list_demographics(report: GA4Extract) -> list[str]:
    return [dimension for dimension in report.dimensions if dimension in DEMOGRAPHICS]


def _sum_users(engine: Engine, name: str, report: GA4Extract, dimension: str) -> dict[str | None, int]:
    metric = name_column(report.metrics[0])
    result = engine.execute(
        f"""
        WITH everybody AS (
            SELECT {DATE_COLUMN}, sum("{metric}") AS users FROM "days_{report.coverage_of}"
            WHERE {DATE_COLUMN} IN (SELECT {DATE_COLUMN} FROM "days_{name}")
            GROUP BY {DATE_COLUMN} HAVING sum("{metric}") > 0
        )
        SELECT "{dimension}", CAST(sum("{metric}") AS BIGINT)
        FROM "days_{name}" SEMI JOIN everybody USING ({DATE_COLUMN})
        WHERE "{dimension}" NOT IN {UNKNOWN_VALUES}
        GROUP BY ALL
        UNION ALL
        SELECT NULL, CAST(coalesce(sum(users), 0) AS BIGINT) FROM everybody
        """
    )
    users: dict[str | None, int] = dict(result.fetch_rows())
    everybody = users.pop(None)
    return users | {None: max(everybody - sum(users.values()), 0)}


def _load_days(engine: Engine, run: Run, name: str) -> None:
    """Fill temporary table ``days_<report>`` with the newest batch of every day before as_of, including empty ones."""
    run.lake.create_log_view(engine, name)
    engine.execute(
        f'CREATE OR REPLACE TEMP TABLE "days_{name}" AS '
        f'SELECT * FROM "{name}" WHERE {DATE_COLUMN} < CAST(? AS TIMESTAMPTZ)::DATE AND ({DATE_COLUMN}, {BATCH}) IN '
        f'(SELECT ({DATE_COLUMN}, max({BATCH})) FROM "{name}" GROUP BY {DATE_COLUMN})',
        [run.as_of],
    )


def _count_flags(engine: Engine, name: str) -> Row:
    result = engine.execute(
        f"""
        WITH days AS (
            SELECT
                {DATE_COLUMN},
                count(*) FILTER (WHERE NOT {DELETED}) AS rows,
                bool_or(subject_to_thresholding) AS thresholded,
                bool_or(data_loss_from_other_row) AS other_row,
                min(sampled_share) AS sampled_share,
                max(truncated) AS truncated
            FROM "days_{name}"
            GROUP BY {DATE_COLUMN}
        )
        SELECT
            count(*) AS days,
            count(*) FILTER (WHERE rows = 0) AS empty_days,
            CAST(coalesce(sum(rows), 0) AS BIGINT) AS rows,
            CAST(min({DATE_COLUMN}) AS VARCHAR) AS first_day,
            CAST(max({DATE_COLUMN}) AS VARCHAR) AS last_day,
            count(*) FILTER (WHERE thresholded) AS thresholded_days,
            count(*) FILTER (WHERE other_row) AS other_row_days,
            count(*) FILTER (WHERE sampled_share < 1) AS sampled_days,
            min(sampled_share) AS sampled_share,
            count(truncated) AS truncated_days,
            string_agg(DISTINCT truncated, '; ' ORDER BY truncated) AS truncated
        FROM days
        """
    )
    (row,) = result.fetch_table().to_pylist()
    return dict(row)


def _measure_coverage(engine: Engine, name: str, report: GA4Extract) -> Row | None:
    """Measure the share of users with known demographics, per day and summed over days.

    The sum counts users once per day, so only this share of it is meaningful.
    """
    metric = name_column(report.metrics[0])
    is_known = " AND ".join(
        f"{quote_identifier(name_column(dimension))} NOT IN {UNKNOWN_VALUES}"
        for dimension in _list_demographics(report)
    )
    result = engine.execute(
        f"""
        WITH known AS (
            SELECT {DATE_COLUMN}, coalesce(sum("{metric}") FILTER (WHERE {is_known}), 0) AS users
            FROM "days_{name}" GROUP BY {DATE_COLUMN}
        ),
        everybody AS (
            SELECT {DATE_COLUMN}, sum("{metric}") AS users FROM "days_{report.coverage_of}" GROUP BY {DATE_COLUMN}
        )
        SELECT
            sum(known.users) / sum(everybody.users) AS share,
            min(known.users / everybody.users) AS least,
            max(known.users / everybody.users) AS most
        FROM known JOIN everybody USING ({DATE_COLUMN}) WHERE everybody.users > 0
        """
    )
    share, least, most = result.fetch_row() or (None, None, None)
    if share is None:
        return None
    return {"of": report.coverage_of, "share": round(share, 6), "least": round(least, 6), "most": round(most, 6)}
