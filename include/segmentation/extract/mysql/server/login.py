"""Log in to a server, with or without TLS.

Client libraries differ in their TLS defaults, and MariaDB's does not enforce ``required``. So every mode is passed
explicitly, and ``has_requested_encryption`` checks the open connection.
"""

import logging
from typing import Any

import MySQLdb

from include.segmentation.connections import Address
from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.server.connection_extra import ConnectionExtra, TLSMode, parse_extra
from include.segmentation.extract.mysql.server.server_errors import ServerError, describe_address, explain_server_error

_log = logging.getLogger(__name__)

_CONNECT_SECONDS = 10
_TLS_FAILED = 2026


def log_in(address: Address, read_seconds: int) -> Any:
    """Open a raw connection whose values are the server's text.

    Args:
        address: of a MySQL or MariaDB database.
        read_seconds: how long to wait for an answer before the connection counts as lost.

    Raises:
        UnavailableError: the server cannot be reached.
        SourceError: the address is no MySQL database, its extra asks for something that is not supported, the server
            refuses the login or the database, or the two cannot agree on TLS.
    """
    if address.kind not in ("mysql", "mariadb"):
        raise SourceError(f"connection '{address.id}' is of type '{address.kind}'; allowed: mysql, mariadb")
    if not address.database:
        raise SourceError(f"connection '{address.id}' names no database (its 'schema', the path of its URI)")
    extra = parse_extra(address)
    try:
        try:
            return _open_connection(
                address, read_seconds, extra, "required" if extra.mode == "preferred" else extra.mode
            )
        except ServerError as error:
            if extra.mode != "preferred" or error.code != _TLS_FAILED:
                raise
            _log.warning("%s: going on without TLS: %s", describe_address(address), error)
            return _open_connection(address, read_seconds, extra, "disabled")
    except ServerError as error:
        if error.code == _TLS_FAILED:
            raise SourceError(
                f"{describe_address(address)}: {error} ({error.code}); ssl_mode is {extra.mode}; an old server may "
                "need 'disabled', or an OpenSSL that is allowed to speak older TLS"
            ) from None
        raise explain_server_error(address, error) from None


def has_requested_encryption(address: Address, cipher: str) -> bool:
    """Check that a connection is encrypted if its address asks for that; ``cipher`` is empty without encryption."""
    return bool(cipher) or parse_extra(address).mode in ("disabled", "preferred")


def _open_connection(address: Address, read_seconds: int, extra: ConnectionExtra, mode: TLSMode) -> Any:
    options: dict[str, Any] = {**extra.options, "ssl_mode": mode.upper()}
    if extra.files:
        options["ssl"] = extra.files
    try:
        return MySQLdb.connect(
            host=address.host or "localhost",
            port=address.port or 3306,
            user=address.user,
            password=address.password,
            database=address.database,
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=read_seconds,
            autocommit=True,
            conv={},
            use_unicode=False,
            multi_statements=False,
            **options,
        )
    except MySQLdb.Error as error:
        raise ServerError.from_driver(error) from None
    except (TypeError, ValueError) as error:  # of the client library: an option or a character that it does not accept
        raise SourceError(f"connection '{address.id}' cannot be used: {error}") from None
