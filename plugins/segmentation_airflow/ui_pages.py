"""The pages inside Airflow's UI, behind Airflow's login: a profile's runs, their reports, the Data Docs.

Airflow mounts a plugin's app without a guard. The dependency on ``requires_authenticated`` closes it; a test checks it.
"""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from airflow.sdk.exceptions import AirflowNotFoundException
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader

from include.segmentation import connections
from include.segmentation.artifacts import ReportArtifacts, ValidateArtifacts
from include.segmentation.errors import ProfileError, SegmentationError
from include.segmentation.profile.loader import list_profile_names, load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.schedule import CADENCES, Cadence
from include.segmentation.run import Purpose, Run, parse_as_of
from include.segmentation.warehouse.connection import connect_warehouse
from include.segmentation.warehouse.queries import query_named_tuples
from segmentation_airflow.airflow_internals import (
    Connection,
    SessionDep,
    find_data_interval_end,
    requires_authenticated,
)
from segmentation_airflow.schedules import load_valid_profiles

URL_PREFIX = "/segmentation"

_POLICY = "Content-Security-Policy"
"""Reports and Data Docs show texts that customers typed. Airflow's origin serves them, so no script in them may act."""
_SCRIPT = Path(connections.__file__).parent / "report" / "page" / "page.js"
"""The only script of a report that may run. A report of another version stays readable without its script."""
_TEXTS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

_RUNS = """
    SELECT as_of, cadence, customers, quarantined, finished_at FROM segmentation_run
    WHERE cadence = ANY (%s) ORDER BY as_of DESC, cadence LIMIT 200
"""
_UNPUBLISHED = """
    SELECT as_of, cadence, status, checked_at, ARRAY(
        SELECT concat_ws(': ', gate ->> 'name', nullif(gate ->> 'macro_segment', ''), gate ->> 'found')
        FROM jsonb_array_elements(gates) AS gate WHERE gate ->> 'verdict' IN ('ask', 'stop')
    ) AS why
    FROM segmentation_check WHERE status <> 'published' AND cadence = ANY (%s)
    ORDER BY as_of DESC, cadence LIMIT 50
"""
_MAY_READ_CHECKS = "SELECT has_table_privilege(to_regclass('segmentation_check'), 'SELECT')"
"""The role of a reader may have no right to this table."""
_html = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True).get_template("ui_pages.html")

app = FastAPI(dependencies=[Depends(requires_authenticated())], docs_url=None, redoc_url=None, openapi_url=None)


def _find_profile(profile: str) -> Profile:
    """Load a profile that exists, so that no other name is ever made into a path."""
    if profile not in list_profile_names():
        raise HTTPException(404, f"there is no profile '{profile}'")
    try:
        return load_profile(profile)
    except ProfileError as error:
        raise HTTPException(422, str(error)) from None


KnownProfile = Annotated[Profile, Depends(_find_profile)]


@app.get("/")
def show_profiles(request: Request) -> HTMLResponse:
    """Show all valid profiles. Airflow shows the others as an import error."""
    return HTMLResponse(_html.render(root=_find_root(request), profiles=list(load_valid_profiles())))


@app.get("/profiles/{profile}")
def show_runs(request: Request, profile: KnownProfile) -> HTMLResponse:
    """Show the published runs of a profile."""
    return _render_runs(request, profile, CADENCES)


@app.get("/dags/{dag_id}")
def show_dag(request: Request, dag_id: str) -> HTMLResponse:
    """Show the published runs of a DAG: those of its cadence, or of every cadence for the other DAGs."""
    name, _, kind = dag_id.partition("__")
    cadence = kind.removeprefix("segment_")
    return _render_runs(request, _find_dag_profile(name), [each for each in CADENCES if each == cadence] or CADENCES)


