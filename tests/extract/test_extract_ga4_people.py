"""Filters as the contract takes them and Google applies them, and what a profile may say about people."""

from collections.abc import Iterator

import pyarrow as pa
import pytest
from pydantic import ValidationError

from demo.ga4 import StandIn, serve_facts
from include.segmentation.errors import ProfileError, SourceError
from include.segmentation.profile.ga4_reports import GA4Extract

VIEWS = {"kind": "report", "source": "ga4", "dimensions": ["date", "pagePath"], "metrics": ["screenPageViews"]}
AGES = {"kind": "report", "source": "ga4", "dimensions": ["date", "userAgeBracket"], "metrics": ["activeUsers"]}
USERS = {"kind": "report", "source": "ga4", "dimensions": ["date"], "metrics": ["activeUsers"]}
PER_USER = AGES | {"dimensions": ["date", "customUser:learner_id", "userAgeBracket"], "per_user_demographics": True}
PAGES = ["/", "/Learn/a", "/learn/a", "/learn/b", "/pricing", "(not set)"]


@pytest.fixture
def standin() -> Iterator[StandIn]:
    """Each page is seen as often as its place in the list says, by one user more than that."""
    rows = [
        {"date": "20250101", "pagePath": page, "visitor": n, "screenPageViews": views}
        for views, page in enumerate(PAGES, start=1)
        for n in range(views + 1)
    ]
    rows = [row | {"screenPageViews": int(row["visitor"] == 0) * row["screenPageViews"]} for row in rows]
    with serve_facts(pa.Table.from_pylist(rows)) as server:
        yield server


def connection(server: StandIn) -> dict:
    return {"conn_type": "google_cloud_platform", "extra": {"api_endpoint": server.url, "is_anonymous": True}}


@pytest.mark.parametrize(
    ("condition", "pages"),
    [
        ("/learn/a", ["/learn/a"]),
        (["/learn/a", "/pricing", "/none"], ["/learn/a", "/pricing"]),
        ({"begins_with": "/learn/"}, ["/learn/a", "/learn/b"]),
        ({"ends_with": "/a"}, ["/Learn/a", "/learn/a"]),
        ({"contains": "earn"}, ["/Learn/a", "/learn/a", "/learn/b"]),
        ({"regexp": "/(learn/.|pricing)"}, ["/learn/a", "/learn/b", "/pricing"]),
        ({"regexp": "(?i)/learn/a"}, ["/Learn/a", "/learn/a"]),
        ({"begins_with": "/learn/", "not": "/learn/b"}, ["/learn/a"]),
        ({"not": ["/", "(not set)"]}, ["/Learn/a", "/learn/a", "/learn/b", "/pricing"]),
        ({"not": {"contains": "earn"}}, ["(not set)", "/", "/pricing"]),
        ({"not": {"not": {"begins_with": "/l"}}}, ["/learn/a", "/learn/b"]),
    ],
)
def test_google_filters_by_dimension(standin, shop, condition, pages):
    pulls = shop(connection(standin), as_of="2025-01-02", views=VIEWS | {"filter": {"pagePath": condition}})
    pulls.pull("views")
    assert pulls.current("views", "page_path") == [(page,) for page in pages]


@pytest.mark.parametrize(
    ("condition", "views"),
    [
        ({"equals": 3}, [3]),
        ({"at_least": 5}, [5, 6]),
        ({"more_than": 5}, [6]),
        ({"at_most": 2}, [1, 2]),
        ({"less_than": 2.5}, [1, 2]),
        ({"at_least": 2, "less_than": 4}, [2, 3]),
        ({"not": {"at_least": 2}}, [1]),
    ],
)
def test_google_filters_by_metric(standin, shop, condition, views):
    pulls = shop(connection(standin), as_of="2025-01-02", views=VIEWS | {"filter": {"screenPageViews": condition}})
    pulls.pull("views")
    assert pulls.current("views", "screen_page_views") == [(count,) for count in views]


