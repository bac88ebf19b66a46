"""Identifiers: the names that a profile may give, so that databases, BI tools and DAGs accept them without quotes."""

import re
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from include.segmentation.engine.duckdb_engine import list_reserved_words

NAME_PATTERN = re.compile(r"^(?=.{1,50}$)[a-z][a-z0-9]*(_[a-z0-9]+)*$")
"""At most 50 characters, because PostgreSQL cuts <name>_segment_key after 63."""
ALLOWED_NAMES = "allowed: up to 50 lower-case letters, digits and single _ between them, starting with a letter"
_POSTGRES_WORDS = frozenset({
    "current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
    "current_user", "grant", "localtime", "localtimestamp", "session_user", "system_user", "user",
})  # fmt: skip
"""Words that PostgreSQL reserves and DuckDB does not."""
_SYSTEM_SCHEMA = re.compile(r"^(pg_.*|information_schema)$")


def _require_name(value: Any) -> Any:
    if not NAME_PATTERN.fullmatch(str(value)):
        raise ValueError(ALLOWED_NAMES)
    return value


def require_sql_name(value: str) -> str:
    """Return a name if every database and BI tool accepts it without quotes.

    Raises:
        ValueError: the name needs quotes.
    """
    if _require_name(value) in _list_sql_words():
        raise ValueError("a word of SQL, which would need quotes wherever it is used; allowed: any other name")
    return value


@cache
def _list_sql_words() -> frozenset[str]:
    return _POSTGRES_WORDS.union(list_reserved_words())


def require_different(values: list[str]) -> list[str]:
    """Return names if no two of them are equal.

    Raises:
        ValueError: a name appears twice.
    """
    if len(set(values)) != len(values):
        raise ValueError(f"{', '.join(values)} must be different")
    return values


def require_rising(values: list[Any]) -> list[Any]:
    """Return numbers if each is greater than the one before it.

    Raises:
        ValueError: a number is not.
    """
    if sorted(set(values)) != values:
        raise ValueError(f"{values} must rise")
    return values


def _refuse_system_schema(value: str) -> str:
    if _SYSTEM_SCHEMA.fullmatch(value):
        raise ValueError("PostgreSQL's own schema; allowed: any other name")
    return value


ProfileName = Annotated[str, BeforeValidator(_require_name)]
SqlName = Annotated[str, BeforeValidator(_require_name), AfterValidator(require_sql_name)]
DifferentNames = Annotated[list[str], Field(min_length=1), AfterValidator(require_different)]
SchemaName = Annotated[SqlName, AfterValidator(_refuse_system_schema)]
"""A schema that users can create."""
