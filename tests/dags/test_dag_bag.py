"""The DAGs that the profiles give: names, groups, pools, schedules, outlets; thin files that parse fast."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pendulum
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.serialization.encoders import coerce_to_core_timetable
from airflow.serialization.serialized_objects import DagSerialization

from demo.airflow import find_interval_start
from demo.servers import CHECKOUT
from include.segmentation.profile.loader import list_profile_names, load_profile
from include.segmentation.profile.schedule import CADENCES

DAGS = sorted((CHECKOUT / "dags").glob("*.py"))
SHIPPED = list_profile_names()
STAGES = ["extract", "validate", "measure", "segment", "publish", "report"]
MOST_TASKS = 16  # of credit_card, which has five macro segments

TINY = """
profile: tiny
title: A fourth business
time_zone: Europe/Berlin
warehouse: {connection: tiny_warehouse, schema: tiny}
schedule: {start: 2024-01-15, first_fit: 2024-03-01, refit_every: 5, primary_cadence: weekly}
sources: {shop: {kind: mysql, connection: tiny_mysql}}
extracts:
  sales: {kind: table, source: shop, table: sales, mode: append, cursor: sold_at, primary_key: [sale_id], lag: 2h}
macro_segments:
  value:
    label: Value
    kpis:
      orders: {label: Orders, definition: Orders., unit: orders, window: lifetime, bands: [1], band_words: ["No", Some]}
    strata: [{name: everyone, label: Customers, when: "orders >= 0"}]
"""


def load() -> DagBag:
    return DagBag(dag_folder=str(CHECKOUT / "dags"))


@pytest.fixture(scope="module")
def dags() -> dict[str, DAG]:
    bag = load()
    assert bag.import_errors == {}
    return bag.dags


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside with a profile of its own: one YAML file and two SQL files."""
    measure = tmp_path / "sql" / "tiny" / "measure"
    measure.mkdir(parents=True)
    (tmp_path / "tiny.yaml").write_text(TINY)
    (measure / "population.sql").write_text("SELECT 1")
    (measure / "value.sql").write_text("SELECT 1")
    monkeypatch.setenv("SEGMENTATION_PROFILES", str(tmp_path))
    return tmp_path


def tasks(dag: DAG, group: str) -> list[str]:
    return [task.label for task in dag.tasks if task.task_id.startswith(f"{group}.")]


def test_every_profile_gives_its_six_dags(dags: dict[str, DAG]) -> None:
    kinds = ["extract", "reconcile", "fit", *[f"segment_{cadence}" for cadence in CADENCES]]
    assert set(dags) == {f"{name}__{kind}" for name in SHIPPED for kind in kinds}


def test_task_groups_are_named_after_the_stages(dags: dict[str, DAG]) -> None:
    for dag_id, dag in dags.items():
        groups = list(dag.task_group.get_task_group_dict())
        assert set(groups) - {None} <= set(STAGES), dag_id


def test_no_run_has_more_than_about_fifteen_tasks(dags: dict[str, DAG]) -> None:
    assert max(len(dag.tasks) for dag in dags.values()) <= MOST_TASKS


@pytest.mark.parametrize("name", SHIPPED)
def test_extract_has_a_task_per_extract_in_its_sources_pool(dags: dict[str, DAG], name: str) -> None:
    profile, dag = load_profile(name), dags[f"{name}__extract"]
    assert tasks(dag, "extract") == list(profile.extracts)
    for extract, declared in profile.extracts.items():
        task = dag.get_task(f"extract.{extract}")
        assert task.pool == profile.sources[declared.source].connection
        assert [outlet.name for outlet in task.outlets] == [f"{name}/lake/{extract}"]
        assert task.upstream_task_ids == {"settle"}
        assert task.downstream_task_ids == {"validate.new_rows"}
        assert task.purpose == dag.get_task("validate.new_rows").purpose == "extract"
    assert dag.max_active_runs == 1


