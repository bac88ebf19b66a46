"""``python -m segmentation_airflow.initialisation``: prepare Airflow before its processes start.

It upgrades the metadata database, creates a pool for every source and, where Airflow's simple auth manager is used,
sets the password of user ``admin`` from ``AIRFLOW_ADMIN_PASSWORD``. Running it again changes nothing.
"""

import json
import os
from pathlib import Path

from airflow.configuration import conf

from segmentation_airflow.airflow_internals import Pool, upgradedb
from segmentation_airflow.schedules import load_valid_profiles

POOL_SLOTS = 3
"""How many extracts of one source may run at once. Change it in Airflow's UI; it is not reset."""


def main() -> None:
    """Run every step."""
    upgradedb()
    create_pools()
    set_password()


def create_pools() -> None:
    """Create a pool for each source of each valid profile, named after the source's connection."""
    connections = {source.connection for profile in load_valid_profiles() for source in profile.sources.values()}
    for connection in sorted(connections - {pool.pool for pool in Pool.get_pools()}):
        Pool.create_or_update_pool(connection, POOL_SLOTS, "extracts of one source at once", include_deferred=False)


def set_password() -> None:
    """Write the password file of the simple auth manager. Only Airflow's own user can read it."""
    file = conf.get("core", "simple_auth_manager_passwords_file", fallback=None)
    password = os.environ.get("AIRFLOW_ADMIN_PASSWORD")
    if file and password:
        path = Path(file)
        path.touch(mode=0o600)
        path.write_text(json.dumps({"admin": password}))


if __name__ == "__main__":
    main()
