"""Log in to a server, with or without TLS.

The connection's extra says which: ``ssl_mode`` is ``disabled``, ``preferred`` (where nothing is said), ``required``,
``verify_ca`` or ``verify_identity``, and ``ssl`` holds ``ca``, ``cert``, ``key`` and ``cipher``, as for Airflow's own
MySQL hook. The client libraries differ in what they make of these, and MariaDB's takes "required" for a wish; so here
every mode is spelled out, and a connection that had to be encrypted is looked at afterwards.
"""

import json
import logging
from typing import Any, Literal, cast, get_args

import MySQLdb

from include.segmentation.connections import Address
from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.server.server_errors import ServerError, describe_address, explain_server_error

_log = logging.getLogger(__name__)

_Mode = Literal["disabled", "preferred", "required", "verify_ca", "verify_identity"]
_CONNECT_SECONDS = 10
_TLS_FAILED = 2026
_FILES = ("ca", "capath", "cert", "key", "cipher")


def log_in(address: Address, read_seconds: int) -> Any:
    """A raw connection whose values are the server's text.

    Args:
        address: of a MySQL or MariaDB database.
        read_seconds: how long an answer may take before the connection counts as lost.

    Raises:
        UnavailableError: the server can not be reached.
        SourceError: the address is not a MySQL database's, the server refuses the login or the database, or TLS is
            asked for and can not be agreed.
    """
    if address.kind not in ("mysql", "mariadb"):
        raise SourceError(f"connection '{address.id}' is of type '{address.kind}'; allowed are mysql and mariadb")
    if not address.database:
        raise SourceError(f"connection '{address.id}' names no database (its 'schema', the path of its URI)")
    mode, files = _tls(address)
    try:
        try:
            return _connect(address, read_seconds, "required" if mode == "preferred" else mode, files)
        except ServerError as error:
            if mode != "preferred" or error.code != _TLS_FAILED:
                raise
            _log.warning("%s: going on without TLS: %s", describe_address(address), error)
            return _connect(address, read_seconds, "disabled", {})
    except ServerError as error:
        if error.code == _TLS_FAILED:
            raise SourceError(
                f"{describe_address(address)}: {error} ({error.code}); ssl_mode is {mode}; an old server may "
                "need 'disabled', or an OpenSSL that is allowed to speak older TLS"
            ) from None
        raise explain_server_error(address, error) from None


def has_requested_encryption(address: Address, cipher: str) -> bool:
    """Whether a connection with that cipher (empty where it has none) is what the address asks for."""
    return bool(cipher) or _tls(address)[0] in ("disabled", "preferred")


def _connect(address: Address, read_seconds: int, mode: _Mode, files: dict[str, str]) -> Any:
    options: dict[str, Any] = {"ssl_mode": mode.upper()}
    if files:
        options["ssl"] = files
    if "unix_socket" in address.extra:
        options["unix_socket"] = address.extra["unix_socket"]
    try:
        return MySQLdb.connect(
            host=address.host,
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
    except (TypeError, ValueError) as error:  # of the client library: an option or a character that it can not take
        raise SourceError(f"connection '{address.id}' can not be used: {error}") from None


def _tls(address: Address) -> tuple[_Mode, dict[str, str]]:
    """The mode and the files that a connection's extra asks for; files without a mode ask for encryption.

    Raises:
        SourceError: the extra says something else.
    """
    ssl = address.extra.get("ssl") or {}
    try:
        files = json.loads(ssl) if isinstance(ssl, str) else ssl
    except ValueError:
        files = None
    if not isinstance(files, dict) or not set(files) <= set(_FILES):
        raise SourceError(f"connection '{address.id}': ssl in its extra is {ssl!r}; allowed are {', '.join(_FILES)}")
    given = "verify_ca" if "ca" in files or "capath" in files else "required" if files else "preferred"
    mode = str(address.extra.get("ssl_mode") or given).lower()
    if mode not in get_args(_Mode):
        raise SourceError(
            f"connection '{address.id}': ssl_mode in its extra is '{mode}'; allowed are {', '.join(get_args(_Mode))}"
        )
    return cast(_Mode, mode), files if mode != "disabled" else {}
