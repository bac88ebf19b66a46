"""``python -m segmentation_airflow.healthy api-server|scheduler``: a health check that starts in no time.

It ends with status 0 when the process answers that it is healthy, and fails otherwise.
"""

import json
import os
import sys
from urllib.request import urlopen

_ANSWERS = {
    "api-server": ("AIRFLOW__API__PORT", "/api/v2/monitor/health", "metadatabase"),
    "scheduler": ("AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT", "/health", None),
}
_TIMEOUT_SECONDS = 10


def main() -> int:
    """Ask one process of this container."""
    port, path, part = _ANSWERS[sys.argv[1]]
    with urlopen(f"http://localhost:{os.environ[port]}{path}", timeout=_TIMEOUT_SECONDS) as answer:
        found = answer.read()
    return 0 if part is None or json.loads(found)[part]["status"] == "healthy" else 1


if __name__ == "__main__":
    sys.exit(main())