@pytest.mark.parametrize("name", SHIPPED)
def test_reconcile_has_a_task_per_extract_with_a_cursor_in_its_sources_pool(dags: dict[str, DAG], name: str) -> None:
    profile, dag = load_profile(name), dags[f"{name}__reconcile"]
    compared = [extract for extract, declared in profile.extracts.items() if declared.can_be_reconciled]
    assert tasks(dag, "extract") == ["maintain", *(f"reconcile_{extract}" for extract in compared)]
    for extract in compared:
        task = dag.get_task(f"extract.reconcile_{extract}")
        assert (task.stage, task.purpose, task.target) == ("reconcile", "reconcile", extract)
        assert task.pool == profile.sources[profile.extracts[extract].source].connection
        assert [outlet.name for outlet in task.outlets] == [f"{name}/lake/{extract}"]
        assert task.upstream_task_ids == {"wait"}
        assert task.downstream_task_ids == {"extract.maintain"}
    assert dag.get_task("wait").models is False
    assert dag.get_task("wait").cadence == profile.schedule.reconcile
    assert dag.max_active_runs == 1


@pytest.mark.parametrize("name", SHIPPED)
def test_segment_has_a_task_per_macro_segment(dags: dict[str, DAG], name: str) -> None:
    profile = load_profile(name)
    macros = list(profile.macro_segments)
    for cadence in CADENCES:
        dag = dags[f"{name}__segment_{cadence}"]
        signals = ["signals"] if profile.signals and cadence == profile.schedule.primary_cadence else []
        beside = signals + (["figures"] if profile.figures else [])
        assert tasks(dag, "measure") == ["population", *macros, *beside]
        assert {task.purpose for task in dag.tasks if hasattr(task, "stage")} == {"segment"}
        assert tasks(dag, "segment") == macros
        assert dag.get_task("wait").downstream_task_ids == {"validate.new_rows"}
        assert dag.get_task("wait").models is True
        assert dag.get_task("validate.new_rows").downstream_task_ids >= {"measure.population"}
        assert dag.get_task("segment." + macros[0]).upstream_task_ids >= {f"measure.{macros[0]}"}
        assert dag.get_task("publish.gates").upstream_task_ids == {f"segment.{macro}" for macro in macros}
        assert dag.get_task("publish.gates").response_timeout == profile.gates.answer_within
        before = {"publish.gates", *(f"measure.{each}" for each in beside)}
        assert dag.get_task("publish.tables").upstream_task_ids == before
        outlets = [outlet.name for outlet in dag.get_task("publish.tables").outlets]
        assert outlets == [f"{name}/segments/{macro}" for macro in macros]
        assert dag.get_task("report.html").upstream_task_ids == {"publish.tables"}
        asks = cadence == profile.schedule.primary_cadence and profile.gates.drift.asks_for_fit
        assert ("publish.ask_for_fit" in dag.task_ids) == asks


def test_drift_is_asked_about_where_it_is_measured(dags: dict[str, DAG]) -> None:
    task = dags["retail__segment_monthly"].get_task("publish.ask_for_fit")
    assert (task.trigger_dag_id, task.upstream_task_ids) == ("retail__fit", {"publish.tables"})


@pytest.mark.parametrize("name", SHIPPED)
def test_fit_fits_every_macro_segment(dags: dict[str, DAG], name: str) -> None:
    macros, dag = list(load_profile(name).macro_segments), dags[f"{name}__fit"]
    assert tasks(dag, "segment") == ["decide", *(f"fit_{macro}" for macro in macros)]
    assert dag.get_task("segment.decide").upstream_task_ids == {f"segment.fit_{macro}" for macro in macros}
    assert dag.get_task("segment.decide").options == [*macros, "none of them", "decide later"]
    for macro in macros:
        task = dag.get_task(f"segment.fit_{macro}")
        assert task.stage == "fit"
        assert [outlet.name for outlet in task.outlets] == [f"{name}/models/{macro}"]
    assert dag.get_task("wait").models is False
    assert {task.purpose for task in dag.tasks if hasattr(task, "stage")} == {"fit"}
    assert dag.max_active_runs == 1


