"""What measure promises beyond the shipped SQL: windows, rounding, order, and clear words about everything wrong."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from include.segmentation.artifacts import KpiSummary, MeasureArtifacts, PopulationSummary
from include.segmentation.errors import DataError, NotReadyError, ProfileError
from include.segmentation.lake.change_log import LogState
from include.segmentation.measure import measure
from include.segmentation.profile.loader import load_profile
from include.segmentation.run import Run

COLUMNS = {"event_id": "int64", "person": "int64", "day": "timestamp", "x": "double"}
POPULATION = "SELECT person AS customer_id, min(day) AS first_seen, max(day) AS last_seen, count(*) AS source_rows "
POPULATION += "FROM events WHERE day < {{ as_of }} GROUP BY person"
SUM = (
    'SELECT p.customer_id, coalesce(sum(e.x) FILTER (WHERE {{ window("total", "e.day") }}), 0) AS total '
    "FROM population AS p LEFT JOIN events AS e ON e.person = p.customer_id GROUP BY p.customer_id"
)
EVENTS = [
    {"event_id": 1, "person": 1, "day": "2025-01-01 00:00", "x": 1},
    {"event_id": 2, "person": 1, "day": "2025-01-31 23:59:59", "x": 2},
    {"event_id": 3, "person": 1, "day": "2025-02-01 00:00", "x": 4},
    {"event_id": 4, "person": 1, "day": "2025-02-28 23:59:59", "x": 8},
    {"event_id": 5, "person": 1, "day": "2025-03-01 00:00", "x": 16},
    {"event_id": 6, "person": 2, "day": "2025-02-10 00:00", "x": 32},
]


def _profile(kpi: dict[str, Any], time_zone: str) -> dict[str, Any]:
    total = {"label": "Total", "definition": "Sum.", "unit": "points", "window": "lifetime", "rule_only": True}
    extract = {"kind": "table", "source": "db", "mode": "append", "cursor": "day", "primary_key": ["event_id"]}
    return {
        "profile": "club",
        "title": "A club",
        "time_zone": time_zone,
        "warehouse": {"connection": "w", "schema": "club"},
        "schedule": {"start": "2024-01-01", "first_fit": "2025-01-01"},
        "sources": {"db": {"kind": "mysql", "connection": "club_mysql"}},
        "extracts": {"events": extract | {"table": "events"}},
        "macro_segments": {
            "activity": {
                "label": "Activity",
                "kpis": {"total": total | kpi},
                "strata": [{"name": "all", "label": "All", "when": "age_days >= 0"}],
            }
        },
    }


@pytest.fixture
def club(
    tmp_path: Path,
    run_at: Callable[..., Run],
    table: Callable[..., pa.Table],
    accept: Callable[..., None],
) -> Callable[..., Run]:
    """A run of a profile with one KPI ``total``, its SQL and its events."""

    def build(
        sql: str = SUM,
        population: str = POPULATION,
        events: list[dict[str, Any]] = EVENTS,
        as_of: str = "2025-03-01",
        time_zone: str = "UTC",
        extract: str = "events",
        **kpi: Any,
    ) -> Run:
        folder = tmp_path / "sql" / "club" / "measure"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "population.sql").write_text(population.replace("events", extract))
        (folder / "activity.sql").write_text(sql.replace("events", extract))
        profile = _profile(kpi, time_zone)
        profile["extracts"][extract] = profile["extracts"].pop("events")
        (tmp_path / "club.yaml").write_text(yaml.safe_dump(profile))
        run = run_at(load_profile("club", tmp_path), as_of)
        accept(run, extract, table(events, COLUMNS))
        return run

    return build


@pytest.mark.parametrize("name", ["people", "found", "measured", "everyone"])
def test_an_extract_may_have_any_name(club: Callable[..., Run], name: str) -> None:
    """The stage's own tables do not stand before an extract of the same name."""
    assert _totals(club(extract=name)) == _totals(club())


def _totals(run: Run) -> dict[str, float | None]:
    measure(run, "population")
    measure(run, "activity")
    table = MeasureArtifacts(run).locate_kpis("activity").read_table()
    return dict(zip(table["customer_id"].to_pylist(), table["total"].to_pylist(), strict=True))


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("lifetime", {"1": 15, "2": 32}),
        ("trailing 28d", {"1": 12, "2": 32}),  # 2025-02-01 00:00 is its first moment
        ("trailing 29d", {"1": 14, "2": 32}),
        ("since_registration [0d, 31d)", {"1": 3, "2": 32}),
        ("since_registration [31d, 59d)", {"1": 12, "2": 0}),
        ("since_registration [59d, 99d)", {"1": 0, "2": 0}),  # cut at as_of
        ("calendar month", {"1": 12, "2": 32}),  # as_of is a month's begin: the month before it
    ],
)
def test_windows(club: Callable[..., Run], window: str, expected: dict[str, float]) -> None:
    assert _totals(club(window=window)) == expected


