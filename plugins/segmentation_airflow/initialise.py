"""``python -m segmentation_airflow.initialise``: what has to be done before Airflow's processes start.

The metadata database is brought up to date, every source gets its pool, and the password of user ``admin`` is taken
from ``AIRFLOW_ADMIN_PASSWORD`` where Airflow's simple auth manager is used. Doing it again changes nothing.
"""

import json
import os
from pathlib import Path

from airflow.configuration import conf
from airflow.models.pool import Pool
from airflow.utils.db import upgradedb

from segmentation_airflow.schedules import right_profiles

POOL_SLOTS = 3
"""How many extracts of one source may run at once; change it in Airflow's UI, where it then stays."""


def main() -> None:
    """Do all of it."""
    upgradedb()
    create_pools()
    set_password()


def create_pools() -> None:
    """Create the pool of every source of every profile that is right, named after the source's connection."""
    wanted = {source.connection for profile in right_profiles() for source in profile.sources.values()}
    for connection in sorted(wanted - {pool.pool for pool in Pool.get_pools()}):
        Pool.create_or_update_pool(connection, POOL_SLOTS, "extracts of one source at once", include_deferred=False)


def set_password() -> None:
    """Write the passwords file of the simple auth manager, readable by Airflow's own user only."""
    file = conf.get("core", "simple_auth_manager_passwords_file", fallback=None)
    password = os.environ.get("AIRFLOW_ADMIN_PASSWORD")
    if file and password:
        path = Path(file)
        path.touch(mode=0o600)
        path.write_text(json.dumps({"admin": password}))


if __name__ == "__main__":
    main()