def test_models_are_tracked_beside_the_fit_only_where_there_is_a_server(
    dags: dict[str, DAG], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example:5000")
    tracking = load().dags
    for name in SHIPPED:
        untold, dag = dags[f"{name}__fit"], tracking[f"{name}__fit"]
        assert set(dag.task_ids) - set(untold.task_ids) == {"track.fitted", "track.decided"}
        assert tasks(untold, "track") == []
        fitted, decided = dag.get_task("track.fitted"), dag.get_task("track.decided")
        assert (fitted.stage, fitted.target, fitted.purpose) == (decided.stage, decided.target, "fit")
        assert fitted.stage == "track"
        assert fitted.upstream_task_ids == dag.get_task("segment.decide").upstream_task_ids
        assert fitted.trigger_rule == "none_failed_min_one_success"
        assert decided.upstream_task_ids == {"track.fitted", "segment.decide"}
        assert decided.downstream_task_ids == set()
        assert len(dag.tasks) <= MOST_TASKS
    assert {dag_id: dag.task_ids for dag_id, dag in tracking.items() if not dag_id.endswith("__fit")} == {
        dag_id: dag.task_ids for dag_id, dag in dags.items() if not dag_id.endswith("__fit")
    }


def test_every_stage_task_names_a_function_of_the_stages(dags: dict[str, DAG]) -> None:
    stages = [task for dag in dags.values() for task in dag.tasks if hasattr(task, "stage")]
    calls = {(task.stage, task.task_id.split(".")[0]) for task in stages}
    assert calls == {(stage, stage) for stage in STAGES} | {("fit", "segment"), ("reconcile", "extract")}


def test_every_task_retries_by_kind_of_error_and_tells_of_a_failure(dags: dict[str, DAG]) -> None:
    for dag in dags.values():
        for task in dag.tasks:
            assert task.retry_policy.rules
            assert type(task.on_failure_callback[0]).__name__ == "FailureNotifier"


def test_every_dag_says_what_it_does_and_how_to_backfill(dags: dict[str, DAG]) -> None:
    for dag_id, dag in dags.items():
        profile = load_profile(dag_id.split("__")[0])
        assert profile.title in dag.doc_md
        assert "Repeat and backfill" in dag.doc_md
        assert "{" not in dag.doc_md
        assert dag.catchup is False
        assert dag.end_date == profile.find_midnight(profile.schedule.end)


def test_airflows_database_gives_back_the_same_dags(dags: dict[str, DAG]) -> None:
    for dag in dags.values():
        kept = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
        assert kept.task_ids == dag.task_ids
        assert kept.timetable.summary
        links = {task.task_id: [link.name for link in task.operator_extra_links] for task in kept.tasks}
        assert links.get("report.html", ["Report"]) == ["Report"]


@pytest.mark.parametrize(
    ("dag_id", "first", "last", "as_ofs"),
    [
        ("retail__segment_daily", "2011-06-29", "2011-06-30", ["2011-06-30", "2011-07-01"]),
        ("retail__segment_weekly", "2011-07-01", "2011-07-17", ["2011-07-11", "2011-07-18"]),
        ("retail__segment_monthly", "2011-10-01", "2011-12-10", ["2011-11-01", "2011-12-01", "2012-01-01"]),
        ("retail__fit", "2011-01-01", "2011-12-10", ["2011-07-01", "2012-01-01"]),
    ],
)
def test_a_backfill_runs_past_intervals(
    dags: dict[str, DAG], dag_id: str, first: str, last: str, as_ofs: list[str]
) -> None:
    """The way `airflow backfill create` lists the runs between two dates."""
    kept = DagSerialization.from_dict(DagSerialization.to_dict(dags[dag_id]))
    between = (pendulum.parse(day) for day in (first, last))
    found = [info.data_interval.end for info in kept.iter_dagrun_infos_between(*between)]
    assert found == [pendulum.parse(day) for day in as_ofs]


def test_the_demo_starts_runs_for_the_intervals_of_the_schedules(dags: dict[str, DAG]) -> None:
    for dag_id, dag in dags.items():
        timetable = coerce_to_core_timetable(dag.timetable)
        interval = timetable.infer_manual_data_interval(run_after=pendulum.datetime(2026, 3, 2))
        assert find_interval_start(dag_id, interval.end) == interval.start, dag_id


def test_a_profile_from_outside_yields_its_dags(outside: Path) -> None:
    bag = load()
    assert bag.import_errors == {}
    assert {dag_id for dag_id in bag.dags if dag_id.startswith("tiny")} == {
        "tiny__extract",
        "tiny__fit",
        "tiny__reconcile",
        "tiny__segment_daily",
        "tiny__segment_weekly",
        "tiny__segment_monthly",
    }
    fit = bag.dags["tiny__fit"]
    assert fit.timetable.summary == "every 5 months from 2024-03-01"
    assert fit.end_date is None
    assert bag.dags["tiny__extract"].get_task("settle").lag.total_seconds() == 7200
    assert fit.get_task("wait").cadence == "weekly"


@pytest.fixture
def breaks(outside: Path) -> Callable[[], DagBag]:
    (outside / "tiny.yaml").write_text(TINY.replace("orders >= 0", "orders > 0"))
    return load


def test_a_wrong_profile_is_an_import_error_that_names_file_and_key(breaks: Callable[[], DagBag]) -> None:
    ((file, error),) = breaks().import_errors.items()
    assert Path(file).name == "profiles.py"
    assert re.search(r"tiny\.yaml:\d+: macro_segments\.value: strata are incomplete", error)


def test_a_wrong_profile_costs_no_other_its_dags(breaks: Callable[[], DagBag], dags: dict[str, DAG]) -> None:
    assert set(breaks().dags) == set(dags)


def test_every_wrong_profile_is_named(outside: Path) -> None:
    (outside / "tiny.yaml").write_text(TINY.replace("orders >= 0", "orders > 0"))
    (outside / "other.yaml").write_text(TINY.replace("profile: tiny", "profile: another"))
    (error,) = load().import_errors.values()
    assert re.search(r"tiny\.yaml:\d+: macro_segments\.value: ", error)
    assert "other.yaml:2: profile: found 'another'" in error


def test_a_wrong_profile_stops_no_task_of_another(
    breaks: Callable[[], DagBag], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "retail__segment_daily")
    bag = breaks()
    assert {dag_id.split("__")[0] for dag_id in bag.dags} == {"retail"}


HEAVY_PACKAGES = {"mlflow", "pyarrow", "deltalake", "pandas", "sklearn", "great_expectations", "psycopg", "google"}
PARSE = """
import json, os, sys, time
import airflow.dag_processing.processor, airflow.dag_processing.dagbag as dagbag
for file in sys.argv[1:]:
    if os.fork():
        os.wait()
        continue
    before = set(sys.modules)
    start = time.process_time()
    bag = dagbag.DagBag(dag_folder=file)
    seconds = time.process_time() - start
    packages = sorted({name.split(".")[0] for name in set(sys.modules) - before})
    print("parsed", json.dumps([seconds, len(bag.dags), packages, list(bag.import_errors.values())]), flush=True)
    os._exit(0)
"""
"""Parses each DAG file as Airflow does: in a process of its own, forked from one that has imported Airflow."""


def parse_files(files: list[Path]) -> list[tuple[float, int, list[str], list[str]]]:
    """Return for each file the CPU seconds, the number of DAGs, the packages imported, and the import errors."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    command = [sys.executable, "-c", PARSE, *map(str, files)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    return [tuple(json.loads(line.split(" ", 1)[1])) for line in output.splitlines() if line.startswith("parsed ")]


def test_dag_files_parse_in_under_a_second_without_heavy_imports() -> None:
    parsed = dict(zip(DAGS, parse_files(DAGS), strict=True))
    for file, (seconds, count, packages, errors) in parsed.items():
        assert errors == []
        assert count >= (len(SHIPPED) if file.name != "profiles.py" else 0)
        assert HEAVY_PACKAGES.isdisjoint(packages)
        if seconds >= 1:  # other processes only ever add to the CPU seconds
            seconds = min(again[0] for again in parse_files([file] * 3))
        assert seconds < 1, file.name


@pytest.mark.parametrize("file", DAGS, ids=lambda path: path.name)
def test_dag_files_are_thin(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 80


def test_the_code_of_the_stages_knows_no_airflow() -> None:
    for file in (CHECKOUT / "include").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] in ("airflow", "segmentation_airflow")], file
