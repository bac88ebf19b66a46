"""The operator that runs a stage: connections, summary, assets, links, and what is retried."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest.mock import Mock

import MySQLdb
import pendulum
import pytest
from airflow.sdk import RetryAction

from demo.servers import PASSWORD, Server
from include.segmentation.artifacts import MaintainSummary, ReconcileSummary
from include.segmentation.errors import (
    DataError,
    ProfileError,
    SegmentationError,
    SourceError,
    UnavailableError,
)
from segmentation_airflow.operators import (
    DEFAULT_ARGS,
    MaintainOperator,
    ReconcileOperator,
    ReportOperator,
    StageOperator,
    ValidateOperator,
    make_asset,
    make_run,
)

AS_OF = datetime(2011, 7, 1, tzinfo=UTC)
CONTEXT = {"data_interval_end": AS_OF}


pytestmark = pytest.mark.usefixtures("lake_root")


@pytest.fixture
def shop(mariadb_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three invoice lines in MariaDB, behind the profile's connection."""
    connection = MySQLdb.connect(host="127.0.0.1", port=mariadb_server.port, user="demo", password=PASSWORD)
    cursor = connection.cursor()
    cursor.execute("DROP DATABASE IF EXISTS operator_shop")
    cursor.execute("CREATE DATABASE operator_shop")
    cursor.execute(
        "CREATE TABLE operator_shop.invoice_lines (line_id BIGINT PRIMARY KEY, invoice_no VARCHAR(10), "
        "stock_code VARCHAR(20), description VARCHAR(255), quantity INT, invoice_date DATETIME, "
        "unit_price DECIMAL(12,3), customer_id INT, country VARCHAR(60), KEY (invoice_date, line_id))"
    )
    cursor.execute(
        "INSERT INTO operator_shop.invoice_lines VALUES (1, '1', 'A', 'x', 1, '2011-01-01', 1.5, 7, 'FR'), "
        "(2, '1', 'B', 'x', 1, '2011-01-01', 2.5, 7, 'FR'), (3, '2', 'A', 'x', 2, '2011-01-02', 1.5, 8, 'FR')"
    )
    connection.commit()
    connection.close()
    monkeypatch.setenv("AIRFLOW_CONN_RETAIL_MYSQL", mariadb_server.write_uri("operator_shop"))


def extract(**options: object) -> StageOperator:
    return StageOperator(
        task_id="lines", profile="retail", cadence="daily", stage="extract", target="invoice_lines", **options
    )


def test_a_stage_runs_through_airflows_connection_and_returns_its_summary(shop: None) -> None:
    outlet = make_asset("retail", "lake", "invoice_lines")
    events = {outlet: SimpleNamespace(extra={})}
    summary = extract(outlets=[outlet]).execute(CONTEXT | {"outlet_events": events})
    assert summary["extract"] == "invoice_lines"
    assert summary["rows_written"] == 3
    assert events[outlet].extra == {"cadence": "daily", "as_of": AS_OF.isoformat()}


def test_a_reconcile_shows_what_it_found_and_logs_are_tidied(shop: None, mariadb_server: Server) -> None:
    extract().execute(CONTEXT)
    with MySQLdb.connect(host="127.0.0.1", port=mariadb_server.port, user="demo", password=PASSWORD) as connection:
        connection.cursor().execute("DELETE FROM operator_shop.invoice_lines WHERE line_id = 2")
        connection.commit()
    common = {"profile": "retail", "cadence": "weekly"}
    reconcile = ReconcileOperator(
        task_id="lines", stage="reconcile", target="invoice_lines", purpose="reconcile", **common
    )
    reconcile._cached_logger = Mock()
    assert reconcile.execute(CONTEXT)["deleted"] == 1
    words, table = reconcile.log.info.call_args.args
    heading, line = table.splitlines()
    assert words.startswith("found and corrected")
    assert dict(zip(heading.split(), line.split(), strict=True))["deleted"] == "1"
    tidied = MaintainOperator(task_id="maintain", **common).execute(CONTEXT)
    assert (tidied["invoice_lines"]["files_before"], tidied["invoice_lines"]["files"]) == (2, 1)
    run = make_run(CONTEXT, "retail", "weekly", "reconcile")
    assert ReconcileSummary.read_from(run, "invoice_lines").deleted == 1
    assert MaintainSummary.read_from(run, "invoice_lines").to_dict() == tidied["invoice_lines"]


def test_an_unknown_connection_is_named(monkeypatch: pytest.MonkeyPatch, airflow_database: None) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_RETAIL_MYSQL", raising=False)
    with pytest.raises(SourceError, match="connection 'retail_mysql' is not defined"):
        extract().execute(CONTEXT)


def test_as_of_keeps_its_zone_when_something_is_added() -> None:
    """Airflow hands out pendulum times; those made aware by ``astimezone`` turn naive in a sum."""
    as_of = make_run(
        {"data_interval_end": pendulum.datetime(2011, 7, 1, tz="Europe/London")}, "retail", "monthly"
    ).as_of
    assert as_of == datetime(2011, 6, 30, 23, tzinfo=UTC)
    assert (as_of + timedelta(hours=1)).tzinfo is UTC


@pytest.mark.parametrize(
    ("error", "action", "delay"),
    [
        (UnavailableError("away"), RetryAction.RETRY, timedelta(minutes=10)),
        (SourceError("refused"), RetryAction.FAIL, None),
        (ProfileError("wrong"), RetryAction.FAIL, None),
        (DataError("bad"), RetryAction.FAIL, None),
        (MemoryError(), RetryAction.DEFAULT, None),
    ],
)
def test_only_what_waiting_can_help_is_retried(error: Exception, action: RetryAction, delay: timedelta | None) -> None:
    decision = DEFAULT_ARGS["retry_policy"].evaluate(error, try_number=1, max_tries=3)
    assert (decision.action, decision.retry_delay) == (action, delay)


def test_the_policy_agrees_with_what_every_error_says_of_itself() -> None:
    for kind in SegmentationError.__subclasses__():
        decision = DEFAULT_ARGS["retry_policy"].evaluate(kind("x"), try_number=1, max_tries=3)
        assert (decision.action is RetryAction.RETRY) == issubclass(kind, UnavailableError), kind


def test_tasks_link_to_the_page_of_their_run() -> None:
    ti = SimpleNamespace(get_template_context=lambda: CONTEXT)
    for operator, link in (
        (ReportOperator, "segmentation/reports/retail/monthly/2011-07-01T00:00:00Z"),
        (ValidateOperator, "segmentation/data-docs/retail/segment/monthly/2011-07-01T00:00:00Z/index.html"),
    ):
        task = operator(task_id="task", profile="retail", cadence="monthly", stage="report")
        assert [each.get_link(task, ti_key=ti) for each in task.operator_extra_links] == [link]
