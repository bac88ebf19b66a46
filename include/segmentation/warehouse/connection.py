"""The PostgreSQL schema of a profile, where the published tables live."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from include.segmentation.connections import resolve_address
from include.segmentation.errors import DataError, SourceError, UnavailableError, join_lines
from include.segmentation.profile.profile import Profile

_CONNECT_TIMEOUT_SECONDS = 10


@contextmanager
def connect_warehouse(profile: Profile) -> Iterator[psycopg.Connection]:
    """Open a connection whose search path is the profile's schema; commit at the end, roll back on an error.

    Raises:
        UnavailableError: nothing answers at the address, or the connection broke; nothing is committed.
        SourceError: the server refuses the login, the database or what was asked of it.
        DataError: the server can not do what was asked, such as read a table that was never published.
    """
    address = resolve_address(profile.warehouse.connection)
    where = f"warehouse connection '{address.id}' ({address.host}:{address.port or 5432}/{address.database})"
    if address.kind != "postgres":
        raise SourceError(f"{where}: its type is '{address.kind}'; allowed is postgres")
    if not address.database:  # PostgreSQL would take the user's name for it
        raise SourceError(f"{where}: it names no database (its 'schema', the path of its URI)")
    try:
        connection = psycopg.connect(
            host=address.host,
            port=address.port or 5432,
            user=address.user,
            password=address.password,
            dbname=address.database,
            connect_timeout=_CONNECT_TIMEOUT_SECONDS,
            options=f"-c search_path={profile.warehouse.schema_name},public -c timezone=UTC",
        )
    except psycopg.OperationalError as error:
        reason = join_lines(error)
        refused = any(word in reason for word in ("authentication", "does not exist", "no pg_hba.conf"))
        raise (SourceError if refused else UnavailableError)(f"{where}: {reason}") from None
    try:
        with connection:
            yield connection
    except psycopg.errors.InsufficientPrivilege as error:
        raise SourceError(f"{where}: user '{address.user}': {join_lines(error)}; nothing was written") from error
    except psycopg.OperationalError as error:
        raise UnavailableError(f"{where}: {join_lines(error)}; nothing was written") from error
    except psycopg.Error as error:
        raise DataError(f"{where}: {join_lines(error)}; nothing was written") from error
