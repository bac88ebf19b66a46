"""Models at a real tracking server, and a fit without one."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from mlflow import MlflowClient
from track_club import write_measures

from demo.servers import CHECKOUT, find_free_port
from include.segmentation import connections
from include.segmentation.__main__ import main
from include.segmentation.errors import TrackingError, UnavailableError
from include.segmentation.model.grid_model import CellModel, GridModel, ScoreModel
from include.segmentation.model.model import Evidence
from include.segmentation.model.timeline import read_timeline
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run
from include.segmentation.segment import accept_model
from include.segmentation.track import track, track_decisions

Put = Callable[..., Run]


def runs_of(client: MlflowClient, profile: Profile) -> list[Any]:
    experiment = client.get_experiment_by_name(f"segmentation/{profile.profile}/habit")
    return list(client.search_runs([experiment.experiment_id])) if experiment else []


def text_of(client: MlflowClient, run: Any, name: str, folder: Path) -> str:
    return Path(client.download_artifacts(run.info.run_id, name, str(folder))).read_text()


def curve(client: MlflowClient, run: Any, metric: str) -> dict[int, float]:
    points = client.get_metric_history(run.info.run_id, metric)
    by_step = {point.step: point.value for point in points}
    assert len(by_step) == len(points)
    return by_step


@pytest.fixture
def refuses() -> Iterator[Callable[[int], tuple[str, list[str]]]]:
    """A server that answers every request with one status; its address and the logins it received."""
    servers = []

    def start(status: int) -> tuple[str, list[str]]:
        logins: list[str] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                logins.append(self.headers["Authorization"])
                body = json.dumps({"error_code": "PERMISSION_DENIED", "message": "not\nyou"}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}", logins

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_model_is_logged_with_all_its_parts(tracked: MlflowClient, club: Profile, put: Put, tmp_path: Path) -> None:
    run = put()
    summary = track(run)

    (entry,) = read_timeline(run.lake, "habit")
    (logged,) = runs_of(tracked, club)
    assert (summary["logged"], logged.info.status) == (1, "FINISHED")
    assert logged.info.run_name == logged.data.tags["model_id"] == entry.model.model_id
    assert logged.data.tags["status"] == "accepted"
    command = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False).stdout.strip()
    assert logged.data.tags.get("mlflow.source.git.commit", "") == commit
    assert text_of(tracked, logged, "model.json", tmp_path) == entry.model.model_dump_json()
    page = text_of(tracked, logged, "report.html", tmp_path)
    assert all(segment.key in page for segment in entry.model.list_segments())
    assert "Never &lt;b&gt;came&lt;/b&gt;" in page
    assert "<b>" not in page


def test_parameters_record_what_the_profile_asked_for(tracked: MlflowClient, club: Profile, put: Put) -> None:
    run = put()
    track(run)

    ((entry,), (logged,)) = read_timeline(run.lake, "habit"), runs_of(tracked, club)
    assert logged.data.params == {
        "profile": club.profile,
        "macro_segment": "habit",
        "as_of": "2025-02-01T00:00:00Z",
        "seed": str(entry.model.seed),
        "strata": "never, active",
        "never/when": "visits = 0",
        "never/k_taken": "1",
        "active/when": "visits >= 1",
        "active/kpis": "visits, gap",
        "active/algorithm": "kmeans",
        "active/k_allowed": "1, 2, 3, 4",
        "active/k_taken": "3",
        "active/micro/kpis": "visits, gap",
        "active/micro/k_allowed": "1, 2",
        "kpi/visits/window": "trailing 30d",
        "kpi/visits/transform": "log1p",
        "kpi/visits/scale": "robust",
        "kpi/visits/weight": "2",
        "kpi/gap/window": "trailing 30d",
        "kpi/gap/transform": "clip [0.0, 90.0]",
        "kpi/gap/scale": "standard",
        "kpi/gap/weight": "1",
    }


def test_a_grid_is_logged_with_its_cut_points(tracked: MlflowClient, club: Profile, put: Put, tmp_path: Path) -> None:
    scores = [
        ScoreModel(
            name=name, label=name.upper(), kpi=kpi, classes=3, less_is_better=less, cuts=cuts, customers=[1, 2, 3]
        )
        for name, kpi, less, cuts in (("f", "visits", False, [2.5, 10]), ("r", "gap", True, [1000000.125]))
    ]
    cell = CellModel(name="all", label="All", description="", rows=(1, 3), columns=(1, 3))
    track(put(grid=GridModel(label="Grid", when="visits > 0", scores=scores, rows="r", columns="f", cells=[cell])))

    (logged,) = runs_of(tracked, club)
    assert {name: text for name, text in logged.data.params.items() if name.startswith("grid/")} == {
        "grid/when": "visits > 0",
        "grid/f/kpi": "visits",
        "grid/f/cuts": "2.5, 10",
        "grid/r/kpi": "gap",
        "grid/r/cuts": "1000000.125",
    }
    page = text_of(tracked, logged, "report.html", tmp_path)
    assert "visits &gt; 0" in page
    assert "<td>2.5, 10</td>" in page


def test_metrics_describe_the_chosen_k_and_evidence_is_a_curve_over_k(
    tracked: MlflowClient, club: Profile, put: Put
) -> None:
    run = put()
    track(run)

    ((entry,), (logged,)) = read_timeline(run.lake, "habit"), runs_of(tracked, club)
    rows = [row for row in entry.model.evidence if (row.stratum, row.algorithm) == ("active", "kmeans")]
    evidence = {(row.k, row.metric): row.value for row in rows}
    metrics = logged.data.metrics
    for name in ("silhouette", "inertia", "jaccard_min", "fidelity", "smallest_share", "largest_share", "separated"):
        assert metrics[f"active/{name}"] == evidence[3, name], name
    assert (metrics["customers"], metrics["segments"], metrics["active/segments"]) == (600, 4, 3)
    assert metrics["active.01/segments"] == metrics["micro_segments"] == 2
    assert 0 < metrics["active.01/silhouette"] < metrics["active/silhouette"]
    assert (metrics["never/customers"], metrics["never/share"]) == (40, pytest.approx(40 / 600))
    for name in ("silhouette", "inertia", "jaccard_min", "chosen"):
        expected = {k: value for (k, metric), value in evidence.items() if metric == name}
        assert len(expected) > 1
        assert curve(tracked, logged, f"by_k/active/kmeans/{name}") == expected
    assert curve(tracked, logged, "by_k/active/ward/silhouette").keys() == {2, 3, 4}
    moments = {point.timestamp for point in tracked.get_metric_history(logged.info.run_id, "customers")}
    assert moments == {int(run.as_of.timestamp() * 1000)}


def test_logging_twice_stores_one_run(tracked: MlflowClient, club: Profile, put: Put) -> None:
    run = put()
    track(run)
    (before,) = runs_of(tracked, club)

    again = track(run)

    (after,) = runs_of(tracked, club)
    assert (again["logged"], again["decided"]) == (0, 0)
    assert after.to_dictionary() == before.to_dictionary()
    assert curve(tracked, after, "by_k/active/kmeans/inertia")


def test_an_interrupted_run_is_completed(
    tracked: MlflowClient, club: Profile, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = put()
    with monkeypatch.context() as context:
        context.setattr(MlflowClient, "log_text", _power_cut)
        with pytest.raises(KeyboardInterrupt):
            track(run)
    (interrupted,) = runs_of(tracked, club)
    assert interrupted.info.status == "RUNNING"

    track(run)

    (completed,) = runs_of(tracked, club)
    assert (completed.info.run_id, completed.info.status) == (interrupted.info.run_id, "FINISHED")
    assert curve(tracked, completed, "by_k/active/kmeans/inertia")
    assert {file.path for file in tracked.list_artifacts(completed.info.run_id)} == {"model.json", "report.html"}


def _power_cut(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_status_follows_decisions(tracked: MlflowClient, club: Profile, put: Put) -> None:
    track_decisions(club)
    assert runs_of(tracked, club) == []
    first = put()
    track(first)
    later = put("candidate", "2025-03-01")
    track(later)
    assert [run.data.tags["status"] for run in runs_of(tracked, club)] == ["candidate", "accepted"]

    accept_model(club, read_timeline(later.lake, "habit")[-1].model.model_id, "someone")
    assert track_decisions(club)["decided"] == 1
    assert track(first)["logged"] == 0
    assert [run.data.tags["status"] for run in runs_of(tracked, club)] == ["accepted", "accepted"]


def test_a_model_with_more_metrics_than_one_request_holds(tracked: MlflowClient, club: Profile, put: Put) -> None:
    run = put()
    rows = [Evidence(stratum="active", algorithm="ward", k=k, metric=f"m{k % 7}", value=k) for k in range(1, 1501)]
    nothing = Evidence(stratum="active", algorithm="ward", k=1, metric="nothing", value=None)
    put("retired", model_id="large", evidence=[*rows, nothing])

    assert track(run)["logged"] == 2

    (logged,) = [one for one in runs_of(tracked, club) if one.info.run_name == "large"]
    curves = [curve(tracked, logged, f"by_k/active/ward/m{rest}") for rest in range(7)]
    assert {k: value for points in curves for k, value in points.items()} == {k: k for k in range(1, 1501)}
    assert logged.data.tags["status"] == "retired"
    assert "by_k/active/ward/nothing" not in logged.data.metrics


def test_a_deleted_experiment_is_refused_in_one_line(tracked: MlflowClient, club: Profile, put: Put) -> None:
    run = put()
    track(run)
    tracked.delete_experiment(tracked.get_experiment_by_name(f"segmentation/{club.profile}/habit").experiment_id)
    with pytest.raises(
        TrackingError, match=r"MLFLOW_TRACKING_URI http://127\.0\.0\.1:\d+: the server refuses \(.*ctive"
    ):
        track(run)


@pytest.fixture
def command(club: Profile, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run the command line on measured customers; return its status and standard error."""
    for stage in ("validate", "measure"):
        monkeypatch.setattr(f"include.segmentation.{stage}.{stage}", lambda *_: {})

    def run(name: str, *more: str) -> tuple[int, str]:
        place = ["--profile", club.profile, "--profiles-dir", str(Path(club.path).parent)]
        status = main([name, *place, *more])
        return status, capsys.readouterr().err

    return run


