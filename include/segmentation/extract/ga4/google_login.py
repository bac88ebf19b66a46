"""Google credentials for a connection: in Airflow from the Google provider, otherwise from the connection's own key."""

import json
from typing import Any

import google.auth
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import GoogleAuthError
from google.oauth2.service_account import Credentials as ServiceAccount

from include.segmentation.connections import Address, supply_google_credentials
from include.segmentation.errors import SourceError, join_lines

SCOPES = ["https://www.googleapis.com/auth/analytics.readonly"]
_ALLOWED = "allowed outside Airflow: key_path, keyfile_dict, or neither for application default credentials"
_KEYS = ("key_path", "keyfile_dict", "is_anonymous")
_HARMLESS = ("api_endpoint", "num_retries", "project", "scope")
"""Fields of the Google provider's form, and our own endpoint, that do not change who logs in."""


def find_credentials(address: Address) -> Credentials:
    """Return what logs in to Google, allowed to read Analytics and nothing else.

    Raises:
        SourceError: the credentials cannot be used, or are of a kind that only Airflow's Google provider understands.
    """
    return supply_google_credentials(address.id, SCOPES) or _load_credentials(address)


def _load_credentials(address: Address) -> Credentials:
    fields: dict[str, Any] = {name: value for name, value in address.extra.items() if value}
    unknown = sorted(fields.keys() - {*_KEYS, *_HARMLESS})
    keys = [name for name in _KEYS if name in fields]
    if unknown or len(keys) > 1:
        names = ", ".join(unknown or keys)
        raise SourceError(f"connection '{address.id}': found {names} in its extra; {_ALLOWED}")
    try:
        if "is_anonymous" in fields:
            return AnonymousCredentials()
        if "key_path" in fields:
            return ServiceAccount.from_service_account_file(fields["key_path"], scopes=SCOPES)
        if "keyfile_dict" in fields:
            key = fields["keyfile_dict"]
            info = json.loads(key) if isinstance(key, str) else key
            return ServiceAccount.from_service_account_info(info, scopes=SCOPES)
        return google.auth.default(scopes=SCOPES)[0]
    except (GoogleAuthError, ValueError, OSError) as error:
        raise SourceError(
            f"connection '{address.id}': its Google credentials cannot be used: {join_lines(error)}; {_ALLOWED}"
        ) from None
