"""``python -m demo run|airflow|stop|sql|clean``: what `make demo`, `make airflow`, `make stop`, `make sql` call."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import psycopg
from rich.console import Console
from rich.markup import escape

from demo import background, claims, reconcile, stack, summary
from demo.airflow import Airflow
from demo.learning import fill
from demo.mysql import FillError
from demo.retail import RetailFileError, load, read
from demo.servers import ServerError, postgres, running
from include.segmentation.errors import SegmentationError
from include.segmentation.profile import Profile, load_profile

console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140)
errors = Console(stderr=True)

CALENDAR: dict[str, list[tuple[str, date]]] = {
    "learning": [
        ("extract", date(2025, 6, 1)),
        ("reconcile", date(2025, 5, 26)),
        ("fit", date(2025, 2, 1)),
        *[("segment_monthly", date(2025, month, 1)) for month in (2, 3, 4, 5)],
        ("segment_weekly", date(2025, 5, 26)),
        ("segment_daily", date(2025, 6, 1)),
    ],
    "retail": [
        ("extract", date(2011, 12, 10)),
        ("reconcile", date(2011, 12, 5)),
        ("fit", date(2011, 7, 1)),
        *[("segment_monthly", date(2011, month, 1)) for month in (7, 8, 9, 10, 11, 12)],
        ("segment_daily", date(2011, 12, 10)),
    ],
}
"""The DAG runs of a demo, in order. The extraction reaches the end of the profile's data."""


def main() -> int:
    """Run one command and return its exit status."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))  # so that every `finally` stops its server
    signal.signal(signal.SIGINT, _interrupted)
    options = _parser().parse_args()
    try:
        return int(options.command(options) or 0)
    except (ServerError, SegmentationError, RetailFileError, FillError) as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        errors.print("interrupted; everything is stopped")
        return 130


def _interrupted(*_: object) -> None:
    """Stop in order: a second Ctrl-C would only cut the stopping short."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    errors.print("stopping …")
    raise KeyboardInterrupt


def _run(options: argparse.Namespace) -> None:
    profile = load_profile(options.profile)
    if profile.profile not in CALENDAR:
        raise ServerError(f"there is no demo of profile '{profile.profile}'; allowed are {', '.join(CALENDAR)}")
    _refuse_bad_input(profile, options)
    background.stop()
    started = time.monotonic()
    stack.forget(profile)
    stack.remember({"profile": profile.profile, "learners": options.learners})
    with ExitStack() as servers:
        console.print(f"Private servers: data in {stack.servers_home()}")
        environment = servers.enter_context(stack.databases(fresh=profile))
        source = _fill(profile, options, environment[f"AIRFLOW_CONN_{profile.profile.upper()}_MYSQL"])
        if profile.profile == "learning":
            environment |= servers.enter_context(stack.analytics(options.learners))
        os.environ.update(environment)
        console.print("Airflow: API server, scheduler, DAG processor, triggerer")
        airflow = servers.enter_context(_airflow(environment))
        _run_dags(airflow, profile)
        _tell(environment, profile, source)
    console.print(f"Done in {time.monotonic() - started:.0f} s; all servers are stopped.")
    _where_to_look(profile)


def _refuse_bad_input(profile: Profile, options: argparse.Namespace) -> None:
    """Before anything of an earlier demo is removed."""
    if options.learners < 1:
        raise ServerError(f"LEARNERS={options.learners}: allowed is 1 or more")
    if profile.profile == "retail":
        if options.data is None:
            raise ServerError("profile retail needs the shop's file: make demo PROFILE=retail DATA=<file>")
        with console.status(f"Reading {options.data}"):
            read(options.data)


def _fill(profile: Profile, options: argparse.Namespace, database: str) -> Mapping[str, object]:
    """Fill the source database; return the counts of what it holds then."""
    with console.status("Filling MariaDB") as status:
        if profile.profile == "retail":
            counts = load(database, options.data, progress=status.update)
        else:
            counts = fill(database, learners=options.learners, progress=status.update)
    console.print("MariaDB: " + ", ".join(f"{value:,} {name}" for name, value in counts.items()))
    return counts


@contextmanager
def _airflow(environment: dict[str, str]) -> Iterator[Airflow]:
    airflow = Airflow(home=stack.HOME / "airflow", environment=environment)
    try:
        yield airflow.start()
    finally:
        airflow.stop()


def _run_dags(airflow: Airflow, profile: Profile) -> None:
    for dag, day in CALENDAR[profile.profile]:
        _run_dag(airflow, f"{profile.profile}__{dag}", day, profile)


