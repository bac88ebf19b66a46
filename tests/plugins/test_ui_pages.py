"""The pages in Airflow's UI: closed to strangers, and true to the warehouse."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import sql
from psycopg.types.json import Jsonb

from demo.servers import Server
from include.segmentation.artifacts import ReportArtifacts, ValidateArtifacts
from include.segmentation.profile.loader import load_profile
from include.segmentation.publish.tables.segmentation_check import SEGMENTATION_CHECK
from include.segmentation.publish.tables.segmentation_run import SEGMENTATION_RUN
from include.segmentation.report.page.report_page import SCRIPT
from include.segmentation.run import Run

AS_OF = datetime(2025, 2, 1, tzinfo=UTC)
REPORT = "/segmentation/reports/learning/monthly/2025-02-01T00:00:00Z"
DOCS = "/segmentation/data-docs/learning/extract/daily/2025-02-01T00:00:00Z/index.html"
PAGES = [
    "/segmentation/",
    "/segmentation/profiles/learning",
    "/segmentation/dags/learning__segment_monthly",
    "/segmentation/dags/learning__segment_monthly/runs/a_run",
    REPORT,
    DOCS,
]


@pytest.fixture
def report(lake_root: Path, tmp_path: Path) -> Run:
    run = Run(load_profile("learning"), "monthly", AS_OF)
    ReportArtifacts(run).write_page("<h1>What learners do</h1>")
    extraction = Run(load_profile("learning"), "daily", AS_OF, "extract")
    (tmp_path / "index.html").write_text("<h1>Expectations of learners</h1>")
    ValidateArtifacts(extraction).write_docs(tmp_path)
    return run


@pytest.fixture
def warehouse(postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> psycopg.Connection:
    """An empty database behind the profile's warehouse connection."""
    uri = postgres_server.write_uri("pages").replace("postgres://", "postgresql://")
    with psycopg.connect(uri.replace("/pages", "/postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS pages")
        connection.execute("CREATE DATABASE pages")
    monkeypatch.setenv("AIRFLOW_CONN_SEGMENTATION_WAREHOUSE", postgres_server.write_uri("pages"))
    with psycopg.connect(uri, autocommit=True) as connection:
        yield connection


def publish(connection: psycopg.Connection, cadence: str, customers: int) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS learning; SET search_path = learning")
    connection.execute(SEGMENTATION_RUN.write_ddl())
    columns = connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'segmentation_run'"
    ).fetchall()
    plain = {"text": "x", "bigint": 0, "boolean": False, "jsonb": "{}", "double precision": 0.0}
    row = {name: plain.get(kind, AS_OF) for name, kind in columns}
    row |= {"run_id": cadence, "cadence": cadence, "status": "published", "customers": customers}
    names, values = sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(map(sql.Literal, row.values()))
    connection.execute(sql.SQL("INSERT INTO segmentation_run ({}) VALUES ({})").format(names, values))


@pytest.mark.parametrize("page", PAGES)
def test_strangers_see_nothing(airflow_api: TestClient, report: Run, page: str) -> None:
    answer = airflow_api.get(page)
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Not authenticated"}


def test_every_route_is_closed() -> None:
    from segmentation_airflow.ui_pages import app

    routes = {route.path for route in app.routes}
    assert len(routes) == len(PAGES)
    for route in app.routes:
        assert "requires_authenticated" in str(route.dependant.dependencies[0].call)


@pytest.mark.parametrize("page", ["/segmentation/docs", "/segmentation/redoc", "/segmentation/openapi.json"])
def test_the_app_does_not_describe_itself(airflow_api: TestClient, logged_in: dict[str, str], page: str) -> None:
    assert airflow_api.get(page, headers=logged_in).status_code == 404


def test_a_forged_token_is_refused(airflow_api: TestClient) -> None:
    assert airflow_api.get("/segmentation/", headers={"Authorization": "Bearer a.b.c"}).status_code == 403


def test_the_start_page_lists_the_profiles(airflow_api: TestClient, logged_in: dict[str, str]) -> None:
    page = airflow_api.get("/segmentation/", headers=logged_in)
    assert page.status_code == 200
    assert "Free online courses" in page.text
    assert "Online retail" in page.text