def test_a_calendar_month_begins_in_the_profiles_zone(club: Callable[..., Run]) -> None:
    events = [
        {"event_id": 1, "person": 1, "day": "2025-01-31 22:59:59", "x": 1},  # still January in Vienna
        {"event_id": 2, "person": 1, "day": "2025-01-31 23:00", "x": 2},
    ]
    month = {"window": "calendar month", "time_zone": "Europe/Vienna", "events": events}
    assert _totals(club(as_of="2025-02-02T00:00Z", **month)) == {"1": 2}


@pytest.mark.parametrize(
    ("resolution", "minimum", "values"),
    [
        (1, 0, {0.5: 1, 0.4999: 0, 2.5: 3, 7: 7}),
        (0.1, 0, {0.35: 0.4, 0.25: 0.3, 0.05: 0.1, 0.04: 0, 1 / 3: 0.3}),
        (0.01, None, {1.005: 1.01, -1.005: -1.01, 2.675: 2.68, 0.3: 0.3, 123456789.125: 123456789.13}),
        (0.25, None, {0.12: 0, -0.12: 0, 0.125: 0.25, -0.125: -0.25}),
        (5, 0, {2.4: 0, 2.5: 5, 12: 10}),
    ],
)
def test_values_are_rounded_to_the_resolution(
    club: Callable[..., Run], resolution: float, minimum: float | None, values: dict[float, float]
) -> None:
    events = [{"event_id": i, "person": i, "day": "2025-01-01", "x": repr(value)} for i, value in enumerate(values)]
    run = club(events=events, resolution=resolution, minimum=minimum)
    found = _totals(run)
    assert found == {str(i): expected for i, expected in enumerate(values.values())}
    assert "-0.0" not in map(str, found.values())


def test_order_and_pages_of_the_rows_change_nothing(
    club: Callable[..., Run], table: Callable[..., pa.Table], accept: Callable[..., None], tmp_path: Path
) -> None:
    rng = random.Random(7)
    events = [
        {"event_id": i, "person": i % 97, "day": f"2025-01-{1 + i % 28:02d}", "x": rng.randrange(1000)}
        for i in range(2000)
    ]
    written = []
    for name in ("once", "shuffled"):
        run = club(events=events[:1])
        run = Run(run.profile, "monthly", run.as_of)
        object.__setattr__(run.lake, "uri", str(tmp_path / name / "club"))
        rest = list(events)
        pages = 1
        if name == "shuffled":
            rng.shuffle(rest)
            pages = 4
        for page in range(pages):
            accept(run, "events", table(rest[page::pages], COLUMNS))
        measure(run, "population")
        measure(run, "activity")
        written.append([Path(MeasureArtifacts(run).locate_kpis(target).uri).read_bytes()
                        for target in ("population", "activity")])  # fmt: skip
    assert written[0] == written[1]


def test_an_early_extract_is_waited_for(
    club: Callable[..., Run], table: Callable[..., pa.Table], accept: Callable[..., None]
) -> None:
    run = club(events=[])
    accept(run, "events", table(EVENTS, COLUMNS), datetime(2025, 2, 28, 23, tzinfo=UTC))
    with pytest.raises(NotReadyError) as caught:
        measure(run, "population")
    assert "extract 'events' is complete through 2025-02-28T23:00:00+00:00" in str(caught.value)
    assert "allowed: 2025-03-01T00:00:00+00:00 or later" in str(caught.value)
    assert PopulationSummary.read_from(run) is None


def test_the_population_comes_first(club: Callable[..., Run]) -> None:
    with pytest.raises(DataError, match="the population has not been measured"):
        measure(club(), "activity")


def test_an_unknown_target(club: Callable[..., Run]) -> None:
    with pytest.raises(ProfileError, match=r"club.yaml: .* 'acitvity'; allowed: population, activity"):
        measure(club(), "acitvity")


def test_who_is_first_seen_at_as_of_is_not_in_the_population(club: Callable[..., Run]) -> None:
    late = {"event_id": 7, "person": 3, "day": "2025-03-01 00:00", "x": 1}
    run = club(population=POPULATION.replace("day <", "day <="), events=[*EVENTS, late])
    measure(run, "population")
    assert MeasureArtifacts(run).locate_population().read_table()["customer_id"].to_pylist() == ["1", "2"]


