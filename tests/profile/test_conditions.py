"""Conditions: what they may contain, and their evaluation at test points compared with brute force."""

from itertools import product
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.segmentation.errors import ProfileError
from include.segmentation.profile.conditions import ColumnDomain, evaluate_at_test_points, parse_condition

DOMAINS = {"a": ColumnDomain(step=1, minimum=0), "b": ColumnDomain(step=0.5, minimum=None, nullable=True)}
VALUES: dict[str, list[float | None]] = {
    "a": [float(n) for n in range(8)],
    "b": [n / 2 for n in range(-10, 11)] + [None],
}

_numbers = {
    "a": st.integers(0, 15).map(lambda third: f"{third / 3:.4g}"),  # also between two possible values
    "b": st.integers(-12, 12).map(lambda quarter: f"{quarter / 4:g}"),
}
_comparisons = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])


@st.composite
def _atoms(draw: st.DrawFn) -> str:
    column = draw(st.sampled_from(["a", "b"]))
    number = _numbers[column]
    kind = draw(st.sampled_from(["compare", "turned", "between", "in", "null"]))
    if kind == "compare":
        return f"{column} {draw(_comparisons)} {draw(number)}"
    if kind == "turned":
        return f"{draw(number)} {draw(_comparisons)} {column}"
    if kind == "between":
        return f"{column} BETWEEN {draw(number)} AND {draw(number)}"
    if kind == "in":
        return f"{column} IN ({draw(number)}, {draw(number)})"
    return f"b IS {draw(st.sampled_from(['', 'NOT ']))}NULL"


def _combined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    both = st.tuples(parts, st.sampled_from(["AND", "OR"]), parts).map(lambda three: f"({' '.join(three)})")
    return both | parts.map(lambda part: f"NOT ({part})")


_conditions = st.recursive(_atoms(), _combined, max_leaves=4)


def _evaluate_by_brute_force(conditions: list[str]) -> set[tuple[int, ...]]:
    """Return every set of conditions that are true together for some values."""
    rows = ", ".join(
        f"({a}, {'CAST(NULL AS DOUBLE)' if b is None else b})" for a, b in product(VALUES["a"], VALUES["b"])
    )
    tests = ", ".join(f"coalesce({condition}, false)" for condition in conditions)
    results = duckdb.sql(f"SELECT {tests} FROM (VALUES {rows}) AS all_values(a, b)").fetchall()
    return {tuple(i for i, is_true in enumerate(result) if is_true) for result in results}


@settings(max_examples=150, deadline=None)
@given(st.lists(_conditions, min_size=1, max_size=4))
def test_test_points_decide_as_brute_force_does(conditions: list[str]) -> None:
    at_points = {tuple(point["true"]) for point in evaluate_at_test_points(conditions, DOMAINS)}
    everywhere = _evaluate_by_brute_force(conditions)
    assert (() in at_points) == (() in everywhere), "incomplete"
    assert any(len(matches) > 1 for matches in at_points) == any(len(matches) > 1 for matches in everywhere), "overlap"
    assert at_points == everywhere


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a >", "is not a SQL condition"),
        ("c = 1", "names 'c'; allowed: a, b"),
        ("a + 1 = 2", "allowed: comparisons of KPIs with constants"),
        ("abs(b) = 1", "allowed: comparisons of KPIs with constants"),
        ("a IN (SELECT 1)", "allowed: comparisons of KPIs with constants"),
    ],
)
def test_an_invalid_condition_is_refused(text: str, words: str) -> None:
    with pytest.raises(ProfileError) as caught:
        parse_condition(text, list(DOMAINS))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        *("a = b", "a < b AND b > 1", "a", "1 = 1 AND a", "a IN (b, 1)", "a BETWEEN 1 AND b"),
        *("1 IN (a, 2)", "1 BETWEEN a AND 5"),
    ],
)
def test_a_column_is_compared_with_constants_only(text: str) -> None:
    """A comparison of two columns can change between the test values."""
    with pytest.raises(ProfileError, match="allowed: comparisons of KPIs with constants"):
        parse_condition(text, list(DOMAINS))


def test_too_many_cases_are_refused() -> None:
    domains: dict[str, Any] = {f"x{i}": ColumnDomain(step=1, minimum=0) for i in range(12)}
    with pytest.raises(ProfileError, match="too many constants to be checked"):
        evaluate_at_test_points([" AND ".join(f"{name} >= 5" for name in domains)], domains)
