import os
from collections.abc import Iterator
from uuid import uuid4

import psutil
import pytest
import structlog
from fastapi.testclient import TestClient

from include.segmentation import connections


@pytest.fixture(autouse=True)
def connections_from_the_environment() -> Iterator[None]:
    """Operators and pages have Airflow answer for connections; the tests after them have not."""
    yield
    connections.use_resolver(connections._from_environment)
    connections.use_google_credentials(None)


@pytest.fixture(scope="session")
def airflow_database() -> None:
    """Airflow's own metadata, in a throw-away SQLite file."""
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture(scope="session")
def airflow_api(airflow_database: None) -> Iterator[TestClient]:
    """Airflow's API server with our plugin, nobody logged in."""
    from airflow.api_fastapi.app import create_app

    with TestClient(create_app(apps="core"), follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="session")
def logged_in(airflow_api: TestClient) -> dict[str, str]:
    """The header of a user of Airflow."""
    return log_in("reader", "VIEWER")


@pytest.fixture(scope="session")
def administrator(airflow_api: TestClient) -> dict[str, str]:
    """The header of a user who may save connections."""
    return log_in("administrator", "ADMIN")


def log_in(username: str, role: str) -> dict[str, str]:
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    token = get_auth_manager().generate_jwt(user=SimpleAuthManagerUser(username=username, role=role))
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def execution_api(airflow_database: None) -> Iterator[None]:
    """What a task asks Airflow through: its execution API, in this process."""
    from airflow.sdk.execution_time.supervisor import (
        InProcessSupervisorComms,
        InProcessTestSupervisor,
        set_supervisor_comms,
    )

    supervisor = InProcessTestSupervisor(
        id=uuid4(),
        pid=os.getpid(),
        process=psutil.Process(),
        process_log=structlog.get_logger(),
        client=InProcessTestSupervisor._api_client(),
    )
    supervisor.comms = InProcessSupervisorComms(supervisor=supervisor)
    with set_supervisor_comms(supervisor.comms):
        yield