def test_a_wrong_profile_does_not_close_the_start_page(
    airflow_api: TestClient, logged_in: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wrong.yaml").write_text("profile: wrong")
    monkeypatch.setenv("SEGMENTATION_PROFILES", str(tmp_path))
    page = airflow_api.get("/segmentation/", headers=logged_in)
    assert page.status_code == 200
    assert "Online retail" in page.text
    assert airflow_api.get("/segmentation/profiles/wrong", headers=logged_in).status_code == 422


def test_runs_come_from_the_warehouse(
    airflow_api: TestClient, logged_in: dict[str, str], warehouse: psycopg.Connection
) -> None:
    def page(dag: str) -> str:
        return airflow_api.get(f"/segmentation/dags/learning__{dag}", headers=logged_in).text

    assert "Nothing is published yet" in page("segment_monthly")
    publish(warehouse, "monthly", 33_280)
    publish(warehouse, "weekly", 12_345)
    assert "33,280" in page("segment_monthly")
    assert "12,345" not in page("segment_monthly")
    assert "33,280" in page("extract")
    assert "12,345" in page("extract")
    assert REPORT in page("segment_monthly")


def test_runs_that_gates_hold_back_are_shown_with_the_reason(
    airflow_api: TestClient, logged_in: dict[str, str], warehouse: psycopg.Connection
) -> None:
    warehouse.execute("CREATE SCHEMA IF NOT EXISTS learning; SET search_path = learning")
    warehouse.execute(SEGMENTATION_CHECK.write_ddl())
    for status, verdict, found in (("waiting", "ask", "customers went from 9 to 5"), ("published", "ask", "nothing")):
        gates = [{"name": "row_counts", "macro_segment": "", "verdict": verdict, "found": found}]
        gates += [{"name": "freshness", "macro_segment": "", "verdict": "warn", "found": "a bit old"}]
        warehouse.execute(
            "INSERT INTO segmentation_check VALUES (%s, 'monthly', %s, %s, %s, %s)",
            [status, AS_OF, status, Jsonb(gates), AS_OF],
        )
    page = airflow_api.get("/segmentation/profiles/learning", headers=logged_in).text
    assert "waiting for an answer" in page
    assert "row_counts: customers went from 9 to 5" in page
    assert "nothing</td>" not in page
    assert "a bit old" not in page


def test_a_reader_s_connection_is_used_where_there_is_one(
    airflow_api: TestClient, logged_in: dict[str, str], warehouse: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(warehouse, "monthly", 33_280)
    warehouse.execute("DROP ROLE IF EXISTS page_reader; CREATE ROLE page_reader LOGIN PASSWORD 'reads'")
    uri = f"postgres://page_reader:reads@127.0.0.1:{warehouse.info.port}/pages"
    monkeypatch.setenv("AIRFLOW_CONN_SEGMENTATION_WAREHOUSE_READER", uri)

    def page() -> str:
        return airflow_api.get("/segmentation/profiles/learning", headers=logged_in).text

    assert "33,280" not in page()
    warehouse.execute("GRANT USAGE ON SCHEMA learning TO page_reader; GRANT SELECT ON segmentation_run TO page_reader")
    assert "33,280" in page()
    warehouse.execute("DROP OWNED BY page_reader; DROP ROLE page_reader")


def test_an_unreachable_warehouse_is_named(
    airflow_api: TestClient, logged_in: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SEGMENTATION_WAREHOUSE", "postgres://u:secret@127.0.0.1:1/db")
    page = airflow_api.get("/segmentation/profiles/learning", headers=logged_in)
    assert page.status_code == 200
    assert "segmentation_warehouse" in page.text
    assert "secret" not in page.text


def test_a_report_is_served_as_it_was_written(airflow_api: TestClient, logged_in: dict[str, str], report: Run) -> None:
    page = airflow_api.get(REPORT, headers=logged_in)
    assert page.status_code == 200
    assert page.text == "<h1>What learners do</h1>"
    policy = page.headers["content-security-policy"]
    digest = b64encode(sha256(SCRIPT.encode()).digest()).decode()  # of the one script that a report has
    assert policy == f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:"


def test_data_docs_are_served(airflow_api: TestClient, logged_in: dict[str, str], report: Run) -> None:
    page = airflow_api.get(DOCS, headers=logged_in)
    assert page.status_code == 200
    assert page.text == "<h1>Expectations of learners</h1>"
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"] == "sandbox allow-scripts"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/segmentation/reports/learning/weekly/2025-02-01T00:00:00Z", "has no report yet"),
        ("/segmentation/reports/learning/monthly/soon", "as_of: found 'soon'"),
        ("/segmentation/reports/nobody/monthly/2025-02-01", "there is no profile 'nobody'"),
        ("/segmentation/profiles/..%2F..%2Fetc", "Not Found"),
        (DOCS.replace("extract", "segment"), "has no Data Docs: it validated no new rows"),
        (DOCS.replace("index.html", "..%2f..%2freport%2freport.html"), "not a page of the Data Docs"),
        (DOCS.replace("index.html", "summary.json"), "not a page of the Data Docs"),
        ("/segmentation/dags/another_dag", "this is not a segmentation DAG"),
    ],
)
def test_what_is_not_there_is_not_found(
    airflow_api: TestClient, logged_in: dict[str, str], report: Run, path: str, says: str
) -> None:
    answer = airflow_api.get(path, headers=logged_in)
    assert answer.status_code == 404
    assert says in answer.text


