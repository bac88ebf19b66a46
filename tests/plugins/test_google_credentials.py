"""Airflow's tasks log in to Google as the Google provider does, in every way that its connection form offers."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from google.auth.impersonated_credentials import Credentials as ImpersonatedCredentials
from google.oauth2.service_account import Credentials as ServiceAccount
from service_account import EMAIL, generate_key, read_claims

from demo.ga4 import serve_facts
from include.segmentation.errors import SourceError
from segmentation_airflow.google_credentials import load_google_credentials
from segmentation_airflow.operators import StageOperator

SCOPE = "https://www.googleapis.com/auth/analytics.readonly"
pytestmark = pytest.mark.usefixtures("execution_api")


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "key.json"
    path.write_text(json.dumps(generate_key()))
    return path


def define(monkeypatch: pytest.MonkeyPatch, **extra: object) -> None:
    connection = {"conn_type": "google_cloud_platform", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_LEARNING_GA4", json.dumps(connection))


@pytest.mark.usefixtures("lake_root")
def test_an_extract_task_logs_in_through_the_hook(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = pa.table({"date": ["20250101"], "userAgeBracket": ["25-34"], "visitor": [1], "sessions": [1]})
    with serve_facts(facts) as server:
        define(monkeypatch, api_endpoint=server.url, key_path=str(key_file))
        task = StageOperator(task_id="ages", profile="learning", cadence="daily", stage="extract", target="ages")
        assert task.execute({"data_interval_end": datetime(2025, 1, 2, tzinfo=UTC)})["days"] == 1
    claims = read_claims(server.authorizations[0])
    assert (claims["iss"], claims["scope"]) == (EMAIL, SCOPE)


@pytest.mark.parametrize("form", ["key_path", "keyfile_dict", "default"])
def test_keys_and_the_default_are_read(form: str, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"key_path": str(key_file), "keyfile_dict": key_file.read_text()}
    define(monkeypatch, **{name: value for name, value in fields.items() if name == form})
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file) if form == "default" else "/none.json")
    credentials = load_google_credentials("learning_ga4", [SCOPE])
    assert isinstance(credentials, ServiceAccount)
    assert (credentials.service_account_email, list(credentials.scopes)) == (EMAIL, [SCOPE])


def test_another_account_is_impersonated(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = "analyst@segmentation.iam.gserviceaccount.com"
    define(monkeypatch, key_path=str(key_file), impersonation_chain=other)
    credentials = load_google_credentials("learning_ga4", [SCOPE])
    assert isinstance(credentials, ImpersonatedCredentials)
    assert credentials.service_account_email == other
    assert list(credentials._target_scopes) == [SCOPE]
    assert credentials._source_credentials.service_account_email == EMAIL


@pytest.mark.parametrize(
    ("extra", "named"),
    [({"key_path": "/none.json"}, "none.json"), ({"keyfile_dict": "{"}, "Invalid key JSON")],
)
def test_a_key_that_cannot_be_used_is_explained(
    extra: dict[str, str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    define(monkeypatch, **extra)
    with pytest.raises(SourceError, match=rf"^connection 'learning_ga4': its Google credentials cannot.*{named}"):
        load_google_credentials("learning_ga4", [SCOPE])
