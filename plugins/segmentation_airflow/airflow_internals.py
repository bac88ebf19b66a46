"""Everything that this project takes from Airflow although Airflow does not declare it public.

No other module of ``dags/`` and ``plugins/`` imports such a name. A test fails when Airflow changes one of them; the
version pinned in ``requirements.txt`` is the one that was checked. Names are imported when they are first used: DAG
files import this module too, and parsing them must stay fast.
"""

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

INTERNAL_NAMES = {
    "Connection": "airflow.models",
    "CronDataIntervalTimetable": "airflow.timetables.interval",
    "DagRun": "airflow.models",
    "Pool": "airflow.models",
    "RuntimeTaskInstance": "airflow.sdk.execution_time.task_runner",
    "SessionDep": "airflow.api_fastapi.common.db.common",
    "requires_authenticated": "airflow.api_fastapi.core_api.security",
    "upgradedb": "airflow.utils.db",
}
"""Name -> the module of Airflow that it comes from."""

OVERRIDDEN_TIMETABLE_METHODS = ("_align_to_next", "_align_to_prev", "_get_next", "_get_prev")
"""The methods of ``CronDataIntervalTimetable`` that ``schedules.EveryMonths`` overrides."""


def __getattr__(name: str) -> Any:
    if name not in INTERNAL_NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(INTERNAL_NAMES[name]), name)


def count_dag_runs(dag_id: str, logical_date: datetime, states: Sequence[str]) -> int:
    """Count the runs of a DAG at a logical date that are in one of the states."""
    instance = __getattr__("RuntimeTaskInstance")
    return int(instance.get_dr_count(dag_id=dag_id, logical_dates=[logical_date], states=list(states)))


def count_task_instances(dag_id: str, logical_date: datetime, task_ids: Sequence[str], states: Sequence[str]) -> int:
    """Count the instances of some tasks at a logical date that are in one of the states."""
    instance = __getattr__("RuntimeTaskInstance")
    arguments = {"dag_id": dag_id, "logical_dates": [logical_date], "task_ids": list(task_ids), "states": list(states)}
    return int(instance.get_ti_count(**arguments))


def find_data_interval_end(session: Any, dag_id: str, run_id: str) -> datetime | None:
    """Return the end of a DAG run's data interval, or None if there is no such run or it has no interval."""
    from sqlalchemy import select

    dag_run = __getattr__("DagRun")
    query = select(dag_run.data_interval_end).where(dag_run.dag_id == dag_id, dag_run.run_id == run_id)
    end: datetime | None = session.scalar(query)
    return end
