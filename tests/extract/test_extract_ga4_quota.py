"""Google's quotas, enforced by the stand-in: read days are kept, no request is wasted, and the rest follows later."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from demo.ga4 import StandIn, serve_facts
from include.segmentation.__main__ import main
from include.segmentation.errors import RetryLaterError
from include.segmentation.extract.ga4 import ga4_property as ga4
from include.segmentation.extract.ga4 import quota

AGES = {"kind": "report", "source": "ga4", "dimensions": ["date", "userAgeBracket"], "metrics": ["activeUsers"]}
VIEWS = {"kind": "report", "source": "ga4", "dimensions": ["date", "pagePath"], "metrics": ["screenPageViews"]}
THRESHOLDED = "potentiallyThresholdedRequestsPerHour"
NOON = datetime(2025, 3, 5, 12, 34, 56, tzinfo=UTC)


class Clock:
    """Google's clock: it stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def make_facts(days: int) -> pa.Table:
    rows = [
        {
            "date": f"202501{day:02}",
            "pagePath": "/learn",
            "userAgeBracket": bracket,
            "visitor": 100 * place + n,
            "screenPageViews": day,
        }
        for day in range(1, days + 1)
        for place, bracket in enumerate(("18-24", "25-34", "unknown"))
        for n in range(10 + day)
    ]
    return pa.Table.from_pylist(rows)


@contextmanager
def google(quotas: dict[str, int], days: int = 10, now: datetime = NOON) -> Iterator[StandIn]:
    with serve_facts(make_facts(days), quotas=quotas, clock=Clock(now)) as server:
        yield server


def connection(server: StandIn) -> dict:
    return {"conn_type": "google_cloud_platform", "extra": {"api_endpoint": server.url, "is_anonymous": True}}


def find_wait(error: pytest.ExceptionInfo[RetryLaterError]) -> timedelta:
    return error.value.until - datetime.now(UTC)


def about(seconds: float) -> object:
    return pytest.approx(seconds, abs=5)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(ga4, "_PAUSES", (0.01, 0.01, 0.01))


@pytest.mark.parametrize("budget", [1, 2, 3, 5, 12])
def test_an_hourly_budget_spreads_a_first_load_over_hours(shop, budget):
    with google({THRESHOLDED: budget}) as server:
        pulls = shop(connection(server), as_of="2025-01-11", ages=AGES)
        done = 0
        while done + max(1, budget - 1) < 10:
            with pytest.raises(RetryLaterError) as later:
                pulls.pull("ages")
            assert f": {len(server.requests) - done} of {10 - done} days read: " in str(later.value)
            assert (later.value.until.minute, later.value.until.second) == (0, 15)
            assert timedelta(0) < find_wait(later) < timedelta(hours=1, seconds=16)
            done = len(server.requests)
            server.clock.now += timedelta(hours=1)
        pulls.pull("ages")
        read = [request["dateRanges"][0]["startDate"] for request in server.requests]
    assert read == [f"2025-01-{day:02}" for day in range(1, 11)]  # no day is read twice, and no request is refused
    assert pulls.current("ages", "date, user_age_bracket, active_users", "ALL") == [
        (date(2025, 1, day), bracket, 10 + day) for day in range(1, 11) for bracket in ("18-24", "25-34", "unknown")
    ]


def test_reports_without_thresholding_do_not_use_that_budget(shop):
    with google({THRESHOLDED: 1}) as server:
        pulls = shop(connection(server), as_of="2025-01-11", ages=AGES, views=VIEWS)
        with pytest.raises(
            RetryLaterError, match=r"1 of 10 days read: .*thresholded_requests_per_hour is nearly used up: 0"
        ):
            pulls.pull("ages")
        assert pulls.pull("views")["days"] == 10


@pytest.mark.parametrize("name", ["tokensPerHour", "tokensPerProjectPerHour", THRESHOLDED])
def test_a_used_up_hour_ends_by_googles_clock(shop, name):
    with google({name: 0}) as server:
        pulls = shop(connection(server), as_of="2025-01-11", ages=AGES)
        with pytest.raises(RetryLaterError, match=r"0 of 10 days read: .* Exhausted .* under an hour") as later:
            pulls.pull("ages")
        assert find_wait(later).total_seconds() == about(25 * 60 + 4 + 15)  # Google's clock says 12:34:56
        assert len(server.requests) == 1
        assert pulls.run.lake.open_log("ages").load_table() is None


