"""The KPIs of one macro segment: at as_of and, if the profile follows cohorts, at every complete cohort month."""

from datetime import datetime
from typing import Any

import pyarrow as pa

from include.segmentation.artifacts import KpiSummary, MeasureArtifacts, TableArtifact
from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine.engine import Engine
from include.segmentation.errors import ProfileError
from include.segmentation.measure.cohort_months import MONTH_DAYS, CohortMonth, list_complete_months
from include.segmentation.measure.kpi_values import compute_kpis
from include.segmentation.measure.measured_customers import create_population_table, load_customers
from include.segmentation.measure.population import POPULATION
from include.segmentation.measure.remeasurement import find_remeasured_as_of
from include.segmentation.measure.sql_templates import render_sql
from include.segmentation.profile.figures import FIGURES
from include.segmentation.profile.kpis import AGE_COLUMN
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.profile.mistakes import list_allowed
from include.segmentation.profile.signals import SIGNALS
from include.segmentation.run import Run


def measure_macro(run: Run, connection: Engine, target: str) -> KpiSummary:
    """Measure and write the KPIs of one macro segment.

    Raises:
        ProfileError: there is no such macro segment, or its SQL is wrong.
        DataError: the data contradict the profile, or the population has not been measured.
    """
    macro = run.profile.macro_segments.get(target)
    if macro is None:
        names = [POPULATION, *run.profile.macro_segments, *([SIGNALS] if run.profile.signals else [])]
        names += [FIGURES] if run.profile.figures else []
        raise ProfileError(
            f"{run.profile.path}: nothing to measure is called '{target}'; {list_allowed(target, names)}"
        )
    artifacts = MeasureArtifacts(run)
    measurement = _Measurement(run, connection, target, macro, run.as_of, artifacts.locate_population())
    now = measurement.measure_at_as_of()
    path = artifacts.locate_kpis(target).write_table(now)
    cohort_rows = 0
    if run.profile.cohort_months:
        cohorts = measurement.measure_cohort_months()
        artifacts.locate_cohort_kpis(target).write_table(cohorts)
        cohort_rows = cohorts.num_rows
    if earlier := find_remeasured_as_of(run):
        people = artifacts.locate_previous_population()
        before = _Measurement(run, connection, target, macro, earlier, people).measure_at_as_of()
        artifacts.locate_previous_kpis(target).write_table(before)
    return KpiSummary(
        customers=now.num_rows,
        undefined={name: now[name].null_count for name, kpi in macro.kpis.items() if kpi.undefined_when},
        path=path,
        cohort_rows=cohort_rows,
    )


class _Measurement:
    """A macro segment's SQL and the customers it is run for: those of the run, or of the previous run's as_of."""

    def __init__(
        self,
        run: Run,
        connection: Engine,
        target: str,
        macro: MacroSegment,
        as_of: datetime,
        population: TableArtifact,
    ) -> None:
        self._run, self._connection, self._macro, self._as_of = run, connection, macro, as_of
        self._path = run.profile.sql_dir / "measure" / f"{target}.sql"
        self._sql = render_sql(self._path, macro.kpis)
        load_customers(run, connection, population)

    def measure_at_as_of(self) -> pa.Table:
        """Measure everyone at the as_of."""
        return self._measure_kpis("$as_of", "true", {"as_of": self._as_of})

    def measure_cohort_months(self) -> pa.Table:
        """Measure each cohort at the end of each complete month, with ``cohort`` and ``month`` in front."""
        kpis = [(name, pa.float64()) for name in self._macro.kpis]
        head = [("cohort", pa.date32()), ("month", pa.int64()), ("customer_id", pa.string()), (AGE_COLUMN, pa.int64())]
        tables = [pa.schema([*head, *kpis]).empty_table()]
        tables += [self._measure_cohort_month(each) for each in list_complete_months(self._run, self._connection)]
        return pa.concat_tables(tables)

    def _measure_cohort_month(self, each: CohortMonth) -> pa.Table:
        midnight = self._run.profile.find_midnight
        return self._measure_kpis(
            f"first_seen + INTERVAL {MONTH_DAYS * each.month} DAY",
            "first_seen >= $begin AND first_seen < $end",
            {"begin": midnight(each.cohort), "end": midnight(each.following)},
            head=f"DATE '{each.cohort}' AS cohort, CAST({each.month} AS BIGINT) AS month, ",
        )

    def _measure_kpis(self, as_of: str, who: str, values: dict[str, Any], head: str = "") -> pa.Table:
        create_population_table(self._connection, self._macro.kpis, as_of, who, values)
        compute_kpis(self._connection, self._macro.kpis, self._sql, self._path)
        kpis = ", ".join(map(quote_identifier, self._macro.kpis))
        return self._connection.execute(
            f"SELECT {head}CAST(customer_id AS VARCHAR) AS customer_id, {AGE_COLUMN}, {kpis} "
            "FROM _measured ORDER BY ALL"
        ).fetch_table()
