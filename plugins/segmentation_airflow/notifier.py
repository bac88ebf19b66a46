"""Alerts about tasks that fail and tasks that ask a person."""

import json
import urllib.request
from http.client import HTTPException
from typing import Any

from airflow.sdk import BaseHook, BaseNotifier, Context
from airflow.sdk.exceptions import AirflowNotFoundException

ALERTS_CONNECTION = "segmentation_alerts"
"""The id of an optional HTTP connection: host, port, ``endpoint`` in its extra, a bearer token as its password."""

_TIMEOUT_SECONDS = 10


class FailureNotifier(BaseNotifier):
    """Logs one line about a failed task and posts it to the webhook of connection ``segmentation_alerts``, if any."""

    def notify(self, context: Context) -> None:
        """Send the alert. A webhook that does not answer is only logged: the task has failed already."""
        alert = describe_event(context, "failed", str(context.get("exception") or "no error was given"))
        self.log.error(alert["text"])
        _send_alert(self, alert)


class QuestionNotifier(BaseNotifier):
    """Logs one line about a task that asks a person, and posts it to the same webhook."""

    def notify(self, context: Context) -> None:
        """Send the alert. If nobody receives it, the question still stands among Airflow's required actions."""
        task: Any = context["task"]
        alert = describe_event(context, "asks", f"{task.subject} {task.body}")
        self.log.warning(alert["text"])
        _send_alert(self, alert)


def describe_event(context: Context, event: str, reason: str) -> dict[str, str]:
    """Describe what happened: the task, the run, its as_of, the event, and the reason in one line."""
    ti = context["ti"]
    as_of = context.get("data_interval_end")
    line = " ".join(reason.split())
    facts = {
        "dag": ti.dag_id,
        "task": ti.task_id,
        "run": ti.run_id,
        "as_of": as_of.isoformat() if as_of else "none",
        "event": event,
        "error" if event == "failed" else "question": line,
        "log": getattr(ti, "log_url", ""),
    }
    return {"text": f"{facts['dag']}.{facts['task']} {event} at as_of {facts['as_of']}: {line}", **facts}


def _send_alert(notifier: BaseNotifier, alert: dict[str, str]) -> None:
    try:
        connection = BaseHook.get_connection(ALERTS_CONNECTION)
    except AirflowNotFoundException:
        return
    try:
        _post_alert(connection, alert)
    except (OSError, ValueError, HTTPException) as error:  # the webhook is away, or the address is wrong
        notifier.log.error("the alert could not be posted to connection '%s': %s", ALERTS_CONNECTION, error)


def _post_alert(connection: Any, alert: dict[str, str]) -> None:
    host = connection.host or ""
    base = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    if not host or not base.startswith(("http://", "https://")):
        raise ValueError(f"its host is '{host}'; allowed: a host name, or an address with http:// or https://")
    port = f":{connection.port}" if connection.port else ""
    request = urllib.request.Request(  # noqa: S310 - the address comes from an administrator's connection
        f"{base.rstrip('/')}{port}{connection.extra_dejson.get('endpoint', '')}",
        data=json.dumps(alert).encode(),
        headers={"Content-Type": "application/json"},
    )
    if connection.password:
        request.add_header("Authorization", f"Bearer {connection.password}")
    urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS).close()  # noqa: S310
