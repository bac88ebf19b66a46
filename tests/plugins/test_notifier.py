"""Who hears of a failed task: the log, and a webhook where one is defined."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace

import pytest

from include.segmentation.errors import SourceError
from segmentation_airflow.notifier import FailureNotifier

LINE = "retail__fit.wait failed at as_of 2011-07-01T00:00:00+00:00: connection 'x' is not defined"


@pytest.fixture
def context() -> dict:
    ti = SimpleNamespace(dag_id="retail__fit", task_id="wait", run_id="r1", log_url="http://airflow/log")
    error = SourceError("connection 'x'\n  is not defined")
    return {"ti": ti, "data_interval_end": datetime(2011, 7, 1, tzinfo=UTC), "exception": error}


@pytest.fixture
def webhook() -> Iterator[SimpleNamespace]:
    """A real server that keeps what is posted to it."""
    kept = SimpleNamespace(posts=[])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kept.posts.append((self.path, self.headers.get("Authorization"), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_port
    Thread(target=server.serve_forever, daemon=True).start()
    yield kept
    server.shutdown()
    server.server_close()


@pytest.fixture
def alerts(monkeypatch: pytest.MonkeyPatch) -> object:
    def at(port: int) -> None:
        value = {"conn_type": "http", "host": "127.0.0.1", "schema": "http", "port": port, "password": "token"}
        monkeypatch.setenv("AIRFLOW_CONN_SEGMENTATION_ALERTS", json.dumps(value | {"extra": {"endpoint": "/hooks/1"}}))

    return at


def test_one_clear_line_is_logged(context: dict, capsys: pytest.CaptureFixture[str], airflow_database: None) -> None:
    FailureNotifier()(context)
    (line,) = capsys.readouterr().out.splitlines()
    assert "error" in line
    assert LINE in line


def test_the_webhook_gets_the_facts(context: dict, webhook: SimpleNamespace, alerts: object) -> None:
    alerts(webhook.port)
    FailureNotifier()(context)
    ((path, authorization, body),) = webhook.posts
    assert (path, authorization) == ("/hooks/1", "Bearer token")
    assert body["text"] == LINE
    assert body["dag"] == "retail__fit"
    assert body["log"] == "http://airflow/log"


@pytest.mark.parametrize("address", [{}, {"host": "http://[::1"}, {"host": "a host"}, {"host": "file:///etc/passwd"}])
def test_an_address_that_is_none_is_only_logged(
    context: dict, address: dict, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SEGMENTATION_ALERTS", json.dumps({"conn_type": "http", **address}))
    FailureNotifier()(context)
    _, line = capsys.readouterr().out.splitlines()
    assert "could not be posted to connection 'segmentation_alerts'" in line


def test_a_webhook_that_is_away_is_only_logged(
    context: dict, alerts: object, capsys: pytest.CaptureFixture[str]
) -> None:
    alerts(1)
    FailureNotifier()(context)
    assert "could not be posted to connection 'segmentation_alerts'" in capsys.readouterr().out