@pytest.mark.parametrize(
    ("now", "refill"),
    [
        ("2025-01-05T20:00:00", "2025-01-06T08:00:15"),
        ("2025-07-05T06:30:00", "2025-07-05T07:00:15"),  # midnight in Los Angeles in summer
        ("2025-07-05T07:00:20", "2025-07-05T08:00:15"),  # and otherwise midnight PST
        ("2025-07-05T08:00:20", "2025-07-06T07:00:15"),
    ],
)
def test_daily_tokens_are_refilled_at_midnight_pacific_time(shop, now, refill):
    there, then = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, refill))
    with google({"tokensPerDay": 0}, now=there) as server:
        with pytest.raises(RetryLaterError, match="tokens per day") as later:
            shop(connection(server), as_of="2025-01-11", ages=AGES).pull("ages")
        assert find_wait(later).total_seconds() == about((then - there).total_seconds())


def test_used_up_daily_tokens_stop_the_pull_and_the_next_day_goes_on(shop):
    with google({"tokensPerDay": 4}) as server:
        pulls = shop(connection(server), as_of="2025-01-11", views=VIEWS)
        with pytest.raises(
            RetryLaterError, match=r"3 of 10 days read: .*tokens_per_day is nearly used up: 1 left"
        ) as later:
            pulls.pull("views")
        assert later.value.until.hour in (7, 8)
        assert pulls.run.lake.open_log("views").read_state().complete_through == datetime(2025, 1, 4, tzinfo=UTC)
        server.clock.now += timedelta(hours=1)
        with pytest.raises(RetryLaterError, match=r"1 of 7 days read"):  # the day has one token left
            pulls.pull("views")
        server.clock.now += timedelta(days=1)
        with pytest.raises(RetryLaterError, match=r"3 of 6 days read"):
            pulls.pull("views")
        later = shop(connection(server), as_of="2025-01-10", views=VIEWS)
        server.clock.now += timedelta(days=1)
        with pytest.raises(
            RetryLaterError, match=r"3 of 5 days read"
        ):  # up to another as_of, restated days are read first
            later.pull("views")


def test_other_refusals_are_understood_by_their_words(standin, shop):
    pulls = shop(connection(standin), as_of="2025-01-11", views=VIEWS)
    standin.faults.add_failure(
        429, message="Exhausted concurrent requests quota. Please send fewer requests concurrently."
    )
    assert pulls.pull("views")["days"] == 10
    minutes = "Exhausted client errors quota. These quota tokens will return in under 15 minutes."
    standin.faults.add_failure(429, message=minutes)
    with pytest.raises(RetryLaterError, match="15 minutes") as later:
        pulls.pull("views")
    assert find_wait(later).total_seconds() == about(15 * 60 + 15)


def test_server_errors_stay_below_googles_limit(shop):
    with google({"serverErrorsPerProjectPerHour": 5}, days=3) as server:
        pulls = shop(connection(server), as_of="2025-01-04", views=VIEWS)
        server.faults.add_failure(503, times=2)
        pulls.pull("views")  # after two errors, Google says that 3 are left
        original, requests = server.answer_report, []

        def fail_from_the_second_request(property_id, body):
            requests.append(body)
            if len(requests) == 2:
                server.faults.add_failure(500, times=9)
            return original(property_id, body)

        server.answer_report = fail_from_the_second_request
        with pytest.raises(
            RetryLaterError, match=r"1 of 3 days read.*Internal error.*at most 2 are left this hour"
        ) as later:
            pulls.pull("views")
        assert len(requests) == 2
        assert 0 < find_wait(later).total_seconds() < 3616


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with google({}) as server:
        yield server


def test_the_command_line_waits_for_an_hour_but_not_for_a_day(shop, monkeypatch, capsys):
    monkeypatch.setattr(quota, "_LATE", timedelta(seconds=0.1))
    started = datetime.now(UTC)
    with google({}) as server:
        run = shop(connection(server), as_of="2025-01-04", views=VIEWS).run
        command = ["extract", "--profile", "shop", "--profiles-dir", str(run.profile.path.parent)]
        command += ["--as-of", "2025-01-04"]
        server.clock.now = datetime(2025, 3, 5, 12, 59, 58, tzinfo=UTC)
        server.faults.add_failure(429, message="Exhausted property tokens per hour, in under an hour.")
        assert main(command) == 0
        assert timedelta(seconds=2) < datetime.now(UTC) - started < timedelta(seconds=8)
        lines = capsys.readouterr().out.splitlines()
        assert "extract   views            waits until " in lines[0]
        assert "tokens per hour" in lines[0]
        assert "rows_written=3" in lines[1]
        server.faults.add_failure(429, message="Exhausted property tokens per day. They will return in under 24 hours.")
        assert main(command) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("error: ")
        assert "extracts.views: 0 of 3 days read: " in line
        assert "; again from 2" in line
