"""``python -m segmentation_airflow.health_check api-server|scheduler``: a health check that starts fast.

It exits with status 0 if the process answers that it is healthy, and with another status otherwise.
"""

import json
import os
import sys
from urllib.request import urlopen

_ENDPOINTS = {
    "api-server": ("AIRFLOW__API__PORT", "/api/v2/monitor/health", "metadatabase"),
    "scheduler": ("AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT", "/health", None),
}
"""Process -> the variable that holds its port, the path, and the component of the answer to look at."""
_TIMEOUT_SECONDS = 10


def main() -> int:
    """Check one process of this container and return the exit status."""
    port_variable, path, component = _ENDPOINTS[sys.argv[1]]
    with urlopen(f"http://localhost:{os.environ[port_variable]}{path}", timeout=_TIMEOUT_SECONDS) as response:
        body = response.read()
    return 0 if component is None or json.loads(body)[component]["status"] == "healthy" else 1


if __name__ == "__main__":
    sys.exit(main())
