"""Figures: what their SQL has to return, and clear words where it does not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from include.segmentation.artifacts import FigureSummary, MeasureArtifacts
from include.segmentation.errors import DataError, ProfileError, SegmentationError
from include.segmentation.measure import list_targets, measure
from include.segmentation.profile.loader import load_profile
from include.segmentation.run import Run

POPULATION = (
    "SELECT person AS customer_id, min(day) AS first_seen, max(day) AS last_seen, count(*) AS source_rows "
    "FROM events WHERE day < {{ as_of }} GROUP BY person"
)
BY_KIND = "SELECT kind, sum(x) AS total FROM events WHERE day < {{ as_of }} GROUP BY kind ORDER BY total DESC"
FIGURE: dict[str, Any] = {
    "label": "By kind",
    "definition": "Sums.",
    "by": {"kind": "Kind"},
    "values": {"total": {"label": "Total", "resolution": 0.5}},
}
MATRIX = FIGURE | {"by": {"kind": "Kind", "number": "Number"}}
EVENTS = [
    {"event_id": 1, "person": 1, "day": "2025-01-02", "kind": "small", "x": 1.3},
    {"event_id": 2, "person": 1, "day": "2025-01-03", "kind": "large", "x": 9},
    {"event_id": 3, "person": 2, "day": "2025-03-01", "kind": "large", "x": 100},
]
COLUMNS = {"event_id": "int64", "person": "int64", "day": "timestamp", "kind": "string", "x": "double"}


@pytest.fixture
def club(
    tmp_path: Path, run_at: Callable[..., Run], table: Callable[..., pa.Table], accept: Callable[..., None]
) -> Callable[..., Run]:
    """A run of a club with one figure, its population measured."""

    def build(sql: str = BY_KIND, figure: dict[str, Any] = FIGURE, **more: Any) -> Run:
        kpi = {"label": "N", "definition": "N.", "unit": "n", "window": "lifetime", "rule_only": True}
        strata = [{"name": "all", "label": "All", "when": "n >= 0"}]
        extract = {"kind": "table", "source": "db", "table": "events", "mode": "append"}
        profile = {
            **{"profile": "club", "title": "A club", "warehouse": {"connection": "w", "schema": "club"}},
            "schedule": {"start": "2024-01-01", "first_fit": "2025-01-01"},
            "sources": {"db": {"kind": "mysql", "connection": "club_mysql"}},
            "extracts": {"events": extract | {"cursor": "day", "primary_key": ["event_id"]}},
            "macro_segments": {"activity": {"label": "A", "kpis": {"n": kpi}, "strata": strata}},
            "figures": {"by_kind": figure},
        }
        files = {"measure/population": POPULATION, "measure/activity": "", "figures/by_kind": sql}
        for name, text in files.items():
            path = tmp_path / "sql" / "club" / f"{name}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (tmp_path / "club.yaml").write_text(yaml.safe_dump(profile | more, sort_keys=False))
        run = run_at(load_profile("club", tmp_path), "2025-02-01")
        accept(run, "events", table(EVENTS, COLUMNS))
        measure(run, "population")
        return run

    return build


def rows_of(run: Run) -> list[tuple[Any, ...]]:
    measure(run, "figures")
    found = MeasureArtifacts(run).locate_figures().read_table().to_pylist()
    return [(row["row"], row["column"], row["measure"], row["value"]) for row in found]


def test_a_figure_keeps_the_order_of_its_sql_and_ends_at_as_of(club: Callable[..., Run]) -> None:
    run = club()
    assert rows_of(run) == [("large", "", "total", 9.0), ("small", "", "total", 1.5)]
    assert list_targets(run) == ["population", "activity", "figures"]


def test_columns_stand_in_their_own_order_not_in_that_of_their_texts(club: Callable[..., Run]) -> None:
    sql = (
        "SELECT kind, n AS number, n + 0.2 AS total FROM (VALUES ('b', 10), ('b', 9), ('a', 9)) AS v (kind, n) "
        "WHERE {{ as_of }} > '2000-01-01'"
    )
    assert rows_of(club(sql, MATRIX)) == [
        ("b", "9", "total", 9.0),
        ("b", "10", "total", 10.0),
        ("a", "9", "total", 9.0),
    ]


def test_an_undefined_value_stays_undefined(club: Callable[..., Run]) -> None:
    sql = "SELECT kind, NULL::DOUBLE AS total FROM events WHERE day < {{ as_of }} AND kind = 'small'"
    assert rows_of(club(sql)) == [("small", "", "total", None)]


@pytest.mark.parametrize(
    ("sql", "kind", "message"),
    [
        (
            BY_KIND.replace("{{ as_of }}", "'2026-01-01'"),
            ProfileError,
            "does not use as_of, so a run of the past would",
        ),
        (BY_KIND.replace("total", "sums"), ProfileError, "found columns kind, sums; allowed: kind, total"),
        (BY_KIND.replace("sum(x)", "min(kind)"), ProfileError, "value 'total' is VARCHAR; allowed: numbers"),
        (BY_KIND.replace("SELECT kind", "SELECT NULL AS kind"), DataError, "column kind is NULL in 2 rows"),
        (BY_KIND.replace("SELECT kind", "SELECT 1 AS kind"), DataError, "found more than one row for 1; allowed: one"),
        (BY_KIND.replace("sum(x)", "sum(x) / 0"), DataError, "value 'total' is not finite in 2 rows; allowed:"),
        (BY_KIND + "; SELECT 1", ProfileError, "found 2 statements; allowed: one SELECT"),
        (BY_KIND.replace("x)", "y)"), ProfileError, "y"),
    ],
)
def test_what_a_figure_may_not_return(
    club: Callable[..., Run], sql: str, kind: type[SegmentationError], message: str
) -> None:
    run = club(sql)
    with pytest.raises(kind, match=rf"figures/by_kind\.sql: .*{message}"):
        measure(run, "figures")
    assert FigureSummary.read_from(run) is None


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        (FIGURE | {"by": {}}, r"figures\.by_kind\.by"),
        (FIGURE | {"by": {"a": "A", "b": "B", "c": "C"}}, r"figures\.by_kind\.by"),
        (FIGURE | {"by": {"total": "T"}}, r"figures\.by_kind\.values\.total: also a text column"),
        (MATRIX | {"draw": "bars"}, r"figures\.by_kind\.draw: bars need a figure with one text column"),
        (FIGURE | {"customers": "kin"}, r"figures\.by_kind\.customers: 'kin' is not a text column; .* mean 'kind'\?"),
        (
            MATRIX | {"values": {n: {"label": n} for n in "xyz"}},
            r"by_kind\.values: found 3; allowed: up to 2",
        ),
    ],
)
def test_a_figure_that_can_not_be_is_refused(club: Callable[..., Run], figure: dict[str, Any], message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        club(figure=figure)


def test_without_figures_there_is_nothing_to_measure(club: Callable[..., Run]) -> None:
    run = club(figures={})
    with pytest.raises(ProfileError, match=r"nothing to measure is called 'figures'; allowed: population, activity"):
        measure(run, "figures")
    assert "figures" not in list_targets(run)