def test_a_server_that_is_down_costs_no_fit(
    command: Callable[..., Any],
    club: Profile,
    put: Put,
    tracking_server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run, port = write_measures(club), find_free_port()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@127.0.0.1:{port}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")

    status, said = command("fit", "--as-of", "2025-02-01")

    assert status == 2
    (line,) = said.strip().splitlines()
    assert line.startswith(f"error: MLFLOW_TRACKING_URI http://127.0.0.1:{port}: the server cannot be reached (")
    assert "Connection refused" in line
    assert "secret" not in line
    assert [entry.status for entry in read_timeline(run.lake, "habit")] == ["accepted"]

    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_server)
    assert command("track", "--as-of", "2025-02-01") == (0, "")
    assert len(runs_of(MlflowClient(tracking_server), club)) == 1


def test_the_command_line_tracks_decisions(
    command: Callable[..., Any], tracked: MlflowClient, club: Profile, put: Put
) -> None:
    put()
    later = put("candidate", "2025-03-01")
    assert command("track", "--as-of", "2025-02-01") == (0, "")
    assert command("track", "--as-of", "2025-03-01") == (0, "")
    candidate = read_timeline(later.lake, "habit")[-1].model.model_id
    assert command("reject", "--model", candidate, "--by", "me") == (0, "")
    assert [run.data.tags["status"] for run in runs_of(tracked, club)] == ["rejected", "accepted"]


