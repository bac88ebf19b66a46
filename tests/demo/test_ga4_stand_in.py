"""The stand-in answers Google's own client as the GA4 Data API would."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from google.analytics.data_v1beta import BetaAnalyticsDataClient
from google.analytics.data_v1beta.types import (
    DateRange,
    Dimension,
    Filter,
    FilterExpression,
    FilterExpressionList,
    Metric,
    OrderBy,
    PropertyQuota,
    RunReportRequest,
    RunReportResponse,
)
from google.api_core import exceptions
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError

from demo.ga4 import PROPERTY, StandIn, make_facts, serve_facts
from demo.learning import Platform, generate_platform

DAY, EMPTY_DAY = "2025-01-15", "2026-01-15"
LEARNER = "customUser:learner_id"
CHECKOUT = Path(__file__).resolve().parents[2]
Report = Callable[..., RunReportResponse]


@pytest.fixture(scope="module")
def platform() -> Platform:
    return generate_platform(learners=3000)


@pytest.fixture(scope="module")
def served(platform: Platform) -> pa.Table:
    return make_facts(platform)


@pytest.fixture
def stand_in(served: pa.Table) -> Iterator[StandIn]:
    with serve_facts(served) as server:
        yield server


def client(url: str) -> BetaAnalyticsDataClient:
    return BetaAnalyticsDataClient(
        transport="rest", credentials=AnonymousCredentials(), client_options=ClientOptions(api_endpoint=url)
    )


@pytest.fixture
def report(stand_in: StandIn) -> Report:
    google = client(stand_in.url)

    def run(
        dimensions: list[str], metrics: list[str], day: str = DAY, end: str = "", number: str = PROPERTY, **more: object
    ) -> RunReportResponse:
        return google.run_report(
            RunReportRequest(
                property=f"properties/{number}",
                date_ranges=[DateRange(start_date=day, end_date=end or day)],
                dimensions=[Dimension(name=name) for name in dimensions],
                metrics=[Metric(name=name) for name in metrics],
                **more,
            )
        )

    return run


def by(*dimensions: str) -> list[OrderBy]:
    return [OrderBy(dimension=OrderBy.DimensionOrderBy(dimension_name=name)) for name in dimensions]


def exactly(**values_by_dimension: str) -> FilterExpression:
    conditions = [
        FilterExpression(filter=Filter(field_name=name, string_filter=Filter.StringFilter(value=value, match_type=1)))
        for name, value in values_by_dimension.items()
    ]
    if len(conditions) == 1:
        return conditions[0]
    return FilterExpression(and_group=FilterExpressionList(expressions=conditions))


def values(answer: RunReportResponse) -> list[tuple[str, ...]]:
    return [
        (*(cell.value for cell in row.dimension_values), *(cell.value for cell in row.metric_values))
        for row in answer.rows
    ]


def test_sessions_are_the_consenting_learners_visits(report: Report, platform: Platform) -> None:
    visits = platform.tables["visits"]
    that_day = visits.filter(pc.equal(pc.strftime(visits["visited_at"], "%Y-%m-%d"), DAY))
    consenting = platform.traits.filter(platform.traits["analytics_consent"])["user_id"]
    consenting_visits = that_day.filter(pc.is_in(that_day["user_id"], consenting))
    counted = consenting_visits.group_by("user_id").aggregate([("user_id", "count")]).to_pylist()
    answer = report(["date", LEARNER], ["sessions"], order_bys=by("date", LEARNER))
    named = [(learner, int(count)) for _, learner, count in values(answer) if learner != "(not set)"]
    assert named == sorted((str(row["user_id"]), row["user_id_count"]) for row in counted)
    assert len(consenting_visits) < len(that_day)
    assert {row[0] for row in values(answer)} == {"20250115"}


def test_visits_without_a_login_are_not_set(report: Report) -> None:
    assert "(not set)" in {row[0] for row in values(report([LEARNER], ["sessions"]))}


def test_headers_types_and_metadata(report: Report) -> None:
    answer = report(["date", LEARNER], ["sessions", "engagedSessions", "userEngagementDuration"])
    assert [header.name for header in answer.dimension_headers] == ["date", LEARNER]
    assert [header.type_.name for header in answer.metric_headers] == ["TYPE_INTEGER", "TYPE_INTEGER", "TYPE_SECONDS"]
    assert (answer.metadata.currency_code, answer.metadata.time_zone) == ("EUR", "UTC")
    assert not answer.metadata.subject_to_thresholding
    assert not answer.metadata.data_loss_from_other_row
    assert all(int(engaged) <= int(sessions) for *_, sessions, engaged, _ in values(answer))


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_add_up(report: Report, size: int) -> None:
    dimensions = ["date", LEARNER]
    whole = report(dimensions, ["sessions"], order_bys=by(*dimensions))
    assert whole.row_count == len(whole.rows) > 100
    pages = [
        report(dimensions, ["sessions"], order_bys=by(*dimensions), limit=size, offset=offset)
        for offset in range(0, min(whole.row_count, 5 * size), size)
    ]
    assert {page.row_count for page in pages} == {whole.row_count}
    assert [row for page in pages for row in values(page)] == values(whole)[: 5 * size]
    beyond = report(dimensions, ["sessions"], offset=whole.row_count)
    assert (len(beyond.rows), beyond.row_count) == (0, whole.row_count)


def test_a_filter_can_use_a_dimension_that_is_not_requested(report: Report, platform: Platform) -> None:
    month = {"day": "2025-01-01", "end": "2025-01-31"}
    answer = report([LEARNER], ["screenPageViews"], **month, dimension_filter=exactly(pagePath="/pricing"))
    named = {learner: int(count) for learner, count in values(answer) if learner != "(not set)"}
    views = platform.pricing_views
    views = views.filter(pc.less(views["viewed_at"], pa.scalar(1738368000, pa.int64()).cast(pa.timestamp("s"))))
    consenting = platform.traits.filter(platform.traits["analytics_consent"])["user_id"]
    views = views.filter(pc.is_in(views["user_id"], consenting))
    assert sum(named.values()) == len(views) > 50
    one = next(iter(named))
    alone = report(
        [LEARNER], ["screenPageViews"], **month, dimension_filter=exactly(**{"pagePath": "/pricing", LEARNER: one})
    )
    assert values(alone) == [(one, str(named[one]))]


def test_orders_by_metric_and_descending(report: Report) -> None:
    falling = [OrderBy(metric=OrderBy.MetricOrderBy(metric_name="userEngagementDuration"), desc=True)]
    seconds = [int(row[1]) for row in values(report([LEARNER], ["userEngagementDuration"], order_bys=falling))]
    assert seconds == sorted(seconds, reverse=True)
    assert seconds[0] > seconds[-1]


def test_an_empty_day_has_neither_rows_nor_a_row_count(report: Report, stand_in: StandIn) -> None:
    answer = report(["date"], ["sessions"], EMPTY_DAY)
    assert (list(answer.rows), answer.row_count) == ([], 0)
    raw = json.dumps(
        {"dateRanges": [{"startDate": EMPTY_DAY, "endDate": EMPTY_DAY}], "metrics": [{"name": "sessions"}]}
    )
    url = f"{stand_in.url}/v1beta/properties/{PROPERTY}:runReport"
    with urllib.request.urlopen(urllib.request.Request(url, raw.encode(), method="POST")) as reply:
        assert json.load(reply).keys() == {"dimensionHeaders", "metricHeaders", "metadata", "kind"}


@pytest.mark.parametrize("dimension", ["userAgeBracket", "userGender"])
def test_guessed_traits_are_thresholded(report: Report, served: pa.Table, dimension: str) -> None:
    withheld = 0
    for day in ("2025-01-01", DAY, "2025-03-15"):
        answer = report([dimension], ["activeUsers"], day)
        assert answer.metadata.subject_to_thresholding
        of_day = served.filter(pc.equal(served["date"], day.replace("-", "")))
        counts = of_day.group_by(dimension).aggregate([("visitor", "count_distinct")]).to_pylist()
        users = {row[dimension]: str(row["visitor_count_distinct"]) for row in counts}
        users_by_trait = dict(values(answer))
        assert users_by_trait == {trait: count for trait, count in users.items() if int(count) >= 10}
        withheld += len(users) - len(users_by_trait)
    assert withheld > 0


def test_a_filter_on_a_guessed_trait_is_thresholded_too(report: Report) -> None:
    answer = report([LEARNER], ["sessions"], dimension_filter=exactly(userGender="female"))
    assert answer.metadata.subject_to_thresholding
    assert not answer.rows


def test_quota_is_returned_on_request_and_decreases(report: Report) -> None:
    assert "property_quota" not in report(["date"], ["sessions"])
    first = report(["date"], ["sessions"], return_property_quota=True).property_quota
    second = report(["userGender"], ["activeUsers"], return_property_quota=True).property_quota
    assert second.tokens_per_day.remaining < first.tokens_per_day.remaining < 200_000
    assert second.tokens_per_hour.consumed == second.tokens_per_project_per_hour.consumed > 0
    assert second.potentially_thresholded_requests_per_hour.remaining == 119


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2025, 3, 5, 12, 34, 56, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


Strict = Callable[..., AbstractContextManager[Callable[..., Any]]]


@pytest.fixture
def strict(served: pa.Table, clock: Clock) -> Strict:
    """``with strict(tokensPerHour=2) as ask``: a stand-in with these quotas; ``ask`` requests a day's report."""

    @contextmanager
    def make(**quotas: int) -> Iterator[Callable[..., Any]]:
        with serve_facts(served, quotas=quotas, clock=clock) as server:
            google = client(server.url)

            def ask(dimension: str = "date") -> PropertyQuota:
                request = RunReportRequest(
                    property=f"properties/{PROPERTY}",
                    date_ranges=[DateRange(start_date=DAY, end_date=DAY)],
                    dimensions=[Dimension(name=dimension)],
                    metrics=[Metric(name="activeUsers")],
                    return_property_quota=True,
                )
                return google.run_report(request, retry=None).property_quota

            ask.server = server
            yield ask

    return make


