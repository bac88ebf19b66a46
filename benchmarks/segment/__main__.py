"""Cluster 13 million made-up learners in every way, and write down how long each took and how good it was.

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
"""Macro segments that are fitted at the same time, each on one core, as Airflow's tasks are."""
LONGEST_FIRST = ["engagement", "value", "loyalty", "interest"]


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.segment", description=__doc__.splitlines()[0])
    parser.add_argument("--learners", type=int, default=13_000_000)
    learners = parser.parse_args().learners
    folder = tempfile.mkdtemp(prefix="bench-segment-")
    try:
        os.environ["SEGMENTATION_LAKE"] = str(Path(folder, "lake"))
        print(f"making {learners:,} learners", flush=True)
        write_kpis(make_bench_run(), learners)
        results = {OURS: _ours()}
        for name, way in ((LLOYD, "lloyd"), (MINI_BATCH, "mini_batch"), (ORIGINALS, "originals"), ("sparse", "sparse")):
            results[name] = _process(way)
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
    print(f"written: {RESULTS.relative_to(CHECKOUT)} and {PAGE.relative_to(CHECKOUT)}")


def _ours() -> dict[str, Any]:
    """Fit all macro segments, two at a time; memory is the most that two of them held together."""
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = dict(zip(LONGEST_FIRST, pool.map(lambda name: _process("fit", name), LONGEST_FIRST), strict=True))
    seconds = time.perf_counter() - began
    print(f"{OURS}: {seconds:.1f} s", flush=True)
    return {
        "seconds": seconds,
        "cpu": sum(one["cpu"] for one in results.values()),
        "peak_mb": sum(sorted(one["peak_mb"] for one in results.values())[-AT_ONCE:]),
        "seconds_by_macro_segment": {name: one["seconds"] for name, one in results.items()},
        "strata": [stratum for name in MACROS for stratum in results[name]["strata"]],
        "versions": results[LONGEST_FIRST[0]]["versions"],
    }


def _process(*arguments: str) -> dict[str, Any]:
    """Run a way as a process of its own; its last line of output is JSON."""
    command = [sys.executable, "-m", "benchmarks.segment.ways", *arguments]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT), "PYTHONWARNINGS": "ignore"}
    process = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=CHECKOUT, check=False)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed: {' | '.join(process.stderr.strip().splitlines()[-5:])}")
    result: dict[str, Any] = json.loads(process.stdout.strip().splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