def test_a_run_of_a_dag_leads_to_its_report(airflow_api: TestClient, logged_in: dict[str, str], report: Run) -> None:
    from airflow.models import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunType

    dag_id = "learning__segment_monthly"
    run = DagRun(dag_id=dag_id, run_id="a_run", run_type=DagRunType.MANUAL, run_after=AS_OF)
    run.data_interval_start, run.data_interval_end = datetime(2025, 1, 1, tzinfo=UTC), AS_OF
    with create_session() as session:
        session.add(run)
    answer = airflow_api.get(f"/segmentation/dags/{dag_id}/runs/a_run", headers=logged_in)
    assert answer.headers["location"] == REPORT
    assert airflow_api.get(answer.headers["location"], headers=logged_in).status_code == 200
    other = airflow_api.get(f"/segmentation/dags/{dag_id}/runs/another", headers=logged_in)
    assert other.headers["location"] == f"/segmentation/dags/{dag_id}"


@pytest.fixture
def api_below_a_path(airflow_database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Airflow's API server as it starts with ``AIRFLOW__API__BASE_URL=https://…/airflow``."""
    from airflow.api_fastapi import app

    monkeypatch.setattr(app, "API_ROOT_PATH", "/airflow/")
    with TestClient(app.create_app(apps="core"), follow_redirects=False) as client:
        yield client


def test_links_of_the_pages_keep_the_path_of_airflows_base_url(
    api_below_a_path: TestClient, logged_in: dict[str, str], warehouse: psycopg.Connection, report: Run
) -> None:
    publish(warehouse, "monthly", 33_280)
    start = api_below_a_path.get("/airflow/segmentation/", headers=logged_in)
    assert 'href="/airflow/segmentation/profiles/learning"' in start.text
    runs = api_below_a_path.get("/airflow/segmentation/profiles/learning", headers=logged_in)
    assert f'href="/airflow{REPORT}"' in runs.text
    assert api_below_a_path.get(f"/airflow{REPORT}", headers=logged_in).text == "<h1>What learners do</h1>"
    unknown_run = "/airflow/segmentation/dags/learning__segment_monthly/runs/another"
    redirect = api_below_a_path.get(unknown_run, headers=logged_in)
    assert redirect.headers["location"] == "/airflow/segmentation/dags/learning__segment_monthly"


def test_addresses_in_airflows_ui_are_relative_to_its_base_url() -> None:
    """The UI sets ``<base>`` to the base URL, so only an address without a leading slash keeps its path."""
    from segmentation_plugin import SegmentationPlugin

    assert [view["href"][: len("segmentation/")] for view in SegmentationPlugin.external_views] == ["segmentation/"] * 3
