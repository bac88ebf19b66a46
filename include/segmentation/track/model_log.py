"""A profile's experiments at an MLflow server: one per macro segment, with one run per model."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from include.segmentation import __version__
from include.segmentation.connections import TRACKING_URI, find_tracking_server
from include.segmentation.errors import SegmentationError, TrackingError, UnavailableError
from include.segmentation.model.model import Model
from include.segmentation.model.timeline import TimelineEntry
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.track.model_metrics import list_metrics
from include.segmentation.track.model_page import render_model_page
from include.segmentation.track.model_parameters import list_parameters

_MODEL_ID, _STATUS = "model_id", "status"
_FINISHED = "FINISHED"
_KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Otherwise MLflow's pages show the experiment as one about language models."""
_METRICS_PER_REQUEST, _PARAMETERS_PER_REQUEST = 1000, 100
_CLIENT_SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # the default of 7 takes minutes, and Airflow retries the task
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_INSTALL = "MLflow's client is not installed; run: python -m pip install -r requirements-track.txt"
_LATER = "the models are safe on the timeline; `track` can log them later"
_Item = TypeVar("_Item")


class ModelLog:
    """A profile's models at a tracking server.

    Attributes:
        address: the server's address without user and password.
    """

    def __init__(self, profile: str) -> None:
        """Create a client for the server that ``MLFLOW_TRACKING_URI`` names, without connecting to it.

        Raises:
            TrackingError: no server is configured, or MLflow's client is not installed.
        """
        uri = find_tracking_server()
        if not uri:
            raise TrackingError(
                f"{TRACKING_URI} is not set; allowed: the address of a tracking server (http://mlflow.example:5000)"
            )
        self.address = _strip_login_from_address(uri)
        self._profile = profile
        for name, value in _CLIENT_SETTINGS.items():
            os.environ.setdefault(name, value)
        try:
            from mlflow import MlflowClient  # optional, and takes three seconds to import
        except ModuleNotFoundError as error:
            raise TrackingError(f"{TRACKING_URI} {self.address}: {_INSTALL}") from error
        self._client = MlflowClient(uri)

    def log_model(self, entry: TimelineEntry, macro: MacroSegment) -> bool:
        """Log a model, or complete its run if an earlier attempt was interrupted.

        Every metric is timestamped with as_of, so writing it twice stores it once.

        Args:
            entry: the model and its status.
            macro: its macro segment as the profile declared it at the fit.

        Returns:
            Whether the model was new to the server.
        """
        from mlflow.entities import Metric, Param

        model = entry.model
        moment = int(model.effective_from.timestamp() * 1000)
        metrics = [Metric(name, value, moment, step) for name, value, step in list_metrics(model)]
        params = [Param(name, value) for name, value in list_parameters(model, macro).items()]
        with self._translate_errors():
            run = self._find_run(model)
            if run is not None and run.info.status == _FINISHED:
                return False
            run_id = (run or self._create_run(entry)).info.run_id
            for batch in _split_batches(params, _PARAMETERS_PER_REQUEST):
                self._client.log_batch(run_id, params=batch)
            for batch in _split_batches(metrics, _METRICS_PER_REQUEST):
                self._client.log_batch(run_id, metrics=batch)
            self._client.log_text(run_id, model.model_dump_json(), "model.json")
            self._client.log_text(run_id, render_model_page(model, macro), "report.html")
            self._client.set_terminated(run_id, _FINISHED)
        return True

    def update_status(self, entry: TimelineEntry) -> bool:
        """Update the status of a logged model; return whether it changed."""
        with self._translate_errors():
            run = self._find_run(entry.model)
            if run is None or run.data.tags[_STATUS] == entry.status:
                return False
            self._client.set_tag(run.info.run_id, _STATUS, entry.status)
        return True

    def _find_run(self, model: Model) -> Any | None:
        """Find a model's run: the oldest, in case two processes created one at the same time."""
        experiment = self._client.get_experiment_by_name(self._name_experiment(model))
        if experiment is None:
            return None
        runs = self._client.search_runs(
            [experiment.experiment_id],
            f"tags.{_MODEL_ID} = '{model.model_id}'",
            order_by=["attributes.start_time ASC"],
            max_results=1,
        )
        return runs[0] if runs else None

    def _create_run(self, entry: TimelineEntry) -> Any:
        name = self._name_experiment(entry.model)
        experiment = self._client.get_experiment_by_name(name)
        experiment_id = experiment.experiment_id if experiment else self._client.create_experiment(name, tags=_KIND)
        tags = {_MODEL_ID: entry.model.model_id, _STATUS: entry.status, "version": __version__}
        commit = _read_commit()
        tags |= {"mlflow.source.git.commit": commit} if commit else {}
        return self._client.create_run(experiment_id, tags=tags, run_name=entry.model.model_id)

    def _name_experiment(self, model: Model) -> str:
        return f"segmentation/{self._profile}/{model.macro_segment}"

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Turn the client's errors into one line each.

        Raises:
            UnavailableError: the server does not answer, is overloaded or fails.
            TrackingError: the server refuses the request.
        """
        from mlflow.exceptions import MlflowException
        from requests import RequestException

        try:
            yield
        except MlflowException as error:
            cause = error.__context__
            if isinstance(cause, RequestException):
                raise self._make_connection_error(cause) from None
            raise self._make_refusal_error(error.get_http_status_code(), str(error)) from None
        except RequestException as error:  # MLflow does not wrap the errors of artifact uploads
            if error.response is None:
                raise self._make_connection_error(error) from None
            raise self._make_refusal_error(error.response.status_code, str(error)) from None

    def _make_connection_error(self, error: Exception) -> SegmentationError:
        cause = _remove_logins(_find_root_cause(error))
        return UnavailableError(f"{TRACKING_URI} {self.address}: the server cannot be reached ({cause}); {_LATER}")

    def _make_refusal_error(self, status: int, reason: str) -> SegmentationError:
        may_change = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        kind = UnavailableError if may_change else TrackingError
        reason = _remove_logins(" ".join(reason.split()))
        return kind(f"{TRACKING_URI} {self.address}: the server refuses ({reason}); {_LATER}")


def _strip_login_from_address(uri: str) -> str:
    """Return the address without user and password.

    Raises:
        TrackingError: it is not the address of a server.
    """
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TrackingError(
            f"{TRACKING_URI}: found scheme '{parts.scheme}' and host '{parts.hostname or ''}'; allowed: the address of "
            "a tracking server (http://mlflow.example:5000)"
        )
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _remove_logins(text: str) -> str:
    """Remove user and password from every address in a message: requests quotes whole addresses."""
    return re.sub(r"(?<=://)[^/\s]*@", "", text)


def _find_root_cause(error: BaseException) -> str:
    """Return the message of the first error in a chain; the wrappers around it only name classes."""
    while error.__context__ is not None:
        error = error.__context__
    return str(error)


def _split_batches(items: Sequence[_Item], size: int) -> Iterator[list[_Item]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _read_commit() -> str:
    """Return the commit of this code, or nothing outside a git checkout."""
    try:
        result = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
        )
    except OSError:  # git is not installed
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