def field(quota: str) -> str:
    return re.sub("([A-Z])", r"_\1", quota).lower()


@pytest.mark.parametrize(
    ("quota", "words", "minutes"),
    [
        ("tokensPerHour", "property tokens per hour", 25),
        ("tokensPerProjectPerHour", "property tokens for a project per hour", 25),
        ("tokensPerDay", "property tokens per day", 19 * 60 + 25),
        ("potentiallyThresholdedRequestsPerHour", "potentially thresholded requests quota", 25),
    ],
)
def test_an_exhausted_quota_is_renewed(strict: Strict, clock: Clock, quota: str, words: str, minutes: int) -> None:
    """At 12:34:56 UTC, 25:04 of the hour remain, and 19:25:04 of the day, which ends at 08:00 UTC (California)."""
    with strict(**{quota: 2}) as ask:
        quotas = [getattr(ask("userGender"), field(quota)) for _ in range(2)]
        assert [(each.consumed, each.remaining) for each in quotas] == [(1, 1), (1, 0)]
        for wait in (0, minutes):
            clock.now += timedelta(minutes=wait)
            with pytest.raises(exceptions.TooManyRequests, match=f"Exhausted {words}") as refused:
                ask("userGender")
            assert parsedate_to_datetime(refused.value.response.headers["Date"]) == clock.now
        clock.now += timedelta(seconds=4)
        ask("userGender")


