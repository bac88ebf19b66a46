"""``python -m demo.ga4 --port P``: run the stand-in as a separate process; it prints one line when it is ready."""

import argparse
import gc

import pyarrow as pa

from demo.ga4.budget import STANDARD
from demo.ga4.facts import make_facts
from demo.ga4.server import StandIn
from demo.learning import LEARNERS, SEED, generate_platform

_THRESHOLDED_PER_HOUR = 12_000
"""A hundred times Google's limit; with the real one, five months of ages and genders would take three hours."""


def main() -> None:
    """Generate the learners, then serve until the process is stopped."""
    parser = argparse.ArgumentParser(prog="python -m demo.ga4", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port; 0 chooses a free one")
    parser.add_argument("--learners", type=int, default=LEARNERS)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    quotas = STANDARD | {"potentiallyThresholdedRequestsPerHour": _THRESHOLDED_PER_HOUR}
    server = StandIn(make_facts(generate_platform(options.seed, options.learners)), options.port, quotas)
    gc.collect()
    pa.default_memory_pool().release_unused()
    print(f"GA4 stand-in ready at {server.url}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
