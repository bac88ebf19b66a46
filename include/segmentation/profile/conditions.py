"""Stratum predicates: SQL conditions over KPIs, and the proof that they cut the population once.

A predicate is a boolean SQL expression that compares columns with constants (``purchases = 1 AND age_days >= 7``).
Such predicates can only change their value at the constants they name, so evaluating them on every combination of
"each constant, the values below and above it, and NULL where it may occur" decides for all values whether they
overlap or leave a gap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, floor
from typing import Annotated, Any

import sqlglot
from pydantic import AfterValidator
from sqlglot import exp

from include.segmentation.engine.engine import evaluate_select
from include.segmentation.errors import ProfileError
from include.segmentation.profile.mistakes import list_allowed

_MAX_POINTS = 200_000
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
_ALLOWED = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.Null,
    exp.Between, exp.In, exp.Column, exp.Identifier, exp.Literal, exp.Neg, exp.Boolean,
)  # fmt: skip


@dataclass(frozen=True)
class ColumnDomain:
    """The values that a column of a predicate can take.

    Attributes:
        step: the resolution that values are rounded to.
        minimum: the smallest value, or None where there is none.
        nullable: whether the column can be NULL (undefined).
    """

    step: float
    minimum: float | None = None
    nullable: bool = False


def normalise_condition(text: str) -> str:
    """The condition in one spelling, whatever its spaces, the case of its keywords and its comments.

    DuckDB takes more than PostgreSQL, where rules are published (``==``, a comma at the end), and a comment at the end
    would swallow what is put around a condition. What is no SQL stays as it is: ``parse`` refuses it.
    """
    try:
        return str(sqlglot.parse_one(text, read="duckdb").sql(dialect="duckdb", comments=False))
    except sqlglot.errors.SqlglotError:
        return text


Condition = Annotated[str, AfterValidator(normalise_condition)]
"""A predicate as a profile holds it."""


def parse_condition(text: str, columns: Sequence[str]) -> exp.Expr:
    """Return the syntax tree of a predicate.

    Raises:
        ProfileError: the text is not SQL, compares something other than columns with constants, or names a column
            that is not in ``columns``.
    """
    try:
        tree = sqlglot.parse_one(text, read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        reason = str(error).splitlines()[0]
        raise ProfileError(f"'{text}' is not a SQL condition: {reason}") from None
    for node in tree.walk():
        if not isinstance(node, _ALLOWED):
            raise ProfileError(
                f"'{text}' uses {node.sql()!r}; allowed are comparisons of KPIs with constants, IS NULL, BETWEEN, IN, "
                "AND, OR, NOT"
            )
    for column in tree.find_all(exp.Column):
        if column.name not in columns:
            raise ProfileError(f"'{text}' names '{column.name}'; {list_allowed(column.name, columns)}")
        if not _beside_constants(column):
            raise ProfileError(
                f"'{text}' uses '{column.name}' otherwise; allowed are comparisons of KPIs with constants and IS NULL"
            )
    return tree


def list_condition_columns(text: str) -> list[str]:
    """The columns that a predicate names, in alphabetical order."""
    return sorted({column.name for column in sqlglot.parse_one(text, read="duckdb").find_all(exp.Column)})


def evaluate_at_test_points(predicates: Sequence[str], domains: Mapping[str, ColumnDomain]) -> list[dict[str, Any]]:
    """Evaluate predicates on every combination of values at which one of them can change.

    Args:
        predicates: SQL conditions, already parsed without an error.
        domains: the domain of every column that a predicate may name.

    Returns:
        One dict per grid point: the value of each column that any predicate names, and under ``"true"`` the list of
        the indexes of the predicates that hold there.

    Raises:
        ProfileError: the predicates name so many constants that the grid would be too large to check.
    """
    trees = [parse_condition(text, list(domains)) for text in predicates]
    columns = sorted({column.name for tree in trees for column in tree.find_all(exp.Column)})
    axes = [_axis(column, trees, domains[column]) for column in columns]
    size = 1
    for axis in axes:
        size *= len(axis)
    if size > _MAX_POINTS:
        raise ProfileError(f"the strata compare too many KPIs with too many constants to be checked ({size} cases)")
    points = list(product(*axes))
    rows = ", ".join(f"({', '.join([str(i), *map(_literal, point)])})" for i, point in enumerate(points))
    names = ", ".join(['"_point"', *(f'"{column}"' for column in columns)])
    tests = ", ".join(f"coalesce(({text}), false)" for text in predicates)
    found = evaluate_select(f"SELECT {tests} FROM (VALUES {rows}) AS grid({names}) ORDER BY _point")
    return [
        dict(zip(columns, point, strict=True)) | {"true": [i for i, held in enumerate(row) if held]}
        for point, row in zip(points, found, strict=True)
    ]


def is_never_true(text: str, domains: Mapping[str, ColumnDomain]) -> bool:
    """Whether no value that its columns can take makes a predicate true; not where it compares too much to be told."""
    try:
        return not any(point["true"] for point in evaluate_at_test_points([text], domains))
    except ProfileError:
        return False


def _beside_constants(column: exp.Column) -> bool:
    """Whether a column is compared with constants: only such a comparison changes where the grid looks."""
    comparison = column.find_ancestor(*_COMPARISONS, exp.Is, exp.And, exp.Or, exp.Not)
    if not isinstance(comparison, (*_COMPARISONS, exp.Is)):
        return False
    if isinstance(comparison, (exp.Between, exp.In)) and comparison.this.unnest() is not column:
        return False
    others = [operand.unnest() for operand in comparison.iter_expressions() if operand.unnest() is not column]
    if isinstance(comparison, exp.Is):
        return all(isinstance(other, exp.Null) for other in others)
    constants = [other.this if isinstance(other, exp.Neg) else other for other in others]
    return all(isinstance(constant, exp.Literal) for constant in constants)


def _axis(column: str, trees: Sequence[exp.Expr], domain: ColumnDomain) -> list[float | None]:
    constants: set[float] = set()
    for tree in trees:
        for comparison in tree.find_all(*_COMPARISONS):
            if column in {found.name for found in comparison.find_all(exp.Column)}:
                constants |= {_number(literal) for literal in comparison.find_all(exp.Literal)}
    constants |= {domain.minimum} if domain.minimum is not None else {0.0}
    values = {value for constant in constants for value in _around(constant, domain.step)}
    allowed = sorted(v for v in values if domain.minimum is None or v >= domain.minimum)
    return [*allowed, None] if domain.nullable else list(allowed)


def _around(constant: float, step: float) -> list[float]:
    """The values next to a constant, and it itself where it is one: multiples of the step."""
    steps = round(constant / step, 9)
    return [round(multiple * step, 9) for multiple in range(floor(steps) - 1, ceil(steps) + 2)]


def _number(literal: exp.Literal) -> float:
    try:
        value = float(literal.this)
    except ValueError:
        raise ProfileError(f"'{literal.this}' is not a number; KPIs are compared with numbers") from None
    return -value if isinstance(literal.parent, exp.Neg) else value


def _literal(value: float | None) -> str:
    return "CAST(NULL AS DOUBLE)" if value is None else repr(float(value))
