"""Read the same tables with every tool in turn, and record speed and memory.

Usage: python -m benchmarks.extract [--visits N] [--orders N] [--rounds N] --peers <python of the peers' environment>
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.extract import page, tables
from benchmarks.extract.ways import HOOK, OURS, WAYS
from benchmarks.machine import PAGE, describe_machine
from demo.servers import CHECKOUT, Server, find_private_dir, make_mariadb, make_mysql56, run_server

SERVERS = {"MariaDB 10.11": make_mariadb, "MySQL 5.6": make_mysql56}
RESULTS = CHECKOUT / "benchmarks" / "results" / "extract.json"
PART = {"dlt": "_part"}
"""Tool -> suffix of the smaller table that it reads, if the whole table would take too long."""


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extract", description=__doc__.splitlines()[0])
    parser.add_argument("--visits", type=int, default=5_000_000)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--peers", required=True, help="the Python executable of the environment with benchmarks/requirements.txt"
    )
    options = parser.parse_args()
    rows = {"visits": options.visits, "orders": options.orders}
    results: list[dict[str, Any]] = []
    for name, make in SERVERS.items():
        folder = find_private_dir() / f"bench-{os.getpid()}"
        try:
            with run_server(make(folder)) as server:
                print(f"{name}: filling {rows}", flush=True)
                tables.fill_tables(server, rows)
                results += _compare_tools(name, server, rows, options.rounds, options.peers)
                results[-len(WAYS) * len(rows)]["daily"] = _measure_daily_pull(server, rows["visits"])
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    header = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(),
        "rounds": options.rounds,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(header | {"results": results}, indent=1) + "\n")
    page.write_page(header | {"results": results})
    print(f"wrote {RESULTS.relative_to(CHECKOUT)} and {PAGE.relative_to(CHECKOUT)}")


def _compare_tools(name: str, server: Server, rows: dict[str, int], rounds: int, peers: str) -> list[dict[str, Any]]:
    results = []
    for table in rows:
        runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
        for turn in range(rounds):
            order = (
                list(WAYS)[turn % len(WAYS) :] + list(WAYS)[: turn % len(WAYS)]
            )  # rotate, so that no tool is always first
            for way in order:
                result = _measure_tool(way, server, table, peers)
                runs[way].append(result)
                speed = result["rows"] / result["seconds"]
                print(f"{name}: {table}, {way}: {speed:,.0f} rows/s, {result['peak_mb']} MB", flush=True)
        speeds = {way: [run["rows"] / run["seconds"] for run in turns] for way, turns in runs.items()}
        for way, turns in runs.items():
            ratios = [ours / theirs for ours, theirs in zip(speeds[OURS], speeds[way], strict=True)]
            results.append(
                {
                    "server": name,
                    "table": table,
                    "way": way,
                    "versions": turns[0]["versions"],
                    "rows": turns[0]["rows"],
                    "rows_per_second": round(median(speeds[way])),
                    "all_rows_per_second": [round(speed) for speed in speeds[way]],
                    "ours_is_times_as_fast": round(median(ratios), 2),
                    "peak_mb": max(run["peak_mb"] for run in turns),
                    "bent": _find_type_changes(turns[0]["types"], runs[OURS][0]["types"]),
                }
            )
    return results


def _measure_tool(way: str, server: Server, table: str, peers: str) -> dict[str, Any]:
    """Run one tool once; return rows, seconds, versions, peak memory and the column types of its files."""
    python = sys.executable if way in (OURS, HOOK) else peers
    with tempfile.TemporaryDirectory(dir=find_private_dir()) as folder:
        result = _run_process([python, *_make_arguments(way, server, table + PART.get(way, ""), folder)])
        return result | {"types": _read_types(Path(folder), table)}


def _make_arguments(way: str, server: Server, table: str, folder: str) -> list[str]:
    return [str(CHECKOUT / "benchmarks" / "extract" / "ways.py"), way, server.write_uri(tables.DATABASE), table, folder]


def _run_process(command: list[str]) -> dict[str, Any]:
    """Run a command and parse its last line of output as JSON."""
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT), "PYTHONWARNINGS": "ignore"}
    process = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=CHECKOUT, check=False)
    if process.returncode:
        last = " | ".join((process.stdout + process.stderr).strip().splitlines()[-5:])
        raise SystemExit(f"{' '.join(command[1:3])} failed: {last}")
    result: dict[str, Any] = json.loads(process.stdout.strip().splitlines()[-1])
    return result


def _read_types(folder: Path, table: str) -> dict[str, str]:
    """Read the Arrow types of the columns in the Parquet files of a tool."""
    file = next(path for path in sorted(folder.rglob("*.parquet")) if table in path.name + path.parent.name)
    return {field.name: _name_type(field.type) for field in pq.read_schema(file)}


def _name_type(kind: pa.DataType) -> str:
    """Name a type without details that do not change values: integer width, time unit, decimal precision."""
    if pa.types.is_decimal(kind):
        return f"decimal with {kind.scale} places"
    for is_of, name in [(pa.types.is_integer, "integer"), (pa.types.is_timestamp, "time"), (pa.types.is_date, "date")]:
        if is_of(kind):
            return name
    return "text" if pa.types.is_string(kind) or pa.types.is_large_string(kind) else str(kind)


def _find_type_changes(types: dict[str, str], exact: dict[str, str]) -> dict[str, str]:
    """Find columns that changed their type: ``column -> exact type: actual type``."""
    return {
        name: f"{kind}: {types[name]}"
        for name, kind in exact.items()
        if name in types and not name.startswith("_") and types[name] != kind
    }


def _measure_daily_pull(server: Server, rows: int) -> dict[str, Any]:
    """Pull the visits, add 1% new ones, pull again; return how many rows the server reads for the second pull."""
    new = rows // 100
    with tempfile.TemporaryDirectory(dir=find_private_dir()) as folder:
        pull = [sys.executable, *_make_arguments(OURS, server, "visits", folder)]
        _run_process(pull)
        tables.add_rows(server, "visits", "", rows, rows + new)
        before = _count_rows_read(server)
        second = _run_process(pull)
        touched = _count_rows_read(server) - before
        files = [str(path) for path in Path(folder, "lake").rglob("*.parquet")]
        count = duckdb.read_parquet(files, union_by_name=True).aggregate("count(DISTINCT visit_id)").fetchall()[0]
    return {
        "new_rows": new,
        "rows_sent": second["rows"],
        "rows_touched_by_server": touched,
        "share_of_table": round(touched / (rows + new), 4),
        "seconds": round(second["seconds"], 2),
        "rows_in_lake": count[0],
    }


def _count_rows_read(server: Server) -> int:
    counters = tables.run_statements(server, "SHOW GLOBAL STATUS LIKE 'Handler_read_%'")
    return sum(int(value) for name, value in counters if name.lower() in page.HANDLERS)


if __name__ == "__main__":
    main()
