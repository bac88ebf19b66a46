"""Run many schedules on both servers at once and write the results as JSON."""

import json
import multiprocessing
import platform
import shutil
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.faults.schedule import KINDS, Outcome, prepare_server, run_schedule
from benchmarks.faults.writers import connect_writer
from demo.servers import Server, find_private_dir, make_mariadb, make_mysql56, run_server

SERVERS = {"mariadb": make_mariadb, "mysql56": make_mysql56}
RESULTS = Path(__file__).resolve().parents[1] / "results" / "faults.json"


def run_bench(first: int, schedules: int) -> int:
    """Run schedules on both servers at once and write the results.

    Args:
        first: the first of consecutive seeds.
        schedules: the number of schedules, half of them on each server.

    Returns:
        The exit status: 1 if a row is lost, duplicated or different, or if a kind of fault never happened.
    """
    start = time.monotonic()
    seeds = {name: list(range(first + place, first + schedules, len(SERVERS))) for place, name in enumerate(SERVERS)}
    with ProcessPoolExecutor(len(SERVERS), mp_context=multiprocessing.get_context("spawn")) as pool:
        ran = list(pool.map(run_seeds, seeds, seeds.values()))
    results = [outcome for outcomes, _ in ran for outcome in outcomes]
    fired = sum((outcome.fired for outcome in results), Counter())
    never = [kind for kind in KINDS if not fired[kind]]
    failed = [outcome for outcome in results if outcome.failures]
    summary = {
        "schedules": {name: len(outcomes) for name, (outcomes, _) in zip(seeds, ran, strict=True)},
        "versions": _list_versions()
        | {name: server_version for name, (_, server_version) in zip(seeds, ran, strict=True)},
        "seeds": {name: f"{used[0]} to {used[-1]}, every second" for name, used in seeds.items()},
        "failed": [{"seed": outcome.seed, "failures": outcome.failures} for outcome in failed],
        "never_fired": never,
        "rows_compared": sum(outcome.rows for outcome in results),
        "pulls": sum(outcome.pulls for outcome in results),
        "fired": {kind: fired[kind] for kind in KINDS},
        "changes": dict(sorted(sum((outcome.change_counts for outcome in results), Counter()).items())),
        "seconds": round(time.monotonic() - start),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(summary, indent=2) + "\n")
    print(json.dumps({name: value for name, value in summary.items() if name != "changes"}, indent=2))
    return int(bool(failed or never))


def run_seeds(name: str, seeds: list[int]) -> tuple[list[Outcome], str]:
    """Run the schedules of ``seeds`` on one server; return their outcomes and the server's version."""
    outcomes = []
    with run_server(SERVERS[name](find_private_dir() / f"faults-{name}")) as server:
        prepare_server(server)
        for seed in seeds:
            folder = Path(tempfile.mkdtemp(prefix=f"faults-{seed}-"))
            outcome = run_schedule(server, seed, folder)
            outcomes.append(outcome)
            print(f"{name} seed {seed}: {_describe_outcome(outcome, name, folder)}", flush=True)
            if not outcome.failures:
                shutil.rmtree(folder)
        return outcomes, _read_server_version(server)


def _describe_outcome(outcome: Outcome, name: str, folder: Path) -> str:
    fired = ", ".join(f"{kind} {times}" for kind, times in outcome.fired.items() if times)
    words = f"{outcome.rows:,} rows, {outcome.pulls} pulls, {outcome.seconds} s; {fired}"
    if not outcome.failures:
        return f"equal; {words}"
    again = f"repeat: python -m benchmarks.faults --server {name} --seed {outcome.seed}"
    return "\n    ".join([f"FAILED; {words}", *outcome.failures, f"lake: {folder / 'lake'}", again])


def _read_server_version(server: Server) -> str:
    connection = connect_writer(server)
    cursor = connection.cursor()
    cursor.execute("SELECT VERSION()")
    server_version = str(cursor.fetchone()[0])
    connection.close()
    return server_version


def _list_versions() -> dict[str, Any]:
    return {"python": platform.python_version()} | {
        name: version(name) for name in ("deltalake", "duckdb", "pyarrow", "mysqlclient")
    }
