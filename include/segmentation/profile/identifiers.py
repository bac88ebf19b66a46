"""Names: what a profile may call things, so that every database, BI tool and DAG takes them without quotes."""

import re
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from include.segmentation.engine.duckdb_engine import list_reserved_words

NAME_PATTERN = re.compile(
    r"^(?=.{1,50}$)[a-z][a-z0-9]*(_[a-z0-9]+)*$"
)  # PostgreSQL would cut <name>_segment_key after 63
_POSTGRES_WORDS = frozenset({
    "current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
    "current_user", "grant", "localtime", "localtimestamp", "session_user", "system_user", "user",
})  # fmt: skip
"""What PostgreSQL reserves and DuckDB does not."""
_SYSTEM_SCHEMA = re.compile(r"^(pg_.*|information_schema)$")


def _name(value: Any) -> Any:
    if not NAME_PATTERN.fullmatch(str(value)):
        raise ValueError(
            "allowed are up to 50 small letters, digits and single _ between them, beginning with a letter"
        )
    return value


def require_sql_name(value: str) -> str:
    """Let a name pass that every database and BI tool takes without quotes.

    Raises:
        ValueError: it is not one.
    """
    if _name(value) in _words_of_sql():
        raise ValueError("a word of SQL, which would need quotes wherever it is used; allowed is any other name")
    return value


@cache
def _words_of_sql() -> frozenset[str]:
    return _POSTGRES_WORDS.union(list_reserved_words())


def require_different(values: list[str]) -> list[str]:
    """Let names pass that are all different.

    Raises:
        ValueError: one comes twice.
    """
    if len(set(values)) != len(values):
        raise ValueError(f"{', '.join(values)} must be different")
    return values


def _own_schema(value: str) -> str:
    if _SYSTEM_SCHEMA.fullmatch(value):
        raise ValueError("a schema of PostgreSQL's own; allowed is any other")
    return value


ProfileName = Annotated[str, BeforeValidator(_name)]
SqlName = Annotated[str, BeforeValidator(_name), AfterValidator(require_sql_name)]
DifferentNames = Annotated[list[str], Field(min_length=1), AfterValidator(require_different)]
SchemaName = Annotated[SqlName, AfterValidator(_own_schema)]
"""A schema that is the user's to make."""