def _run_dag(airflow: Airflow, dag_id: str, day: date, profile: Profile) -> None:
    began = time.monotonic()
    with console.status(f"{dag_id} as of {day}") as status:
        airflow.run(dag_id, profile.midnight(day), lambda text: status.update(f"{dag_id} as of {day}: {text}"))
    console.print(f"  {dag_id:<28} as of {day}  success in {time.monotonic() - began:5.1f} s")


def _tell(environment: dict[str, str], profile: Profile, source: Mapping[str, object]) -> None:
    uri = stack.libpq_uri(environment["AIRFLOW_CONN_SEGMENTATION_WAREHOUSE"])
    options = f"-c search_path={profile.warehouse.schema_name}"
    with psycopg.connect(uri, options=options) as connection:
        figures = reconcile.arrived(profile, source)
        summary.print_reconciliation(console, figures)
        if profile.profile == "retail":
            summary.print_figures(console, "Customers at the end", reconcile.shop_at_the_end(connection))
        summary.print_segments(console, connection, profile)
        summary.print_claims(console, getattr(claims, profile.profile)(connection))
        summary.print_row_counts(console, connection, profile)
    if any(sent != found for _, sent, found in figures):
        raise ServerError("the lake does not hold what the source has; see the table above")


def _where_to_look(profile: Profile) -> None:
    runs = stack.HOME / "lake" / profile.profile / "_runs"
    reports = sorted((runs / profile.schedule.primary_cadence).rglob("report.html"))
    console.print(f"Report:    {reports[-1]}", soft_wrap=True)
    console.print(f"           and one of every other run below {runs}", soft_wrap=True)
    console.print('Warehouse: make sql, or make -s sql Q="select * from dim_segment"')
    console.print("Airflow:   make airflow (ends with make stop)")


def _open_airflow(_: argparse.Namespace) -> None:
    stack.remembered()
    url, user, password = background.start(console)
    console.print(f"Airflow is at {url} (user {user}, password {password}); `make stop` ends it.", soft_wrap=True)


def _serve(_: argparse.Namespace) -> None:
    settings = stack.remembered()
    with ExitStack() as servers:
        environment = servers.enter_context(stack.databases())
        if settings["profile"] == "learning":
            environment |= servers.enter_context(stack.analytics(int(str(settings["learners"]))))
        airflow = servers.enter_context(_airflow(environment))
        background.announce(airflow, environment)
        signal.pause()


def _stop(_: argparse.Namespace) -> None:
    console.print("stopped" if background.stop() else "nothing was running")


def _sql(options: argparse.Namespace) -> int:
    settings = stack.remembered()
    schema = load_profile(str(settings["profile"])).warehouse.schema_name
    with ExitStack() as servers:
        environment = background.environment()
        if environment is None:
            server = servers.enter_context(running(postgres(stack.servers_home() / "postgres")))
            uri = server.uri(stack.WAREHOUSE)
        else:
            uri = environment["AIRFLOW_CONN_SEGMENTATION_WAREHOUSE"]
        command = ["psql", "--no-psqlrc", "--quiet", stack.libpq_uri(uri)]
        if options.query:
            command += ["--csv", "--set", "ON_ERROR_STOP=1", "--command", options.query]
        search_path = f"-c search_path={schema},public"
        return subprocess.run(command, env=os.environ | {"PGOPTIONS": search_path}, check=False).returncode


def _clean(_: argparse.Namespace) -> None:
    background.stop()
    shutil.rmtree(stack.HOME, ignore_errors=True)
    shutil.rmtree(stack.servers_home(), ignore_errors=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="<command>")
    run = commands.add_parser("run", help="fill the sources and run the DAGs on a real Airflow")
    run.add_argument("--profile", default="learning")
    run.add_argument("--learners", type=int, default=33_280, help="size of the generated platform")
    run.add_argument("--data", type=Path, help="the shop's file (Parquet, CSV or XLSX), for profile retail")
    run.set_defaults(command=_run)
    commands.add_parser("airflow", help="open Airflow in the background").set_defaults(command=_open_airflow)
    commands.add_parser("serve", help="open Airflow in the foreground").set_defaults(command=_serve)
    commands.add_parser("stop", help="end what `airflow` started").set_defaults(command=_stop)
    sql = commands.add_parser("sql", help="psql on the warehouse")
    sql.add_argument("--query", help="print its result as CSV")
    sql.set_defaults(command=_sql)
    commands.add_parser("clean", help="remove the demo's data").set_defaults(command=_clean)
    return parser


if __name__ == "__main__":
    sys.exit(main())