def test_ten_requests_run_at_once(strict: Strict) -> None:
    with strict() as ask, ThreadPoolExecutor(11) as threads:
        ask.server.faults.seconds = 1.0
        answers = [threads.submit(ask) for _ in range(11)]
        refused = [each.exception() for each in answers if each.exception()]
    assert len(refused) == 1
    assert "Exhausted concurrent requests quota" in str(refused[0])


def test_too_many_server_errors_block_the_hour(strict: Strict, clock: Clock) -> None:
    with strict(serverErrorsPerProjectPerHour=2) as ask:
        ask.server.faults.add_failure(500, times=2)
        for error in (exceptions.InternalServerError,) * 2 + (exceptions.TooManyRequests,):
            with pytest.raises(error):
                ask()
        clock.now += timedelta(hours=1)
        assert ask().server_errors_per_project_per_hour.remaining == 2


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"number": "1"}, exceptions.Forbidden, "permissions for this property"),
        ({"dimensions": ["learnerId"]}, exceptions.BadRequest, "Field learnerId is not a valid dimension"),
        ({"metrics": ["session"]}, exceptions.BadRequest, "Field session is not a valid metric"),
        ({"day": "yesteryear"}, exceptions.BadRequest, "Invalid date: yesteryear"),
        ({"day": "2025-01-02", "end": "2025-01-01"}, exceptions.BadRequest, "Invalid date range"),
        ({"dimensions": [], "metrics": []}, exceptions.BadRequest, "at least one dimension or metric"),
        ({"order_bys": by("userGender")}, exceptions.BadRequest, "orderBys"),
        ({"limit": -1}, exceptions.BadRequest, "must not be negative"),
    ],
)
def test_errors_have_googles_text(report: Report, arguments: dict, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        report(**{"dimensions": ["date"], "metrics": ["sessions"]} | arguments)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (401, GoogleAuthError),  # the client tries to refresh its anonymous credentials
        (403, exceptions.Forbidden),
        (429, exceptions.TooManyRequests),
        (500, exceptions.InternalServerError),
        (503, exceptions.ServiceUnavailable),
    ],
)
def test_it_fails_as_often_as_configured(report: Report, stand_in: StandIn, code: int, error: type[Exception]) -> None:
    stand_in.faults.add_failure(code, times=2)
    for _ in range(2):
        with pytest.raises(error):
            report(["date"], ["sessions"])
    assert report(["date"], ["sessions"]).row_count == 1
    assert len(stand_in.requests) == 3


