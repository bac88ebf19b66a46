"""The command line of the fault bench."""

import argparse
import secrets
import sys

from benchmarks.faults.bench import SERVERS, run_bench, run_seeds


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults", description="Extract under random faults; compare lake and source."
    )
    parser.add_argument("--schedules", type=int, default=200, help="number of schedules, half of them on each server")
    parser.add_argument("--seed", type=int, help="the first seed; default: random")
    parser.add_argument("--server", choices=SERVERS, help="run only the schedule of the seed, on this server")
    options = parser.parse_args(arguments)
    first = secrets.randbelow(10**6) * 1000 if options.seed is None else options.seed
    if options.server:
        outcomes, _ = run_seeds(options.server, [first])
        return int(bool(outcomes[0].failures))
    return run_bench(first, options.schedules)


if __name__ == "__main__":
    sys.exit(main())
