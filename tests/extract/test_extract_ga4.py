"""Google Analytics 4 through the official client, against the demo's stand-in."""

import json
from collections.abc import Iterator
from datetime import date

import pyarrow as pa
import pytest

from demo.ga4 import StandIn, serve_facts, server
from demo.servers import find_free_port
from include.segmentation.errors import DataError, ProfileError, SourceError, UnavailableError
from include.segmentation.extract.ga4 import day_batches, page_request
from include.segmentation.extract.ga4 import ga4_property as ga4

SESSIONS = {
    "kind": "report",
    "source": "ga4",
    "dimensions": ["date", "customUser:learner_id"],
    "metrics": ["sessions", "userEngagementDuration"],
}
AGES = {"kind": "report", "source": "ga4", "dimensions": ["date", "userAgeBracket"], "metrics": ["activeUsers"]}
COLUMNS = "date, learner_id, sessions, user_engagement_duration"
LEARNERS = 25


def make_facts(visits: dict[str, int]) -> pa.Table:
    """``visits``: day -> how many learners came; learner n has n + 1 sessions of 60 s."""
    rows = [
        {
            "date": day.replace("-", ""),
            "customUser:learner_id": str(n),
            "pagePath": "/pricing" if n % 5 == 0 else "/learn",
            "userAgeBracket": "25-34" if n < 20 else "35-44",
            "userGender": "unknown",
            "visitor": n,
            "sessions": n + 1,
            "engagedSessions": n,
            "userEngagementDuration": 60 * (n + 1),
            "screenPageViews": 1,
        }
        for day, count in visits.items()
        for n in range(count)
    ]
    return pa.Table.from_pylist(rows)


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with serve_facts(make_facts({f"2025-01-{day:02}": LEARNERS for day in range(1, 11) if day != 4})) as server:
        yield server


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(ga4, "_PAUSES", (0.01, 0.01, 0.01))


def connection(server: StandIn, **extra) -> dict:
    return {"conn_type": "google_cloud_platform", "extra": {"api_endpoint": server.url, "is_anonymous": True} | extra}


def expected(last_day: int) -> list[tuple]:
    return sorted(
        (date(2025, 1, day), str(n), n + 1, 60.0 * (n + 1))
        for day in range(1, last_day + 1)
        if day != 4
        for n in range(LEARNERS)
    )


def test_whole_days_are_pulled_up_to_as_of(standin, shop, monkeypatch):
    monkeypatch.setattr(page_request, "REPORT_PAGE_ROWS", 10)
    pulls = shop(connection(standin), as_of="2025-01-08T12:00", sessions=SESSIONS)
    summary = pulls.pull("sessions")
    assert (summary["days"], summary["rows_written"], summary["pages"]) == (7, 6 * LEARNERS + 1, 6 * 3 + 1)
    assert summary["complete_through"] == "2025-01-08T00:00:00+00:00"
    assert summary["quota"]["tokens_per_hour"] > 0
    assert pulls.current("sessions", COLUMNS, "ALL") == expected(7)
    assert all(request["limit"] in ("10", 10) and request["orderBys"] for request in standin.requests)


def test_a_second_pull_writes_nothing_and_reads_only_what_google_restates(standin, shop):
    pulls = shop(connection(standin), as_of="2025-01-08", sessions=SESSIONS)
    pulls.pull("sessions")
    version = pulls.run.lake.open_log("sessions").load_table().version()
    again = pulls.pull("sessions")
    assert (again["days"], again["rows_written"]) == (3, 0)
    assert pulls.run.lake.open_log("sessions").load_table().version() == version
    later = shop(connection(standin), as_of="2025-01-11", sessions=SESSIONS)
    assert later.pull("sessions")["days"] == 6
    assert later.written("sessions") == 9 * LEARNERS + 1  # one row for the empty fourth day
    earlier = shop(connection(standin), as_of="2025-01-03", sessions=SESSIONS)
    assert earlier.pull("sessions")["complete_through"] == "2025-01-11T00:00:00+00:00"


def test_a_restated_day_replaces_the_old_one(standin, shop):
    pulls = shop(connection(standin), as_of="2025-01-08", sessions=SESSIONS)
    pulls.pull("sessions")
    standin.faults.restate_day("2025-01-06", 3)
    assert pulls.pull("sessions")["rows_written"] == LEARNERS
    tripled = [
        (day, learner, sessions * 3, seconds * 3) if day == date(2025, 1, 6) else (day, learner, sessions, seconds)
        for day, learner, sessions, seconds in expected(7)
    ]
    assert pulls.current("sessions", COLUMNS, "ALL") == tripled
    assert pulls.current("sessions", "DISTINCT date, _batch", "1")[4] == (date(2025, 1, 6), 2)


