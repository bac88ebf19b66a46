"""Resolve connection ids, the same ones on the command line and in Airflow.

Outside Airflow an id is looked up in the environment, in Airflow's own form: ``AIRFLOW_CONN_<ID>`` holds a URI or a
JSON object. Airflow's tasks call ``use_resolver``, so that the metadata database and secret backends answer too, and
``use_google_credentials``, so that the Google provider logs in.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from include.segmentation.errors import SourceError

TRACKING_URI = "MLFLOW_TRACKING_URI"
"""MLflow's own variable. Its credentials come from MLflow's own variables too."""
Resolver = Callable[[str], str | None]
"""Connection id -> a URI or JSON text, or None if there is no such connection."""
GoogleLogin = Callable[[str, Sequence[str]], Any]
"""Connection id and OAuth scopes -> credentials of google-auth."""


@dataclass(frozen=True)
class Address:
    """Where a server is, and how to log in.

    Attributes:
        id: the connection id, for messages.
        kind: Airflow's connection type, such as ``mysql``, ``postgres`` or ``google_cloud_platform``.
        extra: further settings, such as ``{"ssl": ...}``.
    """

    id: str
    kind: str
    host: str = ""
    port: int | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    extra: dict[str, Any] = field(default_factory=dict, repr=False)


def _from_environment(connection_id: str) -> str | None:
    return os.environ.get(f"AIRFLOW_CONN_{connection_id.upper()}")


_resolver: Resolver = _from_environment
_google_login: GoogleLogin | None = None


def use_resolver(resolver: Resolver) -> None:
    """Resolve connection ids with ``resolver`` from now on."""
    global _resolver
    _resolver = resolver


def use_google_credentials(login: GoogleLogin | None) -> None:
    """Log in to Google with ``login`` from now on; None: with the connection's own key."""
    global _google_login
    _google_login = login


def supply_google_credentials(connection_id: str, scopes: Sequence[str]) -> Any | None:
    """Return the credentials that the caller supplies for a connection, or None if it supplies none.

    Raises:
        SourceError: the credentials cannot be used.
    """
    return _google_login(connection_id, scopes) if _google_login else None


def resolve_address(connection_id: str) -> Address:
    """Return the address of a connection id.

    Raises:
        SourceError: the id is unknown, or its text is neither a URI nor a JSON object.
    """
    text = _resolver(connection_id)
    if not text:
        raise SourceError(
            f"connection '{connection_id}' is not defined: set the environment variable "
            f"AIRFLOW_CONN_{connection_id.upper()} (a URI such as mysql://user:password@host:3306/database, "
            "or JSON), or define the connection in Airflow"
        )
    return _from_json(connection_id, text) if text.lstrip().startswith("{") else _from_uri(connection_id, text)


def _from_json(connection_id: str, text: str) -> Address:
    try:
        value = json.loads(text)
        return Address(
            id=connection_id,
            kind=_normalise_kind(str(value["conn_type"])),
            host=str(value.get("host") or ""),
            port=int(value["port"]) if value.get("port") else None,
            user=str(value.get("login") or ""),
            password=str(value.get("password") or ""),
            database=str(value.get("schema") or ""),
            extra=_parse_extra(value.get("extra") or {}),
        )
    except KeyError:
        raise SourceError(f"connection '{connection_id}' is not a valid JSON connection: it has no conn_type") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise SourceError(f"connection '{connection_id}' is not a valid JSON connection: {error}") from None


def _from_uri(connection_id: str, text: str) -> Address:
    try:
        parts = urlsplit(text)
        port = parts.port
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        extra = _parse_extra(query.get("__extra__", query))
    except ValueError as error:
        raise SourceError(f"connection '{connection_id}' is not a valid URI: {error}") from None
    if not parts.scheme:
        raise SourceError(f"connection '{connection_id}' is not a valid URI: it has no scheme such as mysql://")
    return Address(
        id=connection_id,
        kind=_normalise_kind(parts.scheme),
        host=unquote(parts.hostname or ""),
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.lstrip("/")),
        extra=extra,
    )


def _normalise_kind(name: str) -> str:
    return name.replace("-", "_").replace("postgresql", "postgres")


def _parse_extra(value: str | dict[str, Any]) -> dict[str, Any]:
    extra = json.loads(value) if isinstance(value, str) else value
    if not isinstance(extra, dict):
        raise ValueError("extra must be an object")
    return extra


def find_tracking_server() -> str | None:
    """Return the address of the MLflow server that fits are logged to, or None if they are not logged."""
    return os.environ.get(TRACKING_URI) or None
