"""Render the profile's SQL files, check that they use what they must, and run them."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from jinja2 import StrictUndefined, TemplateError, UndefinedError
from jinja2.sandbox import SandboxedEnvironment

from include.segmentation.engine.engine import Engine, EngineError
from include.segmentation.errors import DataError, ProfileError, join_lines
from include.segmentation.measure.window_sql import write_window_condition
from include.segmentation.profile.kpis import Kpi
from include.segmentation.profile.mistakes import list_allowed


def render_sql(path: Path, kpis: Mapping[str, Kpi], as_of: datetime | None = None) -> str:
    """Fill in ``{{ window("kpi", "column") }}`` and, for the population and figures, ``{{ as_of }}``.

    Args:
        path: the SQL file.
        kpis: the KPIs that the file must return, by name; none for the population and figures.
        as_of: the run's as_of, for the population and figures only. KPIs read ``p.as_of``: they are also measured at
            earlier moments of each customer, where the run's as_of would let them see later rows.

    Raises:
        ProfileError: the template is wrong, names an unknown KPI, or does not use the window of a KPI.
    """
    used: set[str] = set()

    def window(kpi: str, column: str) -> str:
        if kpi not in kpis:
            raise ProfileError(f"{path}: window('{kpi}', …): no such KPI; {list_allowed(kpi, kpis)}")
        used.add(kpi)
        return write_window_condition(kpis[kpi].window, column)

    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    try:
        text = environment.from_string(path.read_text(encoding="utf-8")).render(
            window=window, **({"as_of": write_moment(as_of)} if as_of else {})
        )
    except UndefinedError as error:
        allowed = "window and as_of" if as_of else "window; the as_of of a KPI is p.as_of"
        raise ProfileError(f"{path}: {join_lines(error)}; allowed: {allowed}") from None
    except (TemplateError, UnicodeDecodeError, TypeError, ArithmeticError) as error:  # all that a template can raise
        raise ProfileError(f"{path}: {join_lines(error)}") from None
    unused = [f"'{name}' ({kpi.window})" for name, kpi in kpis.items() if name not in used]
    if unused:
        raise ProfileError(
            f"{path}: the window of KPI {', '.join(unused)} is not used; write the condition on the "
            'event\'s time as {{ window("<kpi>", "<column>") }}'
        )
    return text


def write_moment(as_of: datetime) -> str:
    """Write a time as SQL: the value of ``{{ as_of }}``."""
    return f"TIMESTAMPTZ '{as_of.isoformat()}'"


def create_table(connection: Engine, name: str, sql: str, path: Path) -> dict[str, str]:
    """Run a rendered file into a temporary table.

    Returns:
        The type of every column, by name, in order.

    Raises:
        ProfileError: the file is not one SELECT that DuckDB accepts.
        DataError: the SELECT fails on the data.
    """
    try:
        return connection.create_table(name, sql)
    except EngineError as error:
        kind = DataError if error.is_data_error else ProfileError
        raise kind(f"{path}: {join_lines(error)}") from None
