"""Checks of a profile's SQL that need no data: its templates, and a run over empty tables."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

import pyarrow as pa

from include.segmentation.engine import open_engine
from include.segmentation.errors import SegmentationError
from include.segmentation.measure.figure_values import compute_figure, render_figure
from include.segmentation.measure.kpi_values import compute_kpis
from include.segmentation.measure.measure_stage import WHOLE_DAYS
from include.segmentation.measure.measured_customers import create_population_table
from include.segmentation.measure.population import POPULATION, create_everyone_table
from include.segmentation.measure.sql_templates import render_sql
from include.segmentation.profile.figures import FIGURES
from include.segmentation.profile.kpis import Kpi
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.signals import SIGNALS

_AS_OF = datetime.fromisoformat("2025-01-01T00:00:00Z")
"""Any time will do, as the tables are empty."""


def check_templates(profile: Profile, macro_segments: Collection[str]) -> Iterator[str]:
    """Find mistakes in the templates of the population, some macro segments, signals and figures."""
    columns = _list_columns(profile)
    for target in [POPULATION, *macro_segments, *([SIGNALS] if profile.signals else [])]:
        path = profile.sql_dir / "measure" / f"{target}.sql"
        if path.is_file():  # a missing file has been reported already
            try:
                render_sql(path, columns.get(target, {}), _AS_OF if target == POPULATION else None)
            except SegmentationError as error:
                yield str(error)
    for name in profile.figures:
        path = profile.sql_dir / FIGURES / f"{name}.sql"
        if path.is_file():
            try:
                render_figure(path, _AS_OF)
            except SegmentationError as error:
                yield str(error)


def run_over_empty_tables(profile: Profile, tables: Mapping[str, pa.Schema]) -> Iterator[str]:
    """Run every SQL file over empty tables.

    Args:
        profile: none of its files is missing.
        tables: the columns of every extract that the SQL can read.

    Yields:
        Mistakes: SQL that DuckDB does not accept, missing or additional columns, types that are not allowed. Macro
        segments are checked only if the population is right.
    """
    with open_engine(time_zone=profile.time_zone) as connection:
        connection.execute(WHOLE_DAYS)
        for extract, schema in tables.items():
            connection.register_table(extract, schema.empty_table())
        try:
            create_everyone_table(profile, connection, _AS_OF)
        except SegmentationError as error:
            yield str(error)
            return
        connection.execute(
            "CREATE TEMP TABLE _people AS "
            "SELECT customer_id, CAST(first_seen AS TIMESTAMPTZ) AS first_seen FROM _everyone"
        )
        for name, kpis in _list_columns(profile).items():
            path = profile.sql_dir / "measure" / f"{name}.sql"
            try:
                sql = render_sql(path, kpis)
                create_population_table(connection, kpis, "$as_of", "true", {"as_of": _AS_OF})
                compute_kpis(connection, kpis, sql, path)
            except SegmentationError as error:
                yield str(error)
        create_population_table(connection, {}, "$as_of", "true", {"as_of": _AS_OF})
        for name, figure in profile.figures.items():
            path = profile.sql_dir / FIGURES / f"{name}.sql"
            try:
                compute_figure(connection, name, figure, render_figure(path, _AS_OF), path)
            except SegmentationError as error:
                yield str(error)


def _list_columns(profile: Profile) -> dict[str, dict[str, Kpi]]:
    """Return the columns that every file must return, by the file's name."""
    columns = {name: macro.kpis for name, macro in profile.macro_segments.items()}
    return columns | ({SIGNALS: profile.signals.build_kpis(0, 1)} if profile.signals else {})