def test_an_empty_population(club: Callable[..., Run]) -> None:
    with pytest.raises(
        DataError, match=r"population.sql: the population is empty: no customer was first seen before as_of"
    ):
        measure(club(events=[]), "population")


@pytest.mark.parametrize(
    ("population", "error", "words"),
    [
        (POPULATION.replace("AS last_seen", "AS seen"), ProfileError, "column last_seen is missing; found customer_id"),
        (POPULATION.replace("min(day)", "CAST(NULL AS TIMESTAMPTZ)"), DataError, "2 customers have no first_seen"),
        (POPULATION.replace("max(day)", "'later'"), ProfileError, "column last_seen is VARCHAR; allowed: DATE, TIM"),
        (POPULATION.replace("count(*)", "'many'"), ProfileError, "column source_rows is VARCHAR; allowed: TINYINT"),
        (POPULATION.replace("SELECT", "SELECT [1] AS tags,"), ProfileError, "column tags is INTEGER[]; allowed:"),
        (POPULATION.replace("SELECT", "SELECT 1 AS Age_Days,"), ProfileError, "column 'Age_Days' cannot be an attr"),
        (POPULATION.replace("SELECT", "SELECT 1 AS age_days,"), ProfileError, "column 'age_days' cannot be an attr"),
        (
            POPULATION.replace("max(day)", "TIMESTAMPTZ '4000-01-01 (BC) 00:00:00+00'"),
            DataError,
            "last_seen of 2 customers, such as 1, is not a time of the years 1 to 9999",
        ),
        (
            POPULATION.replace("max(day)", "'infinity'::TIMESTAMPTZ"),
            DataError,
            "last_seen of 2 customers, such as 1, is not a time of the years 1 to 9999",
        ),
        (f"{POPULATION} UNION ALL {POPULATION}", DataError, "2 customers are returned more than once, such as 1"),
        (POPULATION.replace("{{ as_of }}", "{{ as_off }}"), ProfileError, "'as_off' is undefined"),
        (
            POPULATION.replace("SELECT", 'SELECT 1 AS "left",'),
            ProfileError,
            "column 'left' cannot be an attribute: a word of SQL",
        ),
        (
            POPULATION.replace("SELECT", "SELECT 1 AS total,"),
            ProfileError,
            "column 'total' cannot be an attribute: a KPI; allowed: any other name",
        ),
        (
            POPULATION.replace("SELECT", "SELECT 1 AS cohort,"),
            ProfileError,
            "column 'cohort' cannot be an attribute: a column of every customer",
        ),
        (
            POPULATION.replace("SELECT", "SELECT 1 AS a__b,"),
            ProfileError,
            "column 'a__b' cannot be an attribute: allowed: up to 50",
        ),
        (
            POPULATION.replace("{{ as_of }}", "{{ as_of"),
            ProfileError,
            "population.sql: expected token 'end of print statement'",
        ),
        (POPULATION.replace("events", "evnts"), ProfileError, "Table with name evnts does not exist"),
    ],
)
def test_a_wrong_population(club: Callable[..., Run], population: str, error: type[Exception], words: str) -> None:
    run = club(population=population)
    with pytest.raises(error) as caught:
        measure(run, "population")
    assert "population.sql: " in str(caught.value)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert PopulationSummary.read_from(run) is None


def test_customers_are_counted_by_attributes_that_population_sql_returns(
    club: Callable[..., Run], tmp_path: Path
) -> None:
    run = club(population=POPULATION.replace("SELECT", "SELECT 'Ulm' AS town,"))
    with (tmp_path / "club.yaml").open("a") as file:
        file.write("demographics: {twon: {label: Town}}\n")
    with pytest.raises(
        ProfileError, match=r"club\.yaml: demographics\.twon: .*population\.sql returns no such attribute; "
    ):
        measure(Run(load_profile("club", tmp_path), run.cadence, run.as_of), "population")


