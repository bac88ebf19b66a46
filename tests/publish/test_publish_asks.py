"""Real DAG runs that ask a person, answered through Airflow's API while they wait."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from publish_shop import PROFILE, Customer, Shop

from demo.servers import CHECKOUT
from include.segmentation import connections
from include.segmentation.artifacts import LabelSummary
from include.segmentation.model.timeline import read_timeline, record_decision
from include.segmentation.publish import publish

CROWD = {f"c{i}": Customer(purchases=i % 2, revenue=i) for i in range(20)}
FEWER = {name: CROWD[name] for name in list(CROWD)[:10]}
TASK = "/api/v2/dags/{}/dagRuns/{}/taskInstances/{}"
EARLIER = "wait|validate.*|measure.*|segment.(value|visiting|fit_.*)"
"""What a test leaves by hand."""


@pytest.fixture(scope="module")
def api() -> Iterator[TestClient]:
    """Airflow's API with a database of its own, somebody logged in."""
    from airflow.api_fastapi.app import create_app, get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.utils.db import initdb

    initdb()
    with TestClient(create_app(apps="core"), raise_server_exceptions=False) as client:
        token = get_auth_manager().generate_jwt(user=SimpleAuthManagerUser(username="mira", role="ADMIN"))
        client.headers["Authorization"] = f"Bearer {token}"
        yield client
    connections.use_resolver(connections._from_environment)


@pytest.fixture
def waiting(shop_with: Callable[[dict[str, Any]], Shop], monkeypatch: pytest.MonkeyPatch) -> Shop:
    """January is published; February has half the customers, which is to be asked about."""
    shop = shop_with(PROFILE | {"gates": {}})
    monkeypatch.setenv("SEGMENTATION_PROFILES", str(shop.profile.path.parent))
    shop.accept("2025-01-01")
    shop.leave(shop.run("2025-01-01"), CROWD)
    publish(shop.run("2025-01-01"))
    shop.leave(shop.run("2025-02-01"), FEWER)
    return shop


def load_dag(stage: str, dag_id: str) -> Any:
    """Load one of the shop's DAGs and make it known to Airflow's database."""
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session

    with create_session() as session:
        session.merge(DagBundleModel(name="testing"))
    bag = DagBag(dag_folder=str(CHECKOUT / "dags" / f"{stage}.py"), known_pools=None)
    assert bag.import_errors == {}
    sync_bag_to_db(bag, "testing", None)
    return bag.dags[dag_id]


def answer(api: TestClient, dag_id: str, task_id: str, options: list[str], seen: list[Any]) -> threading.Thread:
    """Answer the task's question as soon as it stands; a run whose question never comes is ended."""

    def work() -> None:
        until = time.monotonic() + 180
        while time.monotonic() < until:
            for run in _runs(api, dag_id):
                task = TASK.format(dag_id, run["dag_run_id"], task_id)
                found = api.get(task)
                if found.status_code == 200 and found.json()["state"] == "awaiting_input":
                    place = f"{task}/-1/hitlDetails"
                    question = api.get(place).json()
                    done = api.patch(place, json={"chosen_options": options, "params_input": {}})
                    if done.status_code == 200:
                        seen.append(question)
                        return
            time.sleep(0.25)
        for run in _runs(api, dag_id):
            api.patch(f"/api/v2/dags/{dag_id}/dagRuns/{run['dag_run_id']}", json={"state": "failed"})

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def _runs(api: TestClient, dag_id: str) -> list[dict[str, Any]]:
    found = api.get(f"/api/v2/dags/{dag_id}/dagRuns")
    return found.json()["dag_runs"] if found.status_code == 200 else []


def states(run: Any) -> dict[str, str]:
    return {
        ti.task_id: str(ti.state) for ti in run.get_task_instances() if ti.task_id.startswith(("publish", "segment.d"))
    }


@pytest.mark.parametrize(("option", "published"), [("Approve", True), ("Reject", False)])
def test_a_run_waits_for_the_answer(api: TestClient, waiting: Shop, option: str, published: bool) -> None:
    dag = load_dag("segment", "shop__segment_monthly")
    before, seen = waiting.tables(), []
    thread = answer(api, dag.dag_id, "publish.gates", [option], seen)
    run = dag.test(logical_date=datetime(2025, 1, 31, 23, tzinfo=UTC), mark_success_pattern=f"{EARLIER}|report.*")
    thread.join(60)
    (question,) = seen
    assert "customers went from 20 to 10" in question["body"]
    assert question["subject"] == "Publish shop/monthly/2025-02-01?"
    assert states(run)["publish.tables"] == ("success" if published else "skipped")
    ((checked, gates),) = waiting.rows(
        "SELECT status, gates FROM segmentation_check WHERE run_id = 'shop/monthly/2025-02-01'"
    )
    if published:
        assert checked == "published"
        assert {gate["approved_by"] for gate in gates if gate["verdict"] == "ask"} == {"mira"}
    else:
        assert checked == "rejected"
        assert waiting.tables() == before


def test_a_run_without_a_question_goes_on_and_its_drift_asks_for_a_fit(api: TestClient, waiting: Shop) -> None:
    from airflow.models import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    run = waiting.run("2025-02-01")
    waiting.leave(run, CROWD)
    measured = [{"metric": "js", "stratum": "", "kpi": "", "value": 0.3}]
    replace(LabelSummary.read_from(run, "visiting"), drift=measured).write_to(run, "visiting")
    load_dag("fit", "shop__fit")
    done = load_dag("segment", "shop__segment_monthly").test(
        logical_date=datetime(2025, 1, 31, 23, tzinfo=UTC), mark_success_pattern=f"{EARLIER}|report.*"
    )
    assert set(states(done).values()) == {"success"}
    with create_session() as session:
        asked = session.scalars(select(DagRun).where(DagRun.dag_id == "shop__fit")).all()
    assert [(fit.conf, fit.logical_date) for fit in asked] == [
        ({"as_of": run.as_of.isoformat(), "macro_segments": ["visiting"]}, None)
    ]


def test_a_fit_asks_which_candidates_come_into_use(api: TestClient, waiting: Shop) -> None:
    run = waiting.run("2025-04-01")
    for macro in ("value", "visiting"):
        model = read_timeline(run.lake, macro)[-1].model
        newer = model.model_copy(update={"model_id": f"{macro}-m2", "effective_from": run.as_of})
        record_decision(run.lake, newer, "candidate", "fit")
    dag = load_dag("fit", "shop__fit")
    seen: list[Any] = []
    thread = answer(api, dag.dag_id, "segment.decide", ["value"], seen)
    done = dag.test(logical_date=None, run_conf={"as_of": run.as_of.isoformat()}, mark_success_pattern=EARLIER)
    thread.join(60)
    (question,) = seen
    assert "**value**: 3 segments" in question["body"]
    assert states(done)["segment.decide"] == "success"
    newest = {macro: read_timeline(run.lake, macro)[-1] for macro in ("value", "visiting")}
    assert {macro: (entry.status, entry.decided_by) for macro, entry in newest.items()} == {
        "value": ("accepted", "mira"),
        "visiting": ("rejected", "mira"),
    }
