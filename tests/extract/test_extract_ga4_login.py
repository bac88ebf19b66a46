"""Google credentials on the command line: key file, keyfile dict and default; anything else is refused in one line."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from google.auth.credentials import AnonymousCredentials
from service_account import EMAIL, generate_key, read_claims

from demo.ga4 import StandIn, serve_facts
from include.segmentation import connections
from include.segmentation.errors import SourceError

SCOPE = "https://www.googleapis.com/auth/analytics.readonly"
REPORT = {"kind": "report", "source": "ga4", "dimensions": ["date"], "metrics": ["sessions"]}
ALLOWED = "allowed outside Airflow: key_path, keyfile_dict, or neither for application default credentials"


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with serve_facts(pa.table({"date": ["20250101"], "visitor": [1], "sessions": [3]})) as server:
        yield server


@pytest.fixture(scope="module")
def key() -> dict[str, str]:
    return generate_key()


@pytest.fixture
def key_file(key: dict[str, str], tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(key))
    return path


def connection(server: StandIn, **extra: Any) -> dict[str, Any]:
    return {"conn_type": "google_cloud_platform", "extra": {"api_endpoint": server.url} | extra}


@pytest.mark.parametrize("form", ["key_path", "keyfile_dict", "keyfile_dict as text", "default"])
def test_a_service_account_logs_in_and_may_only_read_analytics(
    form: str, standin, shop, key, key_file, monkeypatch
) -> None:
    extra = {
        "key_path": {"key_path": str(key_file), "project": "segmentation", "num_retries": 5, "impersonation_chain": ""},
        "keyfile_dict": {"keyfile_dict": key},
        "keyfile_dict as text": {"keyfile_dict": json.dumps(key)},
        "default": {},
    }[form]
    if form == "default":
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
    pulls = shop(connection(standin, **extra), as_of="2025-01-02", visits=REPORT)
    assert pulls.pull("visits")["rows_written"] == 1
    claims = read_claims(standin.authorizations[0])
    assert (claims["iss"], claims["scope"]) == (EMAIL, SCOPE)


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ({"impersonation_chain": "other@x.iam.gserviceaccount.com"}, "impersonation_chain"),
        ({"key_secret_name": "k", "credential_config_file": "{}"}, "credential_config_file, key_secret_name"),
        ({"key_path": "/a.json", "keyfile_dict": {"client_email": "x"}}, "key_path, keyfile_dict"),
        ({"key_path": "/a.json", "idp_issuer_url": "https://x"}, "idp_issuer_url"),
    ],
)
def test_what_only_airflow_understands_is_refused_in_one_line(extra, named, standin, shop) -> None:
    pulls = shop(connection(standin, **extra), as_of="2025-01-02", visits=REPORT)
    with pytest.raises(SourceError) as refused:
        pulls.pull("visits")
    where = f"{pulls.run.profile.path}: extracts.visits: connection 'shop'"
    assert str(refused.value) == f"{where}: found {named} in its extra; {ALLOWED}"
    assert standin.authorizations == []


def test_the_caller_may_supply_the_credentials(standin, shop, monkeypatch) -> None:
    calls = []

    def supply(connection_id: str, scopes: Sequence[str]) -> AnonymousCredentials:
        calls.append((connection_id, list(scopes)))
        return AnonymousCredentials()

    monkeypatch.setattr(connections, "_google_login", None)
    connections.use_google_credentials(supply)
    pulls = shop(connection(standin, impersonation_chain="anybody"), as_of="2025-01-02", visits=REPORT)
    assert pulls.pull("visits")["rows_written"] == 1
    assert calls == [("shop", [SCOPE])]
    assert standin.authorizations == [None]