def test_a_day_may_become_empty_and_come_back(shop):
    visits = {"2025-01-01": 3, "2025-01-02": 4}
    address = {}
    for step, (now, rows) in enumerate([(visits, 7), ({"2025-01-01": 3}, 3), ({"2025-01-01": 3}, 3), (visits, 7)]):
        with serve_facts(make_facts(now)) as server:
            address |= connection(server)
            pulls = shop(address, as_of="2025-01-03", sessions=SESSIONS)
            assert pulls.pull("sessions")["rows_written"] == [7, 1, 0, 4][step]
            assert len(pulls.current("sessions")) == rows


def test_flags_and_types_are_kept_with_the_rows(standin, shop):
    standin.faults.metadata = {
        "dataLossFromOtherRow": True,
        "samplingMetadatas": [{"samplesReadCount": "250", "samplingSpaceSize": "1000"}],
        "dataTruncationReasons": [
            {"dataTruncationType": "DATA_TRUNCATION_TYPE_PROPERTY"},
            {"dataTruncationType": "DATA_TRUNCATION_TYPE_CONVERSIONS"},
        ],
    }
    pulls = shop(connection(standin), as_of="2025-01-03", ages=AGES)
    pulls.pull("ages")
    assert pulls.current("ages", "* EXCLUDE (_seq, _observed_at, _deleted)", "date") == [
        (date(2025, 1, day), "25-34", 20, True, True, 0.25, "CONVERSIONS, PROPERTY", None, 1) for day in (1, 2)
    ]
    assert pulls.run.lake.open_log("ages").read_schema().field("active_users").type == pa.int64()


def test_an_empty_day_keeps_googles_reason(standin, shop):
    standin.faults.metadata = {"emptyReason": "NO_DATA", "subjectToThresholding": True}
    pulls = shop(connection(standin), as_of="2025-01-05", sessions=SESSIONS)
    pulls.pull("sessions")
    with pulls.run.lake.open_engine() as engine:
        pulls.run.lake.create_log_view(engine, "sessions")
        sql = "SELECT date, empty_reason, subject_to_thresholding, learner_id, sessions FROM sessions WHERE _deleted"
        assert engine.execute(sql).fetch_rows() == [(date(2025, 1, 4), "NO_DATA", True, None, None)]
    assert pulls.pull("sessions")["rows_written"] == 0


def test_values_without_meaning_are_kept_apart(shop):
    rows = make_facts({"2025-01-01": 4})
    names = pa.array(["", "(not set)", "(other)", "0"])
    with serve_facts(rows.set_column(1, "customUser:learner_id", names)) as server:
        pulls = shop(connection(server), as_of="2025-01-02", sessions=SESSIONS)
        pulls.pull("sessions")
    assert pulls.current("sessions", "learner_id", "1") == [("",), ("(not set)",), ("(other)",), ("0",)]


