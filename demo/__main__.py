"""``python -m demo run|airflow|stop|sql|shop|clean``: the commands behind `make demo`, and the tutorial's shell."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from demo import background, credit_card, learning, retail, shop, stack, summary
from demo.airflow import Airflow
from demo.business import ProfileDemo, SourceCounts
from demo.files import DataFileError
from demo.mysql import FillError
from demo.servers import ServerError, make_postgres, run_server
from include.segmentation.errors import SegmentationError
from include.segmentation.lake.lake import Lake
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.warehouse.connection import connect_uri

console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140)
ERRORS = Console(stderr=True)

DEMOS: dict[str, ProfileDemo] = {"learning": learning.DEMO, "retail": retail.DEMO, "credit_card": credit_card.DEMO}


def main() -> int:
    """Run one command and return its exit status."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(
            ending, lambda number, _: sys.exit(128 + number)
        )  # exit normally, so that every `finally` stops its server
    signal.signal(signal.SIGINT, _interrupt)
    options = _make_parser().parse_args()
    try:
        return int(options.command(options) or 0)
    except (ServerError, SegmentationError, DataFileError, FillError) as error:
        ERRORS.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        ERRORS.print("interrupted; everything is stopped")
        return 130


def _interrupt(*_: object) -> None:
    """Shut down in order; ignore a second Ctrl-C, which would interrupt the shutdown."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ERRORS.print("stopping …")
    raise KeyboardInterrupt


def _run(options: argparse.Namespace) -> None:
    profile, demo = load_profile(options.profile), _find_demo(options.profile)
    if options.size is not None and options.size < 1:
        raise ServerError(f"SIZE={options.size}: allowed: 1 or more")
    with console.status("Reading" if options.data else "Generating"):
        rows = demo.read(options.data, options.size, console.print)
    background.stop_background()
    started = time.monotonic()
    stack.remove_traces(profile)
    stack.write_settings({"profile": profile.profile, "size": options.size})
    with ExitStack() as servers:
        console.print(f"Private servers store their data in {stack.find_servers_home()}")
        environment = servers.enter_context(stack.run_databases(DEMOS, fresh=profile))
        with console.status("Filling MariaDB") as status:
            source = demo.fill_source(environment[stack.name_mysql_connection(profile.profile)], rows, status.update)
        console.print("MariaDB: " + ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in source.items()))
        environment |= servers.enter_context(demo.services(options.size))
        os.environ.update(environment)
        console.print("Airflow: API server, scheduler, DAG processor, triggerer")
        airflow = servers.enter_context(_run_airflow(environment))
        for dag, day in demo.runs:
            _run_dag(airflow, f"{profile.profile}__{dag}", day, profile)
        _print_summary(environment, profile, demo, source)
    console.print(f"Done in {time.monotonic() - started:.0f} s; all servers are stopped.")
    _print_locations(profile)


def _find_demo(profile: str) -> ProfileDemo:
    if profile not in DEMOS:
        raise ServerError(f"profile '{profile}' has no demo; allowed: {', '.join(DEMOS)}")
    return DEMOS[profile]


@contextmanager
def _run_airflow(environment: dict[str, str]) -> Iterator[Airflow]:
    airflow = Airflow(home=stack.HOME / "airflow", environment=environment)
    try:
        yield airflow.start()
    finally:
        airflow.stop()


def _run_dag(airflow: Airflow, dag_id: str, day: date, profile: Profile) -> None:
    start = time.monotonic()
    with console.status(f"{dag_id} as of {day}") as status:
        airflow.run_interval(
            dag_id, profile.find_midnight(day), lambda text: status.update(f"{dag_id} as of {day}: {text}")
        )
    console.print(f"  {dag_id:<28} as of {day}  success in {time.monotonic() - start:5.1f} s")


def _print_summary(environment: dict[str, str], profile: Profile, demo: ProfileDemo, source: SourceCounts) -> None:
    uri = environment["AIRFLOW_CONN_SEGMENTATION_WAREHOUSE"]
    arrived = demo.count_lake_rows(Lake(str(stack.HOME / "lake"), profile))
    with connect_uri(uri, search_path=profile.warehouse.schema_name) as connection:
        summary.print_reconciliation(console, source, arrived)
        if demo.figures:
            summary.print_figures(console, connection, demo.figures)
        summary.print_segments(console, connection, profile)
        summary.print_claims(console, demo.claims(connection))
        summary.print_row_counts(console, connection, profile)
    if source != arrived:
        raise ServerError("the counts in the lake differ from the source; see the table above")


def _print_locations(profile: Profile) -> None:
    runs = stack.HOME / "lake" / profile.profile / "_runs"
    reports = sorted((runs / profile.schedule.primary_cadence).rglob("report.html"))
    console.print(f"Report:    {reports[-1]}", soft_wrap=True)
    console.print(f"           reports of the other runs are in {runs}", soft_wrap=True)
    console.print('Warehouse: make sql, or make -s sql Q="select * from dim_segment"')
    console.print("Airflow:   make airflow; stop it with make stop")


def _open_airflow(_: argparse.Namespace) -> None:
    stack.read_settings()
    url, user, password = background.start_background(console)
    console.print(f"Airflow is at {url} (user {user}, password {password}); `make stop` stops it.", soft_wrap=True)


def _serve(_: argparse.Namespace) -> None:
    settings = stack.read_settings()
    with ExitStack() as servers:
        environment = servers.enter_context(stack.run_databases(DEMOS))
        environment |= servers.enter_context(_find_demo(str(settings["profile"])).services(settings["size"]))
        airflow = servers.enter_context(_run_airflow(environment))
        background.record_ready(airflow, environment)
        signal.pause()


def _stop(_: argparse.Namespace) -> None:
    console.print("stopped" if background.stop_background() else "nothing was running")


def _sql(options: argparse.Namespace) -> int:
    settings = stack.read_settings()
    schema = load_profile(str(settings["profile"])).warehouse.schema_name
    with ExitStack() as servers:
        environment = background.read_environment()
        if environment is None:
            server = servers.enter_context(run_server(make_postgres(stack.find_servers_home() / "postgres")))
            uri = server.write_uri(stack.WAREHOUSE)
        else:
            uri = environment["AIRFLOW_CONN_SEGMENTATION_WAREHOUSE"]
        command = ["psql", "--no-psqlrc", "--quiet", stack.write_libpq_uri(uri)]
        if options.query:
            command += ["--csv", "--set", "ON_ERROR_STOP=1", "--command", options.query]
        search_path = f"-c search_path={schema},public"
        return subprocess.run(command, env=os.environ | {"PGOPTIONS": search_path}, check=False).returncode


def _shop(_: argparse.Namespace) -> int:
    return shop.open_shell()


def _clean(_: argparse.Namespace) -> None:
    background.stop_background()
    shutil.rmtree(stack.HOME, ignore_errors=True)
    shutil.rmtree(stack.find_servers_home(), ignore_errors=True)


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="<command>")
    run = commands.add_parser("run", help="fill the sources and run the DAGs on a real Airflow")
    run.add_argument("--profile", default="learning")
    run.add_argument("--size", type=int, help="number of customers to generate if there is no file")
    run.add_argument("--data", type=Path, help="the profile's original data file (Parquet, CSV or XLSX)")
    run.set_defaults(command=_run)
    commands.add_parser("airflow", help="open Airflow in the background").set_defaults(command=_open_airflow)
    commands.add_parser("serve", help="open Airflow in the foreground").set_defaults(command=_serve)
    commands.add_parser("stop", help="stop what `airflow` started").set_defaults(command=_stop)
    sql = commands.add_parser("sql", help="open psql on the warehouse")
    sql.add_argument("--query", help="run this query and print its result as CSV")
    sql.set_defaults(command=_sql)
    commands.add_parser("shop", help="open a shell with a small shop's database").set_defaults(command=_shop)
    commands.add_parser("clean", help="remove the demo's data").set_defaults(command=_clean)
    return parser


if __name__ == "__main__":
    sys.exit(main())