def test_several_filters_all_hold(standin, shop):
    both = {"pagePath": {"begins_with": "/l"}, "screenPageViews": {"at_least": 4}}
    pulls = shop(connection(standin), as_of="2025-01-02", views=VIEWS | {"filter": both})
    pulls.pull("views")
    assert pulls.current("views", "page_path") == [("/learn/b",)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"filter": {"pagePath": 5}}, "allowed: a text, a list of texts, or comparisons such as"),
        ({"filter": {"pagePath": {}}}, "allowed: a text, a list of texts, or comparisons"),
        ({"filter": {"pagePath": []}}, "at least 1 item"),
        ({"filter": {"pagePath": {"like": "/a"}}}, "filter.pagePath.like\n  Extra inputs are not permitted"),
        ({"filter": {"pagePath": {"contains": ""}}}, "filter.pagePath.contains\n  String should have at least 1"),
        (
            {"filter": {"pagePath": {"contains": "a", "at_least": 1}}},
            "it compares texts and numbers; allowed: one of the two",
        ),
        ({"filter": {"screenPageViews": {"at_least": "1"}}}, "Input should be a valid number"),
        ({"filter": {"screenPageViews": "1"}}, "filter 'screenPageViews': it is a metric; allowed: comparisons"),
        (
            {"filter": {"sessions": {"at_least": 1}}},
            "filter 'sessions': it compares numbers; allowed: the metrics screenPageViews",
        ),
        ({"filter": {"date": "20250101"}}, "filter 'date': a report is read by day"),
        ({"dimensions": ["pagePath"]}, "dimensions must include 'date'"),
        ({"dimensions": ["date", "customUser:x", "customEvent:x"]}, "need different names"),
        ({"metrics": ["sampledShare"]}, "need different names"),
        ({"coverage_of": "users"}, "the report has no demographic; allowed: brandingInterest, userAgeBracket"),
        ({"per_user_demographics": True}, "the report needs both a demographic and a customUser:"),
        ({"dimensions": ["date", "userGender", "customUser:x"]}, "'userGender' is Google's estimate.*'customUser:x'"),
        ({"filter": {"userGender": "female"}, "dimensions": ["date", "customUser:x"]}, "'userGender' is Google's"),
    ],
)
def test_an_invalid_report_is_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        GA4Extract.model_validate(VIEWS | change)


@pytest.mark.parametrize(
    "users",
    [
        USERS | {"dimensions": ["date", "country"]},
        USERS | {"metrics": ["sessions"]},
        USERS | {"filter": {"country": "DE"}},
        AGES,
    ],
)
def test_coverage_of_must_be_the_same_report_without_demographics(shop, users):
    with pytest.raises(ProfileError, match=r"extracts.ages.coverage_of: 'users'; allowed: .* dimensions date,"):
        shop("none://", ages=AGES | {"coverage_of": "users"}, users=users)
    shop("none://", ages=AGES | {"coverage_of": "users"}, users=USERS)


def people(*who: tuple[str, str]) -> pa.Table:
    rows = [
        {"date": "20250102", "customUser:learner_id": user, "userAgeBracket": age, "visitor": n, "sessions": 1}
        for user, age in who
        for n in range(10)
    ]
    return pa.Table.from_pylist(rows)


def test_declared_demographics_per_user_must_arrive(shop):
    users = [("7", "unknown"), ("8", "(not set)"), ("(not set)", "25-34"), ("(other)", "25-34")]
    with serve_facts(people(*users)) as server:
        pulls = shop(connection(server), as_of="2025-01-04", ages=PER_USER)
        with pytest.raises(SourceError, match="no row has both customUser:learner_id and userAgeBracket"):
            pulls.pull("ages")
        assert pulls.run.lake.open_log("ages").load_table() is None
    with serve_facts(people(*users, ("9", "25-34"))) as server:
        pulls = shop(connection(server), as_of="2025-01-04", ages=PER_USER)
        assert pulls.pull("ages")["rows_written"] == 5 + 2
    with serve_facts(people(*users)) as server:  # it has delivered them on another day
        pulls = shop(connection(server), as_of="2025-01-04", ages=PER_USER)
        assert pulls.pull("ages")["rows_written"] == 4


def test_withheld_demographics_per_user_have_not_arrived(shop):
    with serve_facts(people(("7", "25-34")).slice(0, 9)) as server:
        pulls = shop(connection(server), as_of="2025-01-04", ages=PER_USER)
        with pytest.raises(SourceError, match="does not deliver them per user"):
            pulls.pull("ages")
        assert pulls.run.lake.open_log("ages").load_table() is None
