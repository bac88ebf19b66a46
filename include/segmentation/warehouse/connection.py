"""Connections to PostgreSQL. Only this package imports its driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import psycopg

from include.segmentation.connections import Address, resolve_address
from include.segmentation.errors import DataError, SourceError, UnavailableError, join_lines
from include.segmentation.profile.profile import Profile

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
UndefinedTableError: TypeAlias = psycopg.errors.UndefinedTable
_CONNECT_TIMEOUT_SECONDS = 10


@contextmanager
def connect_warehouse(profile: Profile, autocommit: bool = False) -> Iterator[Connection]:
    """Open a connection whose search path is the profile's schema.

    Commits when the block ends, or after every statement with ``autocommit``. Rolls back on an error.

    Raises:
        UnavailableError: the server does not answer, or the connection breaks; nothing is committed.
        SourceError: the server refuses the login, the database or a statement.
        DataError: a statement fails, for example because a table has never been published.
    """
    connection = open_connection(profile, autocommit)
    address = resolve_address(profile.warehouse.connection)
    where = _describe_address(address)
    try:
        with connection:
            yield connection
    except psycopg.errors.InsufficientPrivilege as error:
        raise SourceError(f"{where}: user '{address.user}': {join_lines(error)}; nothing was written") from error
    except psycopg.OperationalError as error:
        raise UnavailableError(f"{where}: {join_lines(error)}; nothing was written") from error
    except psycopg.Error as error:
        raise DataError(f"{where}: {join_lines(error)}; nothing was written") from error


def open_connection(profile: Profile, autocommit: bool = False) -> Connection:
    """Open a connection as ``connect_warehouse`` does; the caller closes it and translates the driver's errors.

    Raises:
        UnavailableError: the server does not answer.
        SourceError: the server refuses the login or the database.
    """
    address = resolve_address(profile.warehouse.connection)
    where = _describe_address(address)
    if address.kind != "postgres":
        raise SourceError(f"{where}: connection type: found '{address.kind}'; allowed: postgres")
    if not address.database:  # PostgreSQL would connect to a database named like the user
        raise SourceError(f"{where}: database name is missing (the connection's 'schema', the path of its URI)")
    try:
        return psycopg.connect(
            host=address.host,
            port=address.port or 5432,
            user=address.user,
            password=address.password,
            dbname=address.database,
            connect_timeout=_CONNECT_TIMEOUT_SECONDS,
            options=f"-c search_path={profile.warehouse.schema_name},public -c timezone=UTC",
            autocommit=autocommit,
        )
    except psycopg.OperationalError as error:
        reason = join_lines(error)
        refused = any(word in reason for word in ("authentication", "does not exist", "no pg_hba.conf"))
        raise (SourceError if refused else UnavailableError)(f"{where}: {reason}") from None


def _describe_address(address: Address) -> str:
    return f"warehouse connection '{address.id}' ({address.host}:{address.port or 5432}/{address.database})"


def connect_uri(uri: str, autocommit: bool = False, search_path: str = "public") -> Connection:
    """Connect to the PostgreSQL database of an Airflow connection URI (``postgres://…``)."""
    return psycopg.connect(
        uri.replace("postgres://", "postgresql://", 1),
        autocommit=autocommit,
        connect_timeout=_CONNECT_TIMEOUT_SECONDS,
        options=f"-c search_path={search_path}",
    )
