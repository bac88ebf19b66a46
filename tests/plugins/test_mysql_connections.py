"""MySQL connections saved through Airflow's API: their extras are understood by an extract."""

from datetime import UTC, datetime
from pathlib import Path

import MySQLdb
import pytest
from fastapi.testclient import TestClient

from demo.servers import PASSWORD, Server
from include.segmentation.errors import SourceError
from segmentation_airflow.operators import StageOperator

CONTEXT = {"data_interval_end": datetime(2011, 7, 1, tzinfo=UTC)}
ID = "retail_mysql"

pytestmark = pytest.mark.usefixtures("lake_root", "execution_api")


@pytest.fixture
def database(mariadb_server: Server) -> str:
    """Two invoice lines in MariaDB, with a user who may log in through the socket only."""
    with MySQLdb.connect(host="127.0.0.1", port=mariadb_server.port, user="demo", password=PASSWORD) as connection:
        cursor = connection.cursor()
        for statement in (
            "DROP DATABASE IF EXISTS saved_shop",
            "CREATE DATABASE saved_shop CHARACTER SET utf8mb4",
            "CREATE TABLE saved_shop.invoice_lines (line_id BIGINT PRIMARY KEY, invoice_no VARCHAR(10), "
            "stock_code VARCHAR(20), description VARCHAR(255), quantity INT, invoice_date DATETIME, "
            "unit_price DECIMAL(12,3), customer_id INT, country VARCHAR(60), KEY (invoice_date, line_id))",
            "INSERT INTO saved_shop.invoice_lines VALUES (1, '1', 'A', 'x', 1, '2011-01-01', 1.5, 7, 'FR'), "
            "(2, '1', 'B', 'x', 1, '2011-01-01', 2.5, 7, 'FR')",
            f"GRANT SELECT, PROCESS ON *.* TO 'saved'@'localhost' IDENTIFIED BY '{PASSWORD}'",
        ):
            cursor.execute(statement)
        connection.commit()
    return "saved_shop"


def save(api: TestClient, header: dict[str, str], body: dict[str, object]) -> None:
    api.delete(f"/api/v2/connections/{ID}", headers=header)
    response = api.post("/api/v2/connections", headers=header, json={"connection_id": ID, "conn_type": "mysql"} | body)
    assert response.status_code == 201, response.text


def extract_lines() -> dict[str, object]:
    operator = StageOperator(
        task_id="lines", profile="retail", cadence="daily", stage="extract", target="invoice_lines"
    )
    return operator.execute(CONTEXT)


def test_a_saved_connection_is_extracted_with_in_all_its_extras(
    airflow_api: TestClient,
    administrator: dict[str, str],
    database: str,
    mariadb_server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_RETAIL_MYSQL", raising=False)
    socket = Path(next(word.partition("=")[2] for word in mariadb_server.command if word.startswith("--socket=")))
    place = {"login": "saved", "password": PASSWORD, "schema": database}
    extras = (
        '{"charset": "utf8", "cursor": "SSCursor", "local_infile": true, "client": "mysqlclient", "iam": false, '
        f'"ssl_mode": "preferred", "ssl": "{{}}", "unix_socket": "{socket}", "init_command": "SET @a = 1"}}'
    )
    save(airflow_api, administrator, place | {"host": "localhost", "extra": extras})
    assert extract_lines()["rows_written"] == 2
    save(airflow_api, administrator, place | {"host": "localhost", "extra": '{"read_default_group": "client"}'})
    with pytest.raises(
        SourceError, match="connection 'retail_mysql': extra 'read_default_group' is unknown; allowed: ssl_mode, ssl"
    ):
        extract_lines()
    airflow_api.delete(f"/api/v2/connections/{ID}", headers=administrator)
