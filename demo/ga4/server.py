"""A stand-in for the Google Analytics Data API (v1beta, REST); it serves the generated learners.

Connect the official client with ``transport="rest"``, anonymous credentials and ``api_endpoint`` set to ``url``.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from demo.ga4.budget import STANDARD, Budget, Clock, read_clock
from demo.ga4.facts import METRICS
from demo.ga4.refusal import RequestError
from demo.ga4.report import MOST_ROWS, make_response, parse_request, select_rows

PROPERTY = "412345678"
TIME_ZONE = "UTC"
_PATH = re.compile(r"^/v1beta/properties/([^/:]+):runReport$")
_ROWS_PER_TOKEN = 10_000
_NO_PERMISSION = (
    "User does not have sufficient permissions for this property. To learn more about Property ID, see "
    "https://developers.google.com/analytics/devguides/reporting/data/v1/property-id."
)
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_MESSAGE = {
    400: "Please remove screenPageViews to make the request compatible for example. The request's dimensions & metrics "
    "are incompatible. To learn more, see https://ga-dev-tools.google/ga4/dimensions-metrics-explorer/",
    401: "Request had invalid authentication credentials.",
    403: _NO_PERMISSION,
    404: "Requested entity was not found.",
    429: "Quota exceeded for quota metric 'Requests' of service 'analyticsdata.googleapis.com'.",
    500: "Internal error encountered.",
    503: "The service is currently unavailable.",
}


@dataclass
class StandInFaults:
    """Deliberate faults; tests set them while the server runs.

    Attributes:
        most_rows: the longest page, whatever the request's limit.
        drift: the number of later pages whose rowCount differs from that of the first page.
        metadata: further response metadata, such as ``{"dataLossFromOtherRow": True}``.
        seconds: the delay of each response.
    """

    most_rows: int = MOST_ROWS
    drift: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    _failures: list[tuple[int, str]] = field(default_factory=list)
    _restated: dict[str, int] = field(default_factory=dict)

    def add_failure(self, code: int, times: int = 1, message: str = "") -> None:
        """Answer the next ``times`` reports with an error: 400, 401, 403, 404, 429, 500 or 503."""
        self._failures += [(code, message or _MESSAGE[code])] * times

    def restate_day(self, day: str, factor: int) -> None:
        """Multiply a day's metrics (not users) by ``factor``, as if hits arrived late; ``day`` is YYYY-MM-DD."""
        self._restated[day.replace("-", "")] = factor

    def take_failure(self) -> RequestError | None:
        """Remove and return the error for the current report, if any."""
        if not self._failures:
            return None
        code, message = self._failures.pop(0)
        return RequestError(code, _STATUS[code], message)

    def apply_restatements(self, facts: pa.Table) -> pa.Table:
        """Return the facts with all restatements applied."""
        for day, factor in self._restated.items():
            scale = pc.if_else(pc.equal(facts["date"], day), factor, 1)
            for name in METRICS.keys() & set(facts.column_names):
                place = facts.column_names.index(name)
                facts = facts.set_column(place, name, pc.multiply(facts[name], scale))
        return facts


class StandIn(ThreadingHTTPServer):
    """The server; pass ``url`` to the client as ``api_endpoint``.

    Attributes:
        faults: the deliberate faults.
        requests: the JSON body of every report request, in order.
        authorizations: the ``Authorization`` header of every request; None for an anonymous client.
        clock: the time for quotas and for the ``Date`` header; tests can move it.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, facts: pa.Table, port: int = 0, quotas: dict[str, int] | None = None, clock: Clock = read_clock):
        super().__init__(("127.0.0.1", port), _Handler)
        self.faults = StandInFaults()
        self.requests: list[dict[str, Any]] = []
        self.authorizations: list[str | None] = []
        self.clock = clock
        self._facts = facts
        self._budget = Budget(STANDARD | (quotas or {}), clock)
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The address, such as ``http://127.0.0.1:8081``."""
        return f"http://127.0.0.1:{self.server_port}"

    def answer_report(self, property_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer one ``runReport``.

        Raises:
            RequestError: the API would reject the request, or a fault is set.
        """
        with self._budget.count_request():
            sleep(self.faults.seconds)
            with self._lock:
                self.requests.append(body)
                return self._answer(property_id, body)

    def _answer(self, property_id: str, body: dict[str, Any]) -> dict[str, Any]:
        failure = self.faults.take_failure()
        if failure:
            if failure.code >= 500:
                self._budget.count_server_error()
            raise failure
        if property_id != PROPERTY:
            raise RequestError(403, _STATUS[403], _NO_PERMISSION)
        request = parse_request(body)
        self._budget.admit_request(request.is_thresholded)
        rows = select_rows(self.faults.apply_restatements(self._facts), request)
        answer = make_response(rows, request, self.faults.most_rows, TIME_ZONE)
        quota = self._budget.spend_tokens(1 + len(answer.get("rows", [])) // _ROWS_PER_TOKEN, request.is_thresholded)
        self._distort(answer, request.offset)
        return answer | ({"propertyQuota": quota} if request.with_quota else {})

    def _distort(self, answer: dict[str, Any], offset: int) -> None:
        if offset and self.faults.drift and "rowCount" in answer:
            answer["rowCount"] += 1
            self.faults.drift -= 1
        answer["metadata"] |= self.faults.metadata


class _Handler(BaseHTTPRequestHandler):
    server: StandIn
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two small writes; the second must not wait for an ACK

    def do_GET(self) -> None:
        if self.path == "/health":
            self._send(200, {"status": "ok"})
        else:
            self._refuse(RequestError(404, "NOT_FOUND", f"Nothing at {self.path}."))

    def do_POST(self) -> None:
        try:
            self.server.authorizations.append(self.headers.get("Authorization"))
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            match = _PATH.match(self.path.split("?")[0])
            if not match:
                raise RequestError(404, "NOT_FOUND", f"Nothing at {self.path}.")
            self._send(200, self.server.answer_report(match[1], json.loads(raw or b"{}")))
        except json.JSONDecodeError as error:
            self._refuse(RequestError(400, "INVALID_ARGUMENT", f"Invalid JSON payload received. {error}"))
        except RequestError as error:
            self._refuse(error)

    def _refuse(self, error: RequestError) -> None:
        self._send(error.code, {"error": {"code": error.code, "message": str(error), "status": error.status}})

    def _send(self, code: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the ``Date`` header of a response."""
        return super().date_time_string(timestamp or self.server.clock().timestamp())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        """Log nothing; the demo prints its own progress."""


@contextmanager
def serve_facts(facts: pa.Table, **options: Any) -> Iterator[StandIn]:
    """Run the stand-in in a thread of this process, with the options of ``StandIn``."""
    server = StandIn(facts, **options)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
