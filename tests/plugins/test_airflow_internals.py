"""What this project takes from Airflow's internals, checked against the pinned version."""

import ast
import inspect
import re
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

from demo.servers import CHECKOUT
from segmentation_airflow import airflow_internals
from segmentation_airflow.airflow_internals import INTERNAL_NAMES, OVERRIDDEN_TIMETABLE_METHODS

FILES = [*sorted((CHECKOUT / "dags").glob("*.py")), *sorted((CHECKOUT / "plugins").rglob("*.py"))]
PUBLIC_MODULES = re.compile(
    r"airflow\.(sdk|configuration|exceptions|plugins_manager|triggers\.base"
    r"|providers\.(standard|google|mysql|postgres)\..*|sdk\.(exceptions|bases\..*))"
)
"""Modules that Airflow's documentation declares public, and providers, which follow semantic versions."""


@pytest.mark.parametrize("name", INTERNAL_NAMES)
def test_an_internal_name_exists(name: str) -> None:
    assert getattr(airflow_internals, name) is getattr(import_module(INTERNAL_NAMES[name]), name)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'unknown'"):
        airflow_internals.unknown  # noqa: B018 - reading the attribute is the test


@pytest.mark.parametrize(
    ("owner", "method", "parameters"),
    [
        ("RuntimeTaskInstance", "get_dr_count", {"dag_id", "logical_dates", "states"}),
        ("RuntimeTaskInstance", "get_ti_count", {"dag_id", "logical_dates", "task_ids", "states"}),
        ("Pool", "create_or_update_pool", {"name", "slots", "description", "include_deferred"}),
        ("Pool", "get_pools", set()),
        ("Connection", "get_connection_from_secrets", {"conn_id"}),
        *(("CronDataIntervalTimetable", method, {"current"}) for method in OVERRIDDEN_TIMETABLE_METHODS),
    ],
)
def test_a_method_takes_the_arguments_that_it_is_called_with(owner: str, method: str, parameters: set[str]) -> None:
    assert parameters <= set(inspect.signature(getattr(getattr(airflow_internals, owner), method)).parameters)


def test_the_timetable_overrides_the_methods_that_are_named() -> None:
    from segmentation_airflow.schedules import EveryMonths

    base = airflow_internals.CronDataIntervalTimetable
    private = {name for name in vars(EveryMonths) if re.match(r"_[a-z]", name) and hasattr(base, name)}
    private = {name for name in private if inspect.isfunction(vars(EveryMonths)[name])}
    assert private == set(OVERRIDDEN_TIMETABLE_METHODS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_other_module_imports_an_internal_name(path: Path) -> None:
    if path.name == "airflow_internals.py":
        return
    tree = ast.parse(path.read_text())
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert [name for name in modules if name.startswith("airflow.") and not PUBLIC_MODULES.fullmatch(name)] == []


def test_the_pinned_version_is_the_one_that_was_checked() -> None:
    pins = (CHECKOUT / "requirements.txt").read_text()
    assert f"apache-airflow=={version('apache-airflow')}\n" in pins
