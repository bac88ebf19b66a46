"""The PostgreSQL schema of a profile, where the published tables live."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from include.segmentation.connections import resolve
from include.segmentation.errors import SourceError, UnavailableError
from include.segmentation.profile import Profile

_CONNECT_TIMEOUT_SECONDS = 10


@contextmanager
def connect(profile: Profile) -> Iterator[psycopg.Connection]:
    """Open a connection whose search path is the profile's schema; commit at the end, roll back on an error.

    Raises:
        UnavailableError: nothing answers at the address.
        SourceError: the server refuses the login or the database.
    """
    address = resolve(profile.warehouse.connection)
    where = f"warehouse connection '{address.id}' ({address.host}:{address.port or 5432}/{address.database})"
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
        reason = " ".join(str(error).split())
        refused = any(word in reason for word in ("authentication", "does not exist", "no pg_hba.conf"))
        raise (SourceError if refused else UnavailableError)(f"{where}: {reason}") from None
    with connection:
        yield connection
