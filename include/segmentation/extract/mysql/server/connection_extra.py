"""The extra of a MySQL connection, in the form of Airflow's MySQL provider.

| key | effect here |
|---|---|
| ``ssl_mode`` | honoured: ``disabled``, ``preferred`` (the default), ``required``, ``verify_ca``, ``verify_identity`` |
| ``ssl`` | honoured: an object (or its JSON text) with ``ca``, ``capath``, ``cert``, ``key``, ``cipher``; or ``true`` |
| ``ssl_ca``, ``ssl_cert``, … | honoured: the spelling of mysql-connector-python, as the keys of ``ssl`` |
| ``ssl_disabled``, ``ssl_verify_cert``, ``ssl_verify_identity`` | honoured, as an ``ssl_mode`` |
| ``unix_socket`` | honoured if the host is empty or ``localhost``, as in the client library |
| ``init_command`` | honoured: one statement that runs before the session is set up |
| ``client`` | checked and ignored: mysqlclient reads, whichever of the provider's clients is named |
| ``charset``, ``use_unicode`` | ignored: the session is always UTF-8, and values are converted column by column |
| ``cursor`` | ignored: pages are read without a cursor class |
| ``local_infile``, ``allow_local_infile`` | ignored: an extract never loads files |
| ``iam`` | refused if true: it needs Amazon's provider and a new password for each connection |
| ``aws_conn_id`` | ignored: it only means something together with ``iam`` |
"""

import json
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from include.segmentation.connections import Address
from include.segmentation.errors import SourceError

TLSMode = Literal["disabled", "preferred", "required", "verify_ca", "verify_identity"]

_FILES = ("ca", "capath", "cert", "key", "cipher")
_CLIENTS = ("mysqlclient", "mysql-connector-python")
_MODE_FLAGS: dict[str, TLSMode] = {
    "ssl_disabled": "disabled",
    "ssl_verify_identity": "verify_identity",
    "ssl_verify_cert": "verify_ca",
}
_TEXTS = ("unix_socket", "init_command")
_IGNORED = ("charset", "use_unicode", "cursor", "local_infile", "allow_local_infile", "aws_conn_id")
_KEYS = ("ssl_mode", "ssl", *(f"ssl_{name}" for name in _FILES), *_MODE_FLAGS, *_TEXTS, "client", *_IGNORED, "iam")


@dataclass(frozen=True)
class ConnectionExtra:
    """What the extra of a connection asks for.

    Attributes:
        mode: how much TLS; files without a mode ask for encryption, a CA for a check of the certificate.
        files: the driver's ``ssl``: files, and ``cipher``.
        options: other options of the driver.
    """

    mode: TLSMode
    files: dict[str, str]
    options: dict[str, str]


def parse_extra(address: Address) -> ConnectionExtra:
    """Read the extra of a connection.

    Raises:
        SourceError: a key is unknown or not supported, or its value is not allowed. Values are shown only where they
            cannot be secrets.
    """
    extra = address.extra
    for key in extra:
        if key not in _KEYS:
            raise _build_refusal(address, key, "is unknown", f"{', '.join(_KEYS[:-1])}")
    if _is_true(extra.get("iam")):
        raise _build_refusal(address, "iam", "asks for a login by AWS IAM", "false, with a login and a password")
    client = extra.get("client", "mysqlclient")
    if client not in _CLIENTS:
        raise _build_refusal(address, "client", f"is {client!r}", ", ".join(_CLIENTS))
    for key in _TEXTS:
        if not isinstance(extra.get(key, ""), str):
            raise _build_refusal(address, key, f"is of type {type(extra[key]).__name__}", "a text")
    options = {key: extra[key] for key in _TEXTS if extra.get(key)}
    files = _read_files(address)
    mode = _read_mode(address, files)
    return ConnectionExtra(mode, files if mode != "disabled" else {}, options)


def _read_files(address: Address) -> dict[str, str]:
    ssl = address.extra.get("ssl") or {}
    try:
        parsed = json.loads(ssl) if isinstance(ssl, str) else ssl
    except ValueError:
        raise _build_refusal(address, "ssl", "is not JSON", f"an object with {', '.join(_FILES)}") from None
    files = {} if parsed in (True, False, None) else parsed
    if not isinstance(files, dict):
        raise _build_refusal(
            address, "ssl", f"is of type {type(files).__name__}", f"an object with {', '.join(_FILES)}"
        )
    files = files | {name: address.extra[f"ssl_{name}"] for name in _FILES if address.extra.get(f"ssl_{name}")}
    for name, value in files.items():
        if name not in _FILES:
            raise _build_refusal(address, "ssl", f"has the key '{name}'", ", ".join(_FILES))
        if not isinstance(value, str):
            raise _build_refusal(address, "ssl", f"has a '{name}' of type {type(value).__name__}", "a text")
    return files


def _read_mode(address: Address, files: dict[str, str]) -> TLSMode:
    mode = address.extra.get("ssl_mode")
    if mode:
        if str(mode).lower() not in get_args(TLSMode):
            raise _build_refusal(address, "ssl_mode", f"is '{mode}'", ", ".join(get_args(TLSMode)))
        return cast(TLSMode, str(mode).lower())
    for flag, meaning in _MODE_FLAGS.items():
        if _is_true(address.extra.get(flag)):
            return meaning
    if "ca" in files or "capath" in files:
        return "verify_ca"
    return "required" if files or _is_true(address.extra.get("ssl")) else "preferred"


def _is_true(value: Any) -> bool:
    """Whether a flag is set; a connection's URI can only hold texts."""
    return value in (True, 1) or (isinstance(value, str) and value.strip().lower() in ("true", "1", "yes", "on"))


def _build_refusal(address: Address, key: str, flaw: str, allowed: str) -> SourceError:
    return SourceError(f"connection '{address.id}': extra '{key}' {flaw}; allowed: {allowed}")
