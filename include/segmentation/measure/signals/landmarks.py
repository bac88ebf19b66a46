"""Customers as they were at a landmark, and what became of them within the horizon.

Landmark analysis (Anderson, Cain and Gelber, "Analysis of survival by tumor response", Journal of Clinical Oncology 1,
1983): a moment is fixed in advance. All predictors lie before it, all outcomes after it, and customers who have reached
the outcome by then are left out. Predictors from the way to a purchase, or from after it, would be signals that nobody
could see in time.
"""

import pyarrow as pa

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine.engine import Engine
from include.segmentation.measure.kpi_values import compute_kpis
from include.segmentation.measure.measured_customers import create_population_table
from include.segmentation.measure.sql_templates import render_sql
from include.segmentation.profile.kpis import Kpi
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.signals import SIGNALS, Signals
from include.segmentation.run import Run

MOST_CUSTOMERS = 200_000
"""If there are more customers, a hash of the id chooses a sample of this size: enough for a ratio of shares."""

COHORT = "cohort"


def name_before_column(label: str) -> str:
    """Name the column that says whether a customer had the label by the landmark. No KPI's name has a space."""
    return f"{label} before"


def name_after_column(label: str) -> str:
    """Name the column that says whether a customer got the label after the landmark, within the horizon."""
    return f"{label} after"


def list_explaining_kpis(profile: Profile) -> dict[str, Kpi]:
    """Return the KPIs that can explain a label: all but those that only decide a stratum."""
    return {name: kpi for name, kpi in profile.kpis.items() if not kpi.rule_only}


def collect_landmark(run: Run, connection: Engine, signals: Signals, landmark: int) -> pa.Table:
    """Collect the customers whose horizon after the landmark has ended by as_of.

    A KPI is measured as of the landmark, over its own window, cut there. The counts of a label begin at the landmark;
    what a customer did before it counts only for ``before``.

    Args:
        run: its population has been measured.
        connection: holds table ``_people`` and the accepted views.
        signals: their declaration.
        landmark: days since registration.

    Returns:
        customer_id, cohort (day of registration in the profile's time zone), every KPI that can explain a label
        (NULL where undefined), and two booleans per label (``before``, ``after``); sorted by customer_id.

    Raises:
        ProfileError: the SQL is wrong or does not return what the profile declares.
        DataError: the data contradict the profile.
    """
    end = landmark + signals.horizon
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _followed AS "
        f"SELECT customer_id, CAST(first_seen AS DATE) AS {COHORT} FROM _people "
        f"WHERE first_seen + INTERVAL {end} DAY <= $as_of "
        f"ORDER BY md5(CAST(customer_id AS VARCHAR)), customer_id LIMIT {MOST_CUSTOMERS}",
        {"as_of": run.as_of},
    )
    explaining = list_explaining_kpis(run.profile)
    for macro, declared in run.profile.macro_segments.items():
        own = [name for name in declared.kpis if name in explaining and run.profile.kpi_macro_segments[name] == macro]
        _add_columns(run, connection, macro, declared.kpis, landmark, {name: quote_identifier(name) for name in own})
    for column, begin, until in ((name_before_column, 0, landmark), (name_after_column, landmark, end)):
        labels = {column(name): f"coalesce(({label.when}), false)" for name, label in signals.labels.items()}
        _add_columns(run, connection, SIGNALS, signals.build_kpis(begin, until), until, labels)
    return connection.execute(
        "SELECT CAST(customer_id AS VARCHAR) AS customer_id, * EXCLUDE (customer_id) FROM _followed ORDER BY ALL"
    ).fetch_table()


def _add_columns(
    run: Run,
    connection: Engine,
    file: str,
    kpis: dict[str, Kpi],
    day: int,
    columns: dict[str, str],
) -> None:
    """Add columns to table ``_followed``: SQL over the KPIs that a file measures ``day`` days after registration."""
    path = run.profile.sql_dir / "measure" / f"{file}.sql"
    sql = render_sql(path, kpis)
    who = "customer_id IN (SELECT customer_id FROM _followed)"
    create_population_table(connection, kpis, f"first_seen + INTERVAL {day} DAY", who, {})
    compute_kpis(connection, kpis, sql, path)
    selected = "".join(f', {expression} AS "{name}"' for name, expression in columns.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _added AS SELECT customer_id{selected} FROM _measured")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _followed AS SELECT * FROM _followed JOIN _added USING (customer_id)"
    )
