"""Who hears of a failed task, and of one that asks."""

import json
import urllib.request
from http.client import HTTPException
from typing import Any

from airflow.sdk import BaseHook, BaseNotifier, Context
from airflow.sdk.exceptions import AirflowNotFoundException

ALERTS = "segmentation_alerts"
"""The id of an optional HTTP connection: host, port, ``endpoint`` in its extra, a bearer token as its password."""

_TIMEOUT_SECONDS = 10


class FailureNotifier(BaseNotifier):
    """Log one clear line about a failed task; post it to the webhook of connection ``segmentation_alerts``, if any."""

    def notify(self, context: Context) -> None:
        """Tell it; a webhook that does not answer is only logged, the task has failed already."""
        alert = describe(context, "failed", str(context.get("exception") or "no error was given"))
        self.log.error(alert["text"])
        _tell(self, alert)


class QuestionNotifier(BaseNotifier):
    """Log one clear line about a task that asks a person, and post it as failures are."""

    def notify(self, context: Context) -> None:
        """Tell it; where nobody hears it, the question still stands among Airflow's required actions."""
        alert = describe(context, "asks", f"{context['task'].subject} {context['task'].body}")
        self.log.warning(alert["text"])
        _tell(self, alert)


def describe(context: Context, what: str, why: str) -> dict[str, str]:
    """What is told: the task, the run, as_of, what it does, and why in one line."""
    ti = context["ti"]
    as_of = context.get("data_interval_end")
    said = " ".join(why.split())
    facts = {
        "dag": ti.dag_id,
        "task": ti.task_id,
        "run": ti.run_id,
        "as_of": as_of.isoformat() if as_of else "none",
        "event": what,
        "error" if what == "failed" else "question": said,
        "log": getattr(ti, "log_url", ""),
    }
    return {"text": f"{facts['dag']}.{facts['task']} {what} at as_of {facts['as_of']}: {said}", **facts}


def _tell(notifier: BaseNotifier, alert: dict[str, str]) -> None:
    try:
        connection = BaseHook.get_connection(ALERTS)
    except AirflowNotFoundException:
        return
    try:
        _post(connection, alert)
    except (OSError, ValueError, HTTPException) as error:  # not there, or not an address
        notifier.log.error("the alert could not be posted to connection '%s': %s", ALERTS, error)


def _post(connection: Any, alert: dict[str, str]) -> None:
    host = connection.host or ""
    base = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    if not host or not base.startswith(("http://", "https://")):
        raise ValueError(f"its host is '{host}'; allowed is a name, or an address that begins with http:// or https://")
    port = f":{connection.port}" if connection.port else ""
    request = urllib.request.Request(  # noqa: S310 - an administrator's own connection
        f"{base.rstrip('/')}{port}{connection.extra_dejson.get('endpoint', '')}",
        data=json.dumps(alert).encode(),
        headers={"Content-Type": "application/json"},
    )
    if connection.password:
        request.add_header("Authorization", f"Bearer {connection.password}")
    urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS).close()  # noqa: S310