@pytest.mark.parametrize(
    ("sql", "kpi", "error", "words"),
    [
        (SUM.replace("window(", "widow("), {}, ProfileError, "'widow' is undefined; allowed: window; the as_of of"),
        (
            SUM.replace("e.person", "e.person AND e.day < {{ as_of }}"),
            {},
            ProfileError,
            "'as_of' is undefined; allowed",
        ),
        (SUM.replace('"total", "e.day"', '"total"'), {}, ProfileError, "missing 1 required positional argument"),
        (SUM.replace('"total"', '"totl"'), {}, ProfileError, "window('totl', …): no such KPI; allowed: total"),
        (
            SUM.replace('{{ window("total", "e.day") }}', "e.day < p.as_of"),
            {"window": "trailing 7d"},
            ProfileError,
            "the window of KPI 'total' (trailing 7d) is not used",
        ),
        (SUM.replace("AS total", "AS totals"), {}, ProfileError, "column total is missing; found customer_id, totals"),
        (SUM.replace("AS total", "AS total, 1 AS more"), {}, ProfileError, "column more is not declared"),
        (SUM.replace("SELECT p.", "SELEC p."), {}, ProfileError, "syntax error"),
        (
            SUM.replace("SELECT p.customer_id", "SELECT CAST(p.customer_id AS VARCHAR) AS customer_id"),
            {},
            ProfileError,
            "customer_id is VARCHAR; allowed: BIGINT, as in population.sql",
        ),
        (f"{SUM}; SELECT 1", {}, ProfileError, "found 2 statements; allowed: one SELECT"),
        (f"CREATE TABLE t AS {SUM}", {}, ProfileError, "allowed: one SELECT"),
        (SUM.replace("e.day", "e.dayy"), {}, ProfileError, "dayy"),
        (SUM.replace("coalesce(", "concat('', "), {}, ProfileError, "KPI 'total' is VARCHAR; allowed: numbers"),
        (f"{SUM} UNION ALL {SUM}", {}, DataError, "2 customers are returned more than once, such as customer 1"),
        (f"{SUM} HAVING p.customer_id = 2", {}, DataError, "1 customers of the population are missing, such as cus"),
        (f"{SUM} UNION ALL SELECT 9, 1", {}, DataError, "1 rows are of customers outside the population, such"),
        (
            SUM.replace(", 0) AS", ", 0) - 32 AS"),
            {},
            DataError,
            "below its minimum 0 for 1 customers, such as customer 1",
        ),
        (SUM.replace(", 0) AS", ", 0) + NULL AS"), {}, DataError, "is NULL for 2 customers"),
        (SUM.replace(", 0) AS", ", 0) * 'inf'::DOUBLE AS"), {}, DataError, "is not finite (or over 1e+15) for 2"),
        (SUM.replace(", 0) AS", ", 0) * -1e16 AS"), {}, DataError, "is not finite (or over 1e+15) for 2"),
        (SUM.replace(", 0) AS", ", 0) * 'nan'::DOUBLE AS"), {}, DataError, "is not finite (or over 1e+15) for 2"),
        (
            SUM,
            {"undefined_when": "total < 20"},
            DataError,
            "is not NULL for 1 customers, such as customer 1, but undefined_when is 'total < 20'",
        ),
        (SUM.replace("e.x)", "CAST('x' || e.x AS INT))"), {}, DataError, "Could not convert string"),
    ],
)
def test_a_wrong_macro_segment(
    club: Callable[..., Run], sql: str, kpi: dict[str, Any], error: type[Exception], words: str
) -> None:
    run = club(sql=sql, **kpi)
    measure(run, "population")
    with pytest.raises(error) as caught:
        measure(run, "activity")
    assert "activity.sql: " in str(caught.value)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert KpiSummary.read_from(run, "activity") is None


def test_estimates_about_groups_are_out_of_reach(club: Callable[..., Run], tmp_path: Path) -> None:
    """Ages that Google guesses of groups cannot be joined with customers, on purpose or by accident."""
    run = club(SUM.replace("GROUP BY p.customer_id", "CROSS JOIN ages GROUP BY p.customer_id"))
    profile = _profile({}, "UTC")
    profile["sources"]["ga4"] = {"kind": "ga4", "connection": "ga4", "property": "properties/1"}
    report = {"kind": "report", "source": "ga4", "dimensions": ["date", "userAgeBracket"], "metrics": ["activeUsers"]}
    profile["extracts"]["ages"] = report
    (tmp_path / "club.yaml").write_text(yaml.safe_dump(profile))
    run = Run(load_profile("club", tmp_path), run.cadence, run.as_of)
    log = run.lake.open_log("ages")
    log.append(pa.table({"date": ["2025-01-01"], "user_age_bracket": ["18-24"]}), LogState(None, run.as_of, 0, 0))
    assert measure(run, "population")["customers"] == 2
    with pytest.raises(ProfileError, match="Table with name ages does not exist"):
        measure(run, "activity")