def test_a_day_can_be_restated(report: Report, stand_in: StandIn) -> None:
    week = {"day": "2025-01-14", "end": "2025-01-16", "order_bys": by("date")}
    before = [int(row[1]) for row in values(report(["date"], ["sessions"], **week))]
    stand_in.faults.restate_day(DAY, factor=3)
    after = [int(row[1]) for row in values(report(["date"], ["sessions"], **week))]
    assert after == [before[0], 3 * before[1], before[2]]


def test_row_count_can_change_between_pages(report: Report, stand_in: StandIn) -> None:
    first = report([LEARNER], ["sessions"], limit=10)
    stand_in.faults.drift = 1
    assert report([LEARNER], ["sessions"], limit=10, offset=10).row_count == first.row_count + 1
    assert report([LEARNER], ["sessions"], limit=10, offset=10).row_count == first.row_count


def test_pages_can_be_shorter_than_requested(report: Report, stand_in: StandIn) -> None:
    stand_in.faults.most_rows = 5
    answer = report([LEARNER], ["sessions"], limit=100)
    assert len(answer.rows) == 5 < answer.row_count


def test_data_loss_can_be_reported(report: Report, stand_in: StandIn) -> None:
    stand_in.faults.metadata = {"dataLossFromOtherRow": True}
    assert report(["date"], ["sessions"]).metadata.data_loss_from_other_row


def test_it_runs_as_a_separate_process() -> None:
    command = [sys.executable, "-m", "demo.ga4", "--port", "0", "--learners", "200"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            assert "ready" in line
            url = line.split()[-1]
            with urllib.request.urlopen(f"{url}/health") as reply:
                assert json.load(reply) == {"status": "ok"}
            request = RunReportRequest(
                property=f"properties/{PROPERTY}",
                date_ranges=[DateRange(start_date="2025-01-01", end_date="2025-05-31")],
                dimensions=[Dimension(name="date")],
                metrics=[Metric(name="sessions")],
            )
            assert client(url).run_report(request).row_count > 31
        finally:
            process.terminate()
