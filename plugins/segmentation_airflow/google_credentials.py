"""Google credentials from the Google provider: whatever its connection form offers, tasks can log in with."""

from collections.abc import Sequence
from typing import Any

from include.segmentation.errors import SourceError, join_lines


def load_google_credentials(connection_id: str, scopes: Sequence[str]) -> Any:
    """Return the credentials of a connection: key file, keyfile dict, impersonation, application default, and others.

    Raises:
        SourceError: the provider cannot make credentials of the connection.
    """
    # The provider takes seconds to import, so only a task that reads from Google does.
    from airflow.providers.google.common.hooks.base_google import GoogleBaseHook
    from airflow.sdk.exceptions import AirflowException
    from google.auth.exceptions import GoogleAuthError

    class ScopedHook(GoogleBaseHook):
        @property
        def scopes(self) -> Sequence[str]:
            return scopes

    try:
        return ScopedHook(gcp_conn_id=connection_id).get_credentials()
    except (AirflowException, GoogleAuthError, ValueError, OSError) as error:
        raise SourceError(
            f"connection '{connection_id}': its Google credentials cannot be used: {join_lines(error)}; "
            "allowed: what the form of Airflow's Google connections offers"
        ) from None
