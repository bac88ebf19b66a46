"""The pages inside Airflow's UI, behind Airflow's login: a profile's runs, their reports, the Data Docs.

Airflow mounts a plugin's app without any guard: the dependency on ``requires_authenticated`` is what closes it. It is
the one thing here that Airflow does not declare public; a test holds it.
"""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import requires_authenticated
from airflow.exceptions import AirflowNotFoundException
from airflow.models import Connection, DagRun
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader
from sqlalchemy import select

from include.segmentation import connections
from include.segmentation.errors import ProfileError, SegmentationError
from include.segmentation.profile.loader import list_profile_names, load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.schedule import CADENCES, Cadence
from include.segmentation.run import Purpose, Run, parse_as_of
from include.segmentation.warehouse.connection import connect_warehouse
from include.segmentation.warehouse.queries import query_named_tuples
from segmentation_airflow.schedules import right_profiles

ROOT = "/segmentation"

_REPORT = "report.html"
_POLICY = "Content-Security-Policy"
"""Both pages show what customers typed, in Airflow's own origin: neither may act there for the reader."""
_SCRIPT = Path(connections.__file__).parent / "report" / "page" / "page.js"
"""The one script of a report that may run; a report of another version stays readable without its own."""
_TEXTS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

_RUNS = """
    SELECT as_of, cadence, customers, quarantined, finished_at FROM segmentation_run
    WHERE cadence = ANY (%s) ORDER BY as_of DESC, cadence LIMIT 200
"""
_REFUSED = """
    SELECT as_of, cadence, status, checked_at, ARRAY(
        SELECT concat_ws(': ', gate ->> 'name', nullif(gate ->> 'macro_segment', ''), gate ->> 'found')
        FROM jsonb_array_elements(gates) AS gate WHERE gate ->> 'verdict' IN ('ask', 'stop')
    ) AS why
    FROM segmentation_check WHERE status <> 'published' AND cadence = ANY (%s)
    ORDER BY as_of DESC, cadence LIMIT 50
"""
_MAY_READ_CHECKS = "SELECT has_table_privilege(to_regclass('segmentation_check'), 'SELECT')"
"""A reader's role may have been granted the older tables only."""
_html = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True).get_template("page.html")

app = FastAPI(dependencies=[Depends(requires_authenticated())], docs_url=None, redoc_url=None, openapi_url=None)


def _known(profile: str) -> Profile:
    """Only names that exist are ever made into a path."""
    if profile not in list_profile_names():
        raise HTTPException(404, f"there is no profile '{profile}'")
    try:
        return load_profile(profile)
    except ProfileError as error:
        raise HTTPException(422, str(error)) from None


KnownProfile = Annotated[Profile, Depends(_known)]


@app.get("/")
def profiles() -> HTMLResponse:
    """All profiles that are right; Airflow shows the others as an import error."""
    return HTMLResponse(_html.render(root=ROOT, profiles=list(right_profiles())))


@app.get("/profiles/{profile}")
def runs(profile: KnownProfile) -> HTMLResponse:
    """The published runs of a profile."""
    return _page(profile, CADENCES)


@app.get("/dags/{dag_id}")
def dag(dag_id: str) -> HTMLResponse:
    """The published runs that belong to a DAG: of its cadence, or of all for the extract and the fit."""
    name, _, kind = dag_id.partition("__")
    cadence = kind.removeprefix("segment_")
    return _page(_ours(name), [each for each in CADENCES if each == cadence] or CADENCES)


@app.get("/dags/{dag_id}/runs/{run_id}")
def dag_run(dag_id: str, run_id: str, session: SessionDep) -> Response:
    """The report of a DAG run; the runs of its DAG where it has none."""
    name, _, kind = dag_id.partition("__")
    profile = _ours(name)
    query = select(DagRun.data_interval_end).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
    as_of = session.scalar(query)
    cadence = kind.removeprefix("segment_")
    if as_of is None or cadence not in CADENCES:
        return RedirectResponse(f"{ROOT}/dags/{dag_id}")
    return RedirectResponse(f"{ROOT}/reports/{profile.profile}/{cadence}/{as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


@app.get("/reports/{profile}/{cadence}/{as_of}")
def report(profile: KnownProfile, cadence: Cadence, as_of: str) -> HTMLResponse:
    """The HTML report of a run."""
    text = _artifact(_run(profile, cadence, as_of), "report", _REPORT, "has no report yet")
    digest = b64encode(hashlib.sha256(_SCRIPT.read_bytes()).digest()).decode()
    policy = f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:"
    return HTMLResponse(text, headers={_POLICY: policy})


@app.get("/data-docs/{profile}/{purpose}/{cadence}/{as_of}/{path:path}")
def data_docs(profile: KnownProfile, purpose: Purpose, cadence: Cadence, as_of: str, path: str) -> Response:
    """A text file of Great Expectations' Data Docs of a run; its icons and fonts are not served."""
    kind = _TEXTS.get(PurePosixPath(path).suffix)
    if kind is None or ".." in PurePosixPath(path).parts:
        raise HTTPException(404, "not a page of the Data Docs")
    run = _run(profile, cadence, as_of, purpose)
    text = _artifact(run, "validate", f"data_docs/{path}", "has validated nothing new")
    return Response(text, media_type=kind, headers={_POLICY: "sandbox allow-scripts"})


def _run(profile: Profile, cadence: Cadence, as_of: str, purpose: Purpose = "segment") -> Run:
    try:
        return Run(profile, cadence, parse_as_of(as_of, profile), purpose)
    except SegmentationError as error:
        raise HTTPException(404, str(error)) from None


def _artifact(run: Run, stage: str, name: str, absent: str) -> str:
    text = run.lake.read_text(run.locate_artifact(stage, name))
    if text is None:
        raise HTTPException(404, f"run {run.run_id} {absent}")
    return text


def _page(profile: Profile, cadences: Sequence[str]) -> HTMLResponse:
    connections.use_resolver(_connection_uri)
    found: list[Any] = []
    refused: list[Any] = []
    note = ""
    try:
        with connect_warehouse(_for_readers(profile)) as connection:
            connection.execute("SET TRANSACTION READ ONLY")
            if connection.execute("SELECT to_regclass('segmentation_run')").fetchone() != (None,):
                found = query_named_tuples(connection, _RUNS, [list(cadences)])
            if connection.execute(_MAY_READ_CHECKS).fetchone() == (True,):
                refused = query_named_tuples(connection, _REFUSED, [list(cadences)])
    except SegmentationError as error:
        note = str(error)
    return HTMLResponse(
        _html.render(
            root=ROOT,
            profile=profile,
            runs=found,
            refused=refused,
            note=note or ("" if found else "Nothing is published yet."),
        )
    )


def _for_readers(profile: Profile) -> Profile:
    """The profile with connection ``<its warehouse connection>_reader``, whose role only reads, where it is defined."""
    reader = f"{profile.warehouse.connection}_reader"
    if _connection_uri(reader) is None:
        return profile
    return profile.model_copy(update={"warehouse": profile.warehouse.model_copy(update={"connection": reader})})


def _ours(name: str) -> Profile:
    if name not in list_profile_names():
        raise HTTPException(404, "this DAG is none of the segmentation DAGs")
    return _known(name)


def _connection_uri(connection_id: str) -> str | None:
    try:
        return Connection.get_connection_from_secrets(connection_id).get_uri()
    except AirflowNotFoundException:
        return None
