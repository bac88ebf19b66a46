"""Cluster 13 million generated learners with every method, and record time and quality.

Usage: python -m benchmarks.segment [--learners N]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import PAGE, describe_machine
from benchmarks.segment import page
from benchmarks.segment.learners import MACROS, make_bench_run, write_kpis
from benchmarks.segment.ways import LLOYD, MINI_BATCH, ORIGINALS, OURS

CHECKOUT = Path(__file__).resolve().parents[2]
RESULTS = CHECKOUT / "benchmarks" / "results" / "segment.json"
AT_ONCE = 2
"""The number of macro segments fitted at the same time, each on one core, like Airflow's tasks."""
LONGEST_FIRST = ["engagement", "value", "loyalty", "interest"]


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.segment", description=__doc__.splitlines()[0])
    parser.add_argument("--learners", type=int, default=13_000_000)
    learners = parser.parse_args().learners
    folder = tempfile.mkdtemp(prefix="bench-segment-")
    try:
        os.environ["SEGMENTATION_LAKE"] = str(Path(folder, "lake"))
        print(f"generating {learners:,} learners", flush=True)
        write_kpis(make_bench_run(), learners)
        results = {OURS: _measure_project()}
        for name, way in ((LLOYD, "lloyd"), (MINI_BATCH, "mini_batch"), (ORIGINALS, "originals"), ("sparse", "sparse")):
            results[name] = _run_process(way)
            print(f"{name}: {results[name].get('seconds', 0):.1f} s", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    header = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe_machine(),
        "learners": learners,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(header | {"results": results}, indent=1) + "\n")
    page.write_page(header | {"results": results})
    print(f"wrote {RESULTS.relative_to(CHECKOUT)} and {PAGE.relative_to(CHECKOUT)}")


def _measure_project() -> dict[str, Any]:
    """Fit all macro segments, two at a time; memory is the sum of the two highest peaks."""
    start = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = dict(zip(LONGEST_FIRST, pool.map(lambda name: _run_process("fit", name), LONGEST_FIRST), strict=True))
    seconds = time.perf_counter() - start
    print(f"{OURS}: {seconds:.1f} s", flush=True)
    return {
        "seconds": seconds,
        "cpu": sum(one["cpu"] for one in results.values()),
        "peak_mb": sum(sorted(one["peak_mb"] for one in results.values())[-AT_ONCE:]),
        "seconds_by_macro_segment": {name: one["seconds"] for name, one in results.items()},
        "strata": [stratum for name in MACROS for stratum in results[name]["strata"]],
        "versions": results[LONGEST_FIRST[0]]["versions"],
    }


def _run_process(*arguments: str) -> dict[str, Any]:
    """Run a method in a separate process and parse its last line of output as JSON."""
    command = [sys.executable, "-m", "benchmarks.segment.ways", *arguments]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT), "PYTHONWARNINGS": "ignore"}
    process = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=CHECKOUT, check=False)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed: {' | '.join(process.stderr.strip().splitlines()[-5:])}")
    result: dict[str, Any] = json.loads(process.stdout.strip().splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
