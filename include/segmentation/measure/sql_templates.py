"""The profile's SQL files: rendered, checked for what they have to use, and run."""

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
    """Fill in ``{{ window("kpi", "column") }}`` and, of the population and of figures, ``{{ as_of }}``.

    Args:
        path: the SQL file.
        kpis: the KPIs that the file has to return, by name; none for the population and for figures.
        as_of: the run's own, for these two alone. KPIs read ``p.as_of``: they are also measured as of an earlier
            moment of each customer, and the run's own would let them see what came later.

    Raises:
        ProfileError: the template is wrong, names an unknown KPI, or leaves a KPI's declared window out.
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
        known = "are window and as_of" if as_of else "is window; the moment of a KPI is p.as_of"
        raise ProfileError(f"{path}: {join_lines(error)}; allowed {known}") from None
    except (TemplateError, UnicodeDecodeError, TypeError, ArithmeticError) as error:  # what a template can raise
        raise ProfileError(f"{path}: {join_lines(error)}") from None
    unused = [f"'{name}' ({kpi.window})" for name, kpi in kpis.items() if name not in used]
    if unused:
        raise ProfileError(
            f"{path}: the declared window of KPI {', '.join(unused)} is never used; write the condition on the "
            'event\'s time as {{ window("<kpi>", "<column>") }}'
        )
    return text


def write_moment(as_of: datetime) -> str:
    """What ``{{ as_of }}`` stands for."""
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
