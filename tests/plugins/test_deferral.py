"""A stage whose source is to be left alone for a while waits without a worker, then goes on."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk.exceptions import TaskDeferred

from demo.ga4 import serve_facts
from segmentation_airflow.operators import StageOperator

AS_OF = datetime(2025, 1, 4, tzinfo=UTC)
CONTEXT = {"data_interval_end": AS_OF}
DAYS = ("20250101", "20250102", "20250103")


@pytest.mark.usefixtures("execution_api", "lake_root")
def test_a_used_up_quota_defers_the_task_and_the_rest_comes_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = pa.table(
        {
            "date": [day for day in DAYS for _ in range(20)],
            "userAgeBracket": ["25-34"] * 60,
            "visitor": list(range(20)) * 3,
            "sessions": [1] * 60,
        }
    )
    now = [datetime.now(UTC)]
    quotas = {"potentiallyThresholdedRequestsPerHour": 3}
    with serve_facts(facts, quotas=quotas, clock=lambda: now[0]) as server:
        connection = {"conn_type": "google_cloud_platform", "extra": {"api_endpoint": server.url, "is_anonymous": True}}
        monkeypatch.setenv("AIRFLOW_CONN_LEARNING_GA4", json.dumps(connection))
        task = StageOperator(task_id="ages", profile="learning", cadence="daily", stage="extract", target="ages")
        with pytest.raises(TaskDeferred) as deferred:
            task.execute(CONTEXT)
        assert isinstance(deferred.value.trigger, DateTimeTrigger)
        assert now[0] < deferred.value.trigger.moment <= now[0] + timedelta(hours=1, seconds=16)
        assert (len(server.requests), deferred.value.method_name) == (2, "resume")
        now[0] += timedelta(hours=1)
        summary = getattr(task, deferred.value.method_name)(CONTEXT, None)
    assert (summary["days"], summary["complete_through"]) == (1, AS_OF.isoformat())
