"""The measure stage: one call per target. It reads the lake and writes Parquet tables."""

import time
from dataclasses import replace
from typing import Any

from include.segmentation.artifacts import FigureSummary, KpiSummary, MeasureArtifacts, PopulationSummary, SignalSummary
from include.segmentation.measure.figure_values import measure_figures
from include.segmentation.measure.macro_segment_kpis import measure_macro
from include.segmentation.measure.population import POPULATION, measure_population
from include.segmentation.measure.remeasurement import find_overtaken_run, read_reach
from include.segmentation.measure.signals import measure_signals
from include.segmentation.profile.figures import FIGURES
from include.segmentation.profile.signals import SIGNALS
from include.segmentation.run import Run

# The profile's SQL uses it too: DuckDB's own date_sub takes 18 microseconds for each TIMESTAMPTZ.
WHOLE_DAYS = """
    CREATE TEMP MACRO whole_days(begins, ends) AS
    CAST(date_sub('day', CAST(begins AS TIMESTAMP), CAST(ends AS TIMESTAMP)) AS BIGINT)
"""


def measure(run: Run, target: str) -> dict[str, Any]:
    """Measure one target at the run's as_of.

    Args:
        run: the profile and the as_of.
        target: ``population`` (first), a macro segment or, if the profile declares them, ``signals`` or ``figures``.

    Returns:
        The fields of the target's summary: see ``PopulationSummary``, ``KpiSummary``, ``SignalSummary`` and
        ``FigureSummary``. ``MeasureArtifacts`` describes the tables.

    Raises:
        NotReadyError: an extract is not complete through as_of.
        ProfileError: the SQL is wrong or does not return what the profile declares.
        DataError: the data contradict the profile, or the population has not been measured.
    """
    began = time.monotonic()
    run.require_complete()
    with run.lake.open_engine() as connection:
        connection.execute(WHOLE_DAYS)
        extracts = [name for name, declared in run.profile.extracts.items() if declared.has_customers]
        reach = read_reach(run, extracts)  # before the views are made: they may reach further, but not less far
        for extract in extracts:
            run.lake.create_accepted_view(connection, extract)
        summary: PopulationSummary | KpiSummary | SignalSummary | FigureSummary
        if target == POPULATION:
            artifacts = MeasureArtifacts(run)
            summary = measure_population(run, connection, run.as_of, artifacts.locate_population())
            summary = replace(summary, reach=reach)
            if earlier := find_overtaken_run(run, connection, extracts):
                measure_population(run, connection, earlier.as_of, artifacts.locate_previous_population())
                summary = replace(summary, previous=earlier.as_of.isoformat())
        elif target == SIGNALS and run.profile.signals:
            summary = measure_signals(run, connection, run.profile.signals)
        elif target == FIGURES and run.profile.figures:
            summary = measure_figures(run, connection)
        else:
            summary = measure_macro(run, connection, target)
    return replace(summary, seconds=round(time.monotonic() - began, 3)).write_to(run, target)


def list_targets(run: Run) -> list[str]:
    """List what a run measures, in order. Signals are measured at the primary cadence only."""
    signals = [SIGNALS] if run.profile.signals and run.is_primary else []
    figures = [FIGURES] if run.profile.figures else []
    return [POPULATION, *run.profile.macro_segments, *signals, *figures]