def test_a_filter_is_applied_by_google(standin, shop):
    views = SESSIONS | {"metrics": ["screenPageViews"], "filter": {"pagePath": "/pricing"}}
    pulls = shop(connection(standin), as_of="2025-01-02", pricing_views=views)
    assert pulls.pull("pricing_views")["rows_written"] == LEARNERS // 5
    assert pulls.current("pricing_views", "sum(screen_page_views)") == [(LEARNERS // 5,)]


def test_a_report_without_rows_is_complete(standin, shop):
    pulls = shop(connection(standin), as_of="2025-01-03", sessions=SESSIONS | {"filter": {"pagePath": "/none"}})
    assert pulls.pull("sessions")["complete_through"] == "2025-01-03T00:00:00+00:00"
    assert pulls.current("sessions", COLUMNS) == []


def test_a_day_that_changes_between_its_pages_is_read_again(standin, shop, monkeypatch):
    monkeypatch.setattr(page_request, "REPORT_PAGE_ROWS", 10)
    standin.faults.drift = 1
    pulls = shop(connection(standin), as_of="2025-01-02", sessions=SESSIONS)
    pulls.pull("sessions")
    assert pulls.current("sessions", COLUMNS, "ALL") == expected(1)
    assert len(standin.requests) > 3
    standin.faults.drift = 1000
    with pytest.raises(UnavailableError, match="report of 2025-01-01 changed 3 times while it was read"):
        pulls.pull("sessions")


class Failing:
    """Makes the server fail from the n-th request on; never if ``at`` is None."""

    def __init__(self, server: StandIn, code: int, times: int) -> None:
        self.server, self.original, self.at, self.requests = server, server.answer_report, None, 0
        self.code, self.times = code, times
        server.answer_report = self.answer_report

    def answer_report(self, property_id, body):
        self.requests += 1
        if self.requests == self.at:
            self.server.faults.add_failure(self.code, self.times)
        return self.original(property_id, body)


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_busy_google_is_asked_again_and_read_days_are_kept(standin, shop, code):
    standin.faults.add_failure(code, times=2)
    pulls = shop(connection(standin), as_of="2025-01-04", sessions=SESSIONS)
    pulls.pull("sessions")
    later = shop(connection(standin), as_of="2025-01-08", sessions=SESSIONS)
    failing = Failing(standin, code, times=4)
    failing.at = 5
    with pytest.raises(UnavailableError, match=r"asked 4 times") as raised:
        later.pull("sessions")
    assert isinstance(raised.value, UnavailableError)
    assert failing.requests == 8
    assert later.run.lake.open_log("sessions").read_state().cursor["through"] == "2025-01-05"
    later.pull("sessions")
    assert later.current("sessions", COLUMNS, "ALL") == expected(7)


@pytest.mark.parametrize("at", range(1, 10))
def test_a_day_is_never_half_restated_whatever_breaks(standin, shop, monkeypatch, at):
    """Three days of three pages are read again, and the n-th request is refused."""
    pulls = shop(connection(standin), as_of="2025-01-04", sessions=SESSIONS)
    pulls.pull("sessions")
    monkeypatch.setattr(page_request, "REPORT_PAGE_ROWS", 10)
    monkeypatch.setattr(day_batches, "COMMIT_ROWS", 10 if at % 2 else 1000)
    for day in (1, 2, 3):
        standin.faults.restate_day(f"2025-01-{day:02}", 3)
    Failing(standin, 403, times=1).at = at
    with pytest.raises(SourceError, match="permissions"):
        pulls.pull("sessions")
    rewritten = (at - 1) // 3
    days = pulls.current("sessions", "date, sessions // (CAST(learner_id AS INT) + 1)", "1")
    assert days == [(date(2025, 1, day), 3 if day <= rewritten else 1) for day in (1, 2, 3) for _ in range(LEARNERS)]
    assert pulls.run.lake.open_log("sessions").read_state().cursor["through"] == "2025-01-04"


def test_an_unreadable_day_is_not_skipped(standin, shop):
    answer = standin.answer_report

    def answer_with_a_fraction(property_id, body):
        response = answer(property_id, body)
        if body["dateRanges"][0]["startDate"] == "2025-01-03":
            response["rows"][7]["metricValues"][0]["value"] = "1.5"
        return response

    standin.answer_report = answer_with_a_fraction
    pulls = shop(connection(standin), as_of="2025-01-08", sessions=SESSIONS)
    for _ in range(2):
        with pytest.raises(DataError, match="2025-01-03: a metric cannot be read"):
            pulls.pull("sessions")
        assert pulls.run.lake.open_log("sessions").read_state().cursor["through"] == "2025-01-03"
    standin.answer_report = answer
    pulls.pull("sessions")
    assert pulls.current("sessions", COLUMNS, "ALL") == expected(7)


@pytest.mark.parametrize(("length", "body"), [(1000, b'{"rows": ['), (6, b"<html>")], ids=["breaks off", "is no JSON"])
def test_an_unreadable_answer_is_requested_again(standin, shop, monkeypatch, length, body):
    send, answers = server._Handler._send, []

    def send_broken(self, code, answer):
        answers.append(answer)
        if len(answers) > 2:
            send(self, code, answer)
        else:
            self.send_response(code)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

    monkeypatch.setattr(server._Handler, "_send", send_broken)
    pulls = shop(connection(standin), as_of="2025-01-03", sessions=SESSIONS)
    assert pulls.pull("sessions")["rows_written"] == 2 * LEARNERS
    assert len(answers) == 4


def test_refusals_are_explained_and_nothing_is_written(standin, shop):
    cases = [
        (
            connection(standin),
            SESSIONS | {"dimensions": ["date", "shoeSize"]},
            r"Field shoeSize .*dimensions date, shoeSize",
        ),
        (
            connection(standin) | {"conn_type": "mysql"},
            SESSIONS,
            "found type 'mysql'; allowed: google_cloud_platform",
        ),
        (
            connection(standin, is_anonymous=False, key_path="/none.json"),
            SESSIONS,
            "credentials cannot be used.*none.json",
        ),
        (connection(standin, is_anonymous=False, keyfile_dict="{}"), SESSIONS, "credentials cannot be used"),
    ]
    for address, report, message in cases:
        pulls = shop(address, as_of="2025-01-02", sessions=report)
        with pytest.raises(SourceError, match=message) as raised:
            pulls.pull("sessions")
        assert "shop.yaml: extracts.sessions: connection 'shop'" in str(raised.value)
        assert "\n" not in str(raised.value)
        assert pulls.run.lake.open_log("sessions").load_table() is None
    restricted = {"activeMetricRestrictions": [{"metricName": "sessions", "restrictedMetricTypes": ["COST_DATA"]}]}
    pulls = shop(connection(standin), as_of="2025-01-02", sessions=SESSIONS | {"filter": {"pagePath": "/pricing"}})
    for code, message in [
        (400, "dimensions & metrics are incompatible.*dimensions date, .*; metrics sessions, .*; filters on pagePath"),
        (401, "credentials"),
        (403, "does not have sufficient permissions for this property"),
        (404, "properties/412345678.*not found"),
    ]:
        standin.faults.add_failure(code)
        with pytest.raises(SourceError, match=message):
            pulls.pull("sessions")
    standin.faults.metadata = {"schemaRestrictionResponse": restricted}
    with pytest.raises(SourceError, match="the login may not read metric sessions"):
        pulls.pull("sessions")
    assert pulls.run.lake.open_log("sessions").load_table() is None


def test_an_unreachable_google_may_answer_later(standin, shop):
    address = {"conn_type": "google_cloud_platform", "extra": {"is_anonymous": True}}
    address["extra"]["api_endpoint"] = f"http://127.0.0.1:{find_free_port()}"
    with pytest.raises(UnavailableError, match="asked 4 times"):
        shop(address, as_of="2025-01-02", sessions=SESSIONS).pull("sessions")


def test_an_invalid_address_is_named(standin, shop):
    address = {"conn_type": "google_cloud_platform", "extra": {"is_anonymous": True, "api_endpoint": "http://:80:80"}}
    with pytest.raises(SourceError, match=r"connection 'shop' \(GA4 properties/412345678\): .*':80:80'"):
        shop(address, as_of="2025-01-02", sessions=SESSIONS).pull("sessions")


def test_two_columns_with_one_name_are_refused(standin, shop):
    twice = SESSIONS | {"dimensions": ["date", "customUser:learner_id", "customEvent:learner_id"]}
    with pytest.raises((ProfileError, SourceError), match="learner_id"):
        shop(connection(standin), as_of="2025-01-02", sessions=twice).pull("sessions")


def test_a_changed_report_is_refused(standin, shop):
    shop(connection(standin), as_of="2025-01-03", sessions=SESSIONS).pull("sessions")
    requests = len(standin.requests)
    changed = shop(connection(standin), as_of="2025-01-04", sessions=SESSIONS | {"metrics": ["sessions"]})
    message = r"columns changed from date, .*, user_engagement_duration, .* to date, learner_id, ses"
    with pytest.raises(SourceError, match=message):
        changed.pull("sessions")
    assert len(standin.requests) == requests


def test_many_days_are_committed_together(standin, shop, monkeypatch):
    monkeypatch.setattr(day_batches, "COMMIT_ROWS", 60)
    pulls = shop(connection(standin), as_of="2025-01-11", sessions=SESSIONS)
    pulls.pull("sessions")
    assert pulls.current("sessions", COLUMNS, "ALL") == expected(10)
    assert len(pulls.run.lake.open_log("sessions").list_files()) == 4  # one for the empty day


def test_a_property_in_another_time_zone_is_refused(standin, shop):
    pulls = shop(connection(standin), as_of="2025-01-05", sessions=SESSIONS, time_zone="Asia/Tokyo")
    with pytest.raises(SourceError, match="time zone: found UTC; allowed: the profile's, Asia/Tokyo"):
        pulls.pull("sessions")
    assert pulls.run.lake.open_log("sessions").load_table() is None


def test_a_time_zone_with_the_same_midnights_is_accepted(standin, shop):
    pulls = shop(connection(standin), as_of="2025-01-02", sessions=SESSIONS, time_zone="Africa/Accra")
    assert pulls.pull("sessions")["complete_through"] == "2025-01-02T00:00:00+00:00"
    standin.faults.metadata = {"timeZone": "Mars/Olympus"}
    with pytest.raises(SourceError, match="time zone: found 'Mars/Olympus'; allowed: an IANA name"):
        pulls.pull("sessions")


def test_the_connections_extra_may_be_json_text(standin, shop):
    text = json.dumps(connection(standin) | {"extra": json.dumps(connection(standin)["extra"])})
    assert shop(text, as_of="2025-01-02", sessions=SESSIONS).pull("sessions")["rows_written"] == LEARNERS