@app.get("/dags/{dag_id}/runs/{run_id}")
def show_dag_run(request: Request, dag_id: str, run_id: str, session: SessionDep) -> Response:
    """Redirect to the report of a DAG run, or to the runs of its DAG if it has no report."""
    name, _, kind = dag_id.partition("__")
    profile = _find_dag_profile(name)
    as_of = find_data_interval_end(session, dag_id, run_id)
    cadence = kind.removeprefix("segment_")
    root = _find_root(request)
    if as_of is None or cadence not in CADENCES:
        return RedirectResponse(f"{root}/dags/{dag_id}")
    return RedirectResponse(f"{root}/reports/{profile.profile}/{cadence}/{as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


@app.get("/reports/{profile}/{cadence}/{as_of}")
def show_report(profile: KnownProfile, cadence: Cadence, as_of: str) -> HTMLResponse:
    """Show the HTML report of a run."""
    run = _make_run(profile, cadence, as_of)
    text = ReportArtifacts(run).read_page()
    if text is None:
        raise HTTPException(404, f"run {run.run_id} has no report yet")
    digest = b64encode(hashlib.sha256(_SCRIPT.read_bytes()).digest()).decode()
    policy = f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:"
    return HTMLResponse(text, headers={_POLICY: policy})


@app.get("/data-docs/{profile}/{purpose}/{cadence}/{as_of}/{path:path}")
def show_data_docs(profile: KnownProfile, purpose: Purpose, cadence: Cadence, as_of: str, path: str) -> Response:
    """Show a text file of a run's Data Docs of Great Expectations. Icons and fonts are not served."""
    kind = _TEXTS.get(PurePosixPath(path).suffix)
    if kind is None or ".." in PurePosixPath(path).parts:
        raise HTTPException(404, "not a page of the Data Docs")
    run = _make_run(profile, cadence, as_of, purpose)
    text = ValidateArtifacts(run).read_docs_page(path)
    if text is None:
        raise HTTPException(404, f"run {run.run_id} has no Data Docs: it validated no new rows")
    return Response(text, media_type=kind, headers={_POLICY: "sandbox allow-scripts"})


def _make_run(profile: Profile, cadence: Cadence, as_of: str, purpose: Purpose = "segment") -> Run:
    try:
        return Run(profile, cadence, parse_as_of(as_of, profile), purpose)
    except SegmentationError as error:
        raise HTTPException(404, str(error)) from None


def _find_root(request: Request) -> str:
    """Return the path of these pages, including the path of Airflow's base URL."""
    return str(request.scope["root_path"])


def _render_runs(request: Request, profile: Profile, cadences: Sequence[str]) -> HTMLResponse:
    connections.use_resolver(_find_connection_uri)
    published: list[Any] = []
    unpublished: list[Any] = []
    note = ""
    try:
        with connect_warehouse(_use_reader_connection(profile)) as connection:
            connection.execute("SET TRANSACTION READ ONLY")
            if connection.execute("SELECT to_regclass('segmentation_run')").fetchone() != (None,):
                published = query_named_tuples(connection, _RUNS, [list(cadences)])
            if connection.execute(_MAY_READ_CHECKS).fetchone() == (True,):
                unpublished = query_named_tuples(connection, _UNPUBLISHED, [list(cadences)])
    except SegmentationError as error:
        note = str(error)
    return HTMLResponse(
        _html.render(
            root=_find_root(request),
            profile=profile,
            published=published,
            unpublished=unpublished,
            note=note or ("" if published else "Nothing is published yet."),
        )
    )


def _use_reader_connection(profile: Profile) -> Profile:
    """Replace the warehouse connection by ``<connection>_reader``, whose role only reads, if it is defined."""
    reader = f"{profile.warehouse.connection}_reader"
    if _find_connection_uri(reader) is None:
        return profile
    return profile.model_copy(update={"warehouse": profile.warehouse.model_copy(update={"connection": reader})})


def _find_dag_profile(name: str) -> Profile:
    if name not in list_profile_names():
        raise HTTPException(404, "this is not a segmentation DAG")
    return _find_profile(name)


def _find_connection_uri(connection_id: str) -> str | None:
    try:
        return str(Connection.get_connection_from_secrets(connection_id).get_uri())
    except AirflowNotFoundException:
        return None
