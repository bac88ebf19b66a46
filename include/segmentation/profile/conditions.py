"""Conditions: boolean SQL expressions over KPIs that compare columns with constants (``purchases = 1``).

Such a condition can change its value only at the constants it names. So it is enough to evaluate conditions on every
combination of test values (each constant, its neighbours, and NULL if allowed) to decide whether they overlap or leave
a gap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, floor, prod
from typing import Annotated, Any

import sqlglot
from pydantic import AfterValidator
from sqlglot import exp

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine.duckdb_engine import evaluate_select
from include.segmentation.errors import ProfileError
from include.segmentation.profile.mistakes import list_allowed

_MAX_POINTS = 200_000
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
_ALLOWED = (
    *_COMPARISONS, exp.And, exp.Or, exp.Not, exp.Paren, exp.Is, exp.Null, exp.Column, exp.Identifier, exp.Literal,
    exp.Neg, exp.Boolean,
)  # fmt: skip


@dataclass(frozen=True)
class ColumnDomain:
    """The values that a column of a condition can have.

    Attributes:
        step: the resolution that values are rounded to.
        minimum: the smallest value; None if there is none.
        nullable: whether the column can be NULL (undefined).
    """

    step: float
    minimum: float | None = None
    nullable: bool = False


def normalise_condition(text: str) -> str:
    """Write a condition in one spelling, without comments.

    DuckDB accepts more than PostgreSQL, which receives the rules (``==``, a comma at the end), and a comment at the end
    would hide the SQL that is added after a condition. A text that is not SQL is returned unchanged;
    ``parse_condition`` refuses it.
    """
    try:
        return str(sqlglot.parse_one(text, read="duckdb").sql(dialect="duckdb", comments=False))
    except sqlglot.errors.SqlglotError:
        return text


Condition = Annotated[str, AfterValidator(normalise_condition)]
"""A condition in a profile."""


def parse_condition(text: str, columns: Sequence[str]) -> exp.Expr:
    """Parse a condition into its syntax tree.

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
                f"'{text}' uses {node.sql()!r}; allowed: comparisons of KPIs with constants, IS NULL, BETWEEN, IN, "
                "AND, OR, NOT"
            )
    for column in tree.find_all(exp.Column):
        if column.name not in columns:
            raise ProfileError(f"'{text}' names '{column.name}'; {list_allowed(column.name, columns)}")
        if not _is_compared_with_constants(column):
            raise ProfileError(
                f"'{text}' does not compare '{column.name}' with a constant; allowed: comparisons of KPIs with "
                "constants and IS NULL"
            )
    return tree


def list_condition_columns(text: str) -> list[str]:
    """List the columns that a condition names, in alphabetical order."""
    return sorted({column.name for column in sqlglot.parse_one(text, read="duckdb").find_all(exp.Column)})


def evaluate_at_test_points(conditions: Sequence[str], domains: Mapping[str, ColumnDomain]) -> list[dict[str, Any]]:
    """Evaluate conditions on every combination of values at which one of them can change.

    Args:
        conditions: SQL conditions that ``parse_condition`` accepts.
        domains: the domain of every column that a condition may name.

    Returns:
        One dict per combination: the value of each column that a condition names, and under ``"true"`` the indexes of
        the conditions that hold there.

    Raises:
        ProfileError: there are too many combinations to check.
    """
    trees = [parse_condition(text, list(domains)) for text in conditions]
    columns = sorted({column.name for tree in trees for column in tree.find_all(exp.Column)})
    axes = [_list_test_values(column, trees, domains[column]) for column in columns]
    size = prod(map(len, axes))
    if size > _MAX_POINTS:
        raise ProfileError(f"the strata compare too many KPIs with too many constants to be checked ({size} cases)")
    points = list(product(*axes))
    rows = ", ".join(f"({', '.join([str(i), *map(_write_literal, point)])})" for i, point in enumerate(points))
    names = ", ".join(['"_point"', *map(quote_identifier, columns)])
    tests = ", ".join(f"coalesce(({text}), false)" for text in conditions)
    results = evaluate_select(f"SELECT {tests} FROM (VALUES {rows}) AS points({names}) ORDER BY _point")
    return [
        dict(zip(columns, point, strict=True)) | {"true": [i for i, is_true in enumerate(result) if is_true]}
        for point, result in zip(points, results, strict=True)
    ]


def is_never_true(text: str, domains: Mapping[str, ColumnDomain]) -> bool:
    """Whether no values of its columns make a condition true; False if there are too many cases to check."""
    try:
        return not any(point["true"] for point in evaluate_at_test_points([text], domains))
    except ProfileError:
        return False


def _is_compared_with_constants(column: exp.Column) -> bool:
    """Whether a column is compared with constants only; another comparison could change between the test values."""
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


def _list_test_values(column: str, trees: Sequence[exp.Expr], domain: ColumnDomain) -> list[float | None]:
    constants = {0.0 if domain.minimum is None else domain.minimum}
    for tree in trees:
        for comparison in tree.find_all(*_COMPARISONS):
            if column in {each.name for each in comparison.find_all(exp.Column)}:
                constants |= {_parse_number(literal) for literal in comparison.find_all(exp.Literal)}
    values = {value for constant in constants for value in _list_neighbours(constant, domain.step)}
    possible = sorted(value for value in values if domain.minimum is None or value >= domain.minimum)
    return [*possible, None] if domain.nullable else list(possible)


def _list_neighbours(constant: float, step: float) -> list[float]:
    """List the multiples of the step next to a constant, and the constant if it is one."""
    steps = round(constant / step, 9)
    return [round(multiple * step, 9) for multiple in range(floor(steps) - 1, ceil(steps) + 2)]


def _parse_number(literal: exp.Literal) -> float:
    try:
        value = float(literal.this)
    except ValueError:
        raise ProfileError(f"'{literal.this}' is not a number; KPIs are compared with numbers") from None
    return -value if isinstance(literal.parent, exp.Neg) else value


def _write_literal(value: float | None) -> str:
    return "CAST(NULL AS DOUBLE)" if value is None else repr(float(value))
