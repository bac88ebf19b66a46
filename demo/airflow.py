"""A real Airflow as private processes: API server, scheduler with LocalExecutor, DAG processor, triggerer.

All processes listen on free loopback ports and end together with the process that started them.
"""

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import psutil
from dateutil.relativedelta import relativedelta

from demo.servers import CHECKOUT, ServerError, find_free_port
from include.segmentation.profile.loader import load_profile

COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
USER = "admin"
_AIRFLOW = str(Path(sys.executable).with_name("airflow"))
_START_SECONDS = 120
_STOP_SECONDS = 8
_DAG_SECONDS = 60
_POLL_SECONDS = 0.5
_STEPS = {"segment_daily": {"days": 1}, "segment_weekly": {"weeks": 1}, "segment_monthly": {"months": 1}}


@dataclass
class Airflow:
    """One private Airflow.

    Attributes:
        home: AIRFLOW_HOME with logs and generated secrets; it persists between starts.
        environment: further variables: ``AIRFLOW__DATABASE__SQL_ALCHEMY_CONN``, connections, the lake.
        dags: the folder with the DAGs.
        tasks: how many tasks of a run may run at the same time.
        port: the port of the API server and the UI.
    """

    home: Path
    environment: dict[str, str]
    dags: Path = CHECKOUT / "dags"
    tasks: int = 3
    port: int = field(default_factory=find_free_port)
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, init=False, repr=False)
    _api: httpx.Client = field(init=False, repr=False)

    @property
    def url(self) -> str:
        """The address of the UI and the REST API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        """The password of user ``admin``, generated at the first start."""
        return self._load_secrets()["password"]

    def start(self) -> "Airflow":
        """Prepare the metadata database and pools, start all processes and wait until they are healthy.

        Raises:
            ServerError: a process ended or did not become healthy in time. The other processes are stopped.
        """
        (self.home / "logs").mkdir(parents=True, exist_ok=True)
        self.environment = self._make_settings() | self.environment
        self._run_process([sys.executable, "-m", "segmentation_airflow.initialisation"])
        try:
            for component in COMPONENTS:
                self._launch(component)
            self._wait_until_healthy()
            self._log_in()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop every process and its child processes."""
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for process in self._processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            _kill_session(process.pid)
            process.wait()
        self._processes.clear()

    def run_command(self, *arguments: str) -> str:
        """Run the ``airflow`` command line and return what it prints.

        Raises:
            ServerError: the command failed.
        """
        return self._run_process([_AIRFLOW, *arguments])

    def run_interval(self, dag_id: str, as_of: datetime, progress: Callable[[str], None]) -> str:
        """Run a profile's DAG for the interval that ends at ``as_of`` and wait until the run ends.

        Args:
            dag_id: such as ``learning__segment_monthly``.
            as_of: the end of one of the DAG's intervals.
            progress: receives a short text whenever the state of the tasks changes.

        Returns:
            The run's id.

        Raises:
            ServerError: the DAG cannot be loaded, or the run failed. The message includes the failed task's error.
        """
        run_id = self.trigger_run(dag_id, find_interval_start(dag_id, as_of), as_of)
        self.wait_for_run(dag_id, run_id, progress)
        return run_id

    def trigger_run(self, dag_id: str, start: datetime, end: datetime) -> str:
        """Start a run for one data interval, as the schedule would, and return its id."""
        self._wait_for_dag(dag_id)
        self._call("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})
        run = {
            "dag_run_id": f"manual__{end:%Y-%m-%dT%H:%MZ}",
            "logical_date": start.isoformat(),  # as the schedule sets it, so that an interval cannot run twice
            "data_interval_start": start.isoformat(),
            "data_interval_end": end.isoformat(),
        }
        return str(self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", run)["dag_run_id"])

    def wait_for_run(self, dag_id: str, run_id: str, progress: Callable[[str], None]) -> None:
        """Wait until a run has ended.

        Raises:
            ServerError: the run failed, or an Airflow process ended.
        """
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}"
        last_words = ""
        while True:
            state = self._call("GET", path)["state"]
            tasks = self._call("GET", f"{path}/taskInstances?limit=100")["task_instances"]
            if (words := _describe_progress(tasks)) != last_words:
                progress(words)
                last_words = words
            if state == "success":
                return
            if state == "failed":
                raise ServerError(f"{dag_id} {run_id} failed: {self._explain_failure(path, tasks)}")
            self._check_alive()
            time.sleep(_POLL_SECONDS)

    def list_runs(self) -> list[dict[str, Any]]:
        """List the runs of all DAGs by start time, as the REST API describes them."""
        response = self._call("GET", "/api/v2/dags/~/dagRuns?limit=100&order_by=start_date")
        return list(response["dag_runs"])

    def _make_settings(self) -> dict[str, str]:
        credentials = self._load_secrets()
        return {
            "AIRFLOW_HOME": str(self.home),
            "PYTHONPATH": f"{CHECKOUT}{os.pathsep}{CHECKOUT / 'plugins'}",
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(CHECKOUT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            # A worker stays for up to one heartbeat after its task; twice as many workers keep `tasks` tasks running.
            "AIRFLOW__CORE__PARALLELISM": str(2 * self.tasks),
            "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": str(self.tasks),
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.home / "passwords.json"),
            "AIRFLOW_ADMIN_PASSWORD": credentials["password"],
            "AIRFLOW__CORE__FERNET_KEY": credentials["fernet"],
            "AIRFLOW__API_AUTH__JWT_SECRET": credentials["jwt"],
            "AIRFLOW__API__SECRET_KEY": credentials["jwt"],
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(find_free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(find_free_port()),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        }

    def _load_secrets(self) -> dict[str, str]:
        path = self.home / "secrets.json"
        if not path.is_file():
            self.home.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            fernet = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
            credentials = {"password": secrets.token_urlsafe(12), "fernet": fernet, "jwt": secrets.token_hex(64)}
            path.write_text(json.dumps(credentials))
        return dict(json.loads(path.read_text()))

    def _make_environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        return inherited | self.environment

    def _run_process(self, command: list[str]) -> str:
        process = subprocess.run(command, env=self._make_environment(), capture_output=True, text=True, check=False)
        if process.returncode != 0:
            words = " ".join((process.stderr or process.stdout).split())[-800:]
            raise ServerError(f"{' '.join([Path(command[0]).name, *command[1:]])} failed: {words}")
        return process.stdout

    def _launch(self, component: str) -> None:
        with self._locate_log(component).open("ab") as log:
            self._processes[component] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", _AIRFLOW, component],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._make_environment(),
                start_new_session=True,  # only the parent receives Ctrl-C; it stops them in order
            )

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while waiting := self._list_unhealthy():
            self._check_alive()
            if time.monotonic() > deadline:
                raise ServerError(f"airflow {waiting[0]} did not become healthy; {self._read_log_end(waiting[0])}")
            time.sleep(_POLL_SECONDS)

    def _list_unhealthy(self) -> list[str]:
        try:
            health = httpx.get(f"{self.url}/api/v2/monitor/health", timeout=5).json()
        except (httpx.HTTPError, ValueError):
            return ["api-server"]
        return [name for name in COMPONENTS[1:] if health[name.replace("-", "_")]["status"] != "healthy"]

    def _check_alive(self) -> None:
        for component, process in self._processes.items():
            if process.poll() is not None:
                words = self._read_log_end(component)
                raise ServerError(f"airflow {component} ended with status {process.returncode}; {words}")

    def _log_in(self) -> None:
        self._api = httpx.Client(base_url=self.url, timeout=60)
        token = self._call("POST", "/auth/token", {"username": USER, "password": self.password})["access_token"]
        self._api.headers["Authorization"] = f"Bearer {token}"

    def _wait_for_dag(self, dag_id: str) -> None:
        deadline = time.monotonic() + _DAG_SECONDS
        while self._api.get(f"/api/v2/dags/{dag_id}").status_code != httpx.codes.OK:
            if errors := self._call("GET", "/api/v2/importErrors")["import_errors"]:
                raise ServerError(f"{errors[0]['filename']}: {errors[0]['stack_trace'].strip().splitlines()[-1]}")
            self._check_alive()
            if time.monotonic() > deadline:
                raise ServerError(f"{self.dags}: DAG '{dag_id}' does not exist")
            time.sleep(_POLL_SECONDS)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = self._api.request(method, path, json=body)
        except httpx.HTTPError as error:
            self._check_alive()
            raise ServerError(f"Airflow's API does not answer {method} {path}: {error}") from None
        if answer.is_error:
            raise ServerError(f"Airflow's API rejects {method} {path}: {answer.status_code} {answer.text[:500]}")
        return dict(answer.json())

    def _explain_failure(self, path: str, tasks: list[dict[str, Any]]) -> str:
        failed = next((task for task in tasks if task["state"] == "failed"), None)
        if failed is None:
            return "no task failed; see the run in the UI"
        log = f"{path}/taskInstances/{failed['task_id']}/logs/{failed['try_number']}"
        lines = self._call("GET", log)["content"]
        errors = [
            f"{error['exc_type']}: {error['exc_value']}" for line in lines for error in line.get("error_detail") or []
        ]
        return f"{failed['task_id']}: {errors[-1] if errors else lines[-1].get('event')}"

    def _locate_log(self, component: str) -> Path:
        return self.home / "logs" / f"{component}.log"

    def _read_log_end(self, component: str) -> str:
        log = self._locate_log(component)
        return f"{log}: {' | '.join(log.read_text(errors='replace').splitlines()[-5:])}"


def find_interval_start(dag_id: str, as_of: datetime) -> datetime:
    """Find the start of the DAG's interval that ends at ``as_of``, a midnight in the profile's time zone."""
    name, _, kind = dag_id.partition("__")
    profile = load_profile(name)
    step = _STEPS | {"extract": {"days": 1}, "fit": {"months": profile.schedule.refit_every}}
    step["reconcile"] = _STEPS[f"segment_{profile.schedule.reconcile}"]
    return profile.find_midnight(as_of.astimezone(ZoneInfo(profile.time_zone)).date() - relativedelta(**step[kind]))


def _describe_progress(tasks: list[dict[str, Any]]) -> str:
    successes = sum(task["state"] == "success" for task in tasks)
    running = [task["task_id"] for task in tasks if task["state"] == "running"]
    return f"{successes} of {len(tasks)} tasks" + (f", now {', '.join(running)}" if running else "")


def _kill_session(session: int) -> None:
    """Kill what is left of a component; tasks have their own process groups but stay in its session."""
    for process in psutil.process_iter():
        with suppress(ProcessLookupError):
            if os.getsid(process.pid) == session:
                os.kill(process.pid, signal.SIGKILL)