def test_the_task_is_retried_while_the_server_is_away(
    tracked: MlflowClient, club: Profile, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk import RetryAction

    from segmentation_airflow.operators import DEFAULT_ARGS, StageOperator

    monkeypatch.setattr(connections, "_resolver", connections._resolver)  # a task sets its own, for good
    monkeypatch.setenv("SEGMENTATION_PROFILES", str(Path(club.path).parent))
    common = {"profile": club.profile, "cadence": "monthly", "stage": "track", "purpose": "fit"}
    task, context = StageOperator(task_id="fitted", **common), {"data_interval_end": put().as_of}
    assert task.execute(context)["logged"] == 1

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{find_free_port()}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(UnavailableError) as away:
        task.execute(context)
    assert DEFAULT_ARGS["retry_policy"].evaluate(away.value, 1, 3).action is RetryAction.RETRY


@pytest.mark.parametrize(
    ("status", "error"), [(401, TrackingError), (403, TrackingError), (429, UnavailableError), (503, UnavailableError)]
)
def test_a_server_that_refuses_is_one_line(
    refuses: Callable[[int], tuple[str, list[str]]],
    club: Profile,
    put: Put,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    error: type[Exception],
) -> None:
    run = put()
    address, logins = refuses(status)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(error) as refused:
        track(run)
    assert type(refused.value) is error
    assert str(refused.value).startswith(f"MLFLOW_TRACKING_URI {address}: the server ")
    assert "\n" not in str(refused.value)
    assert set(logins) == {"Basic bWU6c2VjcmV0"}


def test_a_refused_upload_does_not_reveal_the_password(
    tracking_server: str, club: Profile, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Artifacts are uploaded by requests, whose errors quote the address with its login."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if "mlflow-artifacts" in self.path:
                self.send_error(403)
                return
            there = requests.request(
                self.command, tracking_server + self.path, data=sent, headers={"Content-Type": "application/json"}
            )
            self.send_response(there.status_code)
            self.send_header("Content-Length", str(len(there.content)))
            self.end_headers()
            self.wfile.write(there.content)

        do_POST = do_PUT = do_GET  # noqa: N815 - names of the base class

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@127.0.0.1:{server.server_port}")
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        with pytest.raises(TrackingError, match="403") as refused:
            track(put())
        server.shutdown()
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("uri", ["", "sqlite:////somewhere/runs.db", "databricks", "http://", "mlruns"])
def test_an_address_that_is_no_server_is_refused(
    club: Profile, put: Put, monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    run = put()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(
        TrackingError,
        match=r"^MLFLOW_TRACKING_URI( is not set|: found scheme '\w*' and host ''); allowed: the address of a",
    ):
        track(run)


def test_without_the_optional_client_tracking_says_what_to_install(
    club: Profile, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = put()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@mlflow.example:5000")
    monkeypatch.setitem(sys.modules, "mlflow", None)
    for ask in (lambda: track(run), lambda: track_decisions(club)):
        with pytest.raises(TrackingError) as missing:
            ask()
        assert str(missing.value) == (
            "MLFLOW_TRACKING_URI http://mlflow.example:5000: MLflow's client is not installed; "
            "run: python -m pip install -r requirements-track.txt"
        )
        assert not isinstance(missing.value, UnavailableError)


def test_the_client_is_pinned_in_the_optional_requirements_alone() -> None:
    def pins(name: str) -> set[str]:
        return set((CHECKOUT / name).read_text().splitlines())

    optional = pins("requirements-track.txt")
    assert [pin.split("==")[0] for pin in optional if pin.startswith("mlflow")] == ["mlflow-skinny"]
    for name in ("requirements.txt", "requirements-dev.txt"):
        assert not [pin for pin in pins(name) if pin.startswith("mlflow")]
    versions = dict(pin.split("==") for pin in pins("requirements.txt"))
    shared = dict(pin.split("==") for pin in optional)
    assert {name: shared[name] for name in shared if name in versions} == {
        name: versions[name] for name in shared if name in versions
    }


def test_without_an_address_a_fit_does_not_even_import_mlflow(club: Profile) -> None:
    run = write_measures(club)
    script = (
        "import sys\n"
        "from include.segmentation import __main__, measure, validate\n"
        "measure.measure = validate.validate = lambda *_: {}\n"
        "status = __main__.main(sys.argv[1:])\n"
        "print(status, sorted(name for name in sys.modules if name.split('.')[0] in ('mlflow', 'git', 'databricks')))"
    )
    place = ["--profile", club.profile, "--profiles-dir", str(Path(club.path).parent), "--as-of", "2025-02-01"]
    mine = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    done = subprocess.run(
        [sys.executable, "-c", script, "fit", *place],
        cwd=CHECKOUT,
        env=mine | {"MLFLOW_TRACKING_URI": ""},  # as where .env has the variable and no value
        capture_output=True,
        text=True,
        check=True,
    )
    *_, fitted, last = done.stdout.strip().splitlines()
    assert fitted.startswith("fit ")
    assert last == "0 []"
    assert len(read_timeline(run.lake, "habit")) == 1
