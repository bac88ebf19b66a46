"""The experiments of a profile at a tracking server: one per macro segment, with one run per model."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from itertools import islice
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
"""MLflow's pages else take an experiment for one about language models."""
_MOST_NUMBERS, _MOST_PARAMETERS = 1000, 100
"""What a server takes in one request."""
_OF_THE_CLIENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # its 7 take minutes, and Airflow tries again by itself
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_Item = TypeVar("_Item")


class ModelLog:
    """What a tracking server knows of a profile's models.

    Attributes:
        address: where the server is, without who logs in.
    """

    def __init__(self, profile: str) -> None:
        """Make a client of the server that ``MLFLOW_TRACKING_URI`` names; nothing is asked yet.

        Raises:
            TrackingError: no server is named.
        """
        uri = find_tracking_server()
        if not uri:
            raise TrackingError(f"{TRACKING_URI} is not set; allowed is the address of a tracking server, http://…")
        self.address = _address(uri)
        self._profile = profile
        for name, value in _OF_THE_CLIENT.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient  # three seconds, and only where models are tracked

        self._client = MlflowClient(uri)

    def log_model(self, entry: TimelineEntry, macro: MacroSegment) -> bool:
        """Log a model as a whole; a run that was left unfinished is finished.

        Every number has as_of for its time: written twice it stays one.

        Args:
            entry: the model and its status.
            macro: its macro segment, as the profile declared it at the fit.

        Returns:
            Whether the server did not have it.
        """
        from mlflow.entities import Metric, Param

        model = entry.model
        moment = int(model.effective_from.timestamp() * 1000)
        metrics = [Metric(name, value, moment, step) for name, value, step in list_metrics(model)]
        params = [Param(name, value) for name, value in list_parameters(model, macro).items()]
        with self._told():
            run = self._run_of(model)
            if run is not None and run.info.status == _FINISHED:
                return False
            run_id = (run or self._new_run(entry)).info.run_id
            for some in _batches(params, _MOST_PARAMETERS):
                self._client.log_batch(run_id, params=some)
            for some in _batches(metrics, _MOST_NUMBERS):
                self._client.log_batch(run_id, metrics=some)
            self._client.log_text(run_id, model.model_dump_json(), "model.json")
            self._client.log_text(run_id, render_model_page(model, macro), "report.html")
            self._client.set_terminated(run_id, _FINISHED)
        return True

    def update_status(self, entry: TimelineEntry) -> bool:
        """Bring the status of a logged model up to date; return whether it was another one."""
        with self._told():
            run = self._run_of(entry.model)
            if run is None or run.data.tags[_STATUS] == entry.status:
                return False
            self._client.set_tag(run.info.run_id, _STATUS, entry.status)
        return True

    def _run_of(self, model: Model) -> Any | None:
        """The server's run of a model; the first, should two have been made at once."""
        experiment = self._client.get_experiment_by_name(self._experiment(model))
        if experiment is None:
            return None
        wanted, first = f"tags.{_MODEL_ID} = '{model.model_id}'", ["attributes.start_time ASC"]
        found = self._client.search_runs([experiment.experiment_id], wanted, order_by=first, max_results=1)
        return found[0] if found else None

    def _new_run(self, entry: TimelineEntry) -> Any:
        name = self._experiment(entry.model)
        experiment = self._client.get_experiment_by_name(name)
        identity = experiment.experiment_id if experiment else self._client.create_experiment(name, tags=_KIND)
        tags = {_MODEL_ID: entry.model.model_id, _STATUS: entry.status, "version": __version__}
        commit = _commit()
        tags |= {"mlflow.source.git.commit": commit} if commit else {}
        return self._client.create_run(identity, tags=tags, run_name=entry.model.model_id)

    def _experiment(self, model: Model) -> str:
        return f"segmentation/{self._profile}/{model.macro_segment}"

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in one line what the server, or the way to it, has against what is asked.

        Raises:
            UnavailableError: it does not answer, has too much to do, or fails.
            TrackingError: it refuses.
        """
        from mlflow.exceptions import MlflowException
        from requests import RequestException

        try:
            yield
        except MlflowException as error:
            cause = error.__context__
            if isinstance(cause, RequestException):
                raise self._unreachable(cause) from None
            raise self._refused(error.get_http_status_code(), str(error)) from None
        except RequestException as error:  # artifacts are sent without MLflow's own errors
            if error.response is None:
                raise self._unreachable(error) from None
            raise self._refused(error.response.status_code, str(error)) from None

    def _unreachable(self, error: Exception) -> SegmentationError:
        why = _without_login(_innermost(error))
        return UnavailableError(f"{TRACKING_URI} {self.address}: the server can not be reached ({why}); {_LATER}")

    def _refused(self, status: int, why: str) -> SegmentationError:
        may_change = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        kind = UnavailableError if may_change else TrackingError
        said = _without_login(" ".join(why.split()))
        return kind(f"{TRACKING_URI} {self.address}: the server refuses ({said}); {_LATER}")


_LATER = "the models are safe on the timeline, `track` logs them later"


def _address(uri: str) -> str:
    """An address without user and password.

    Raises:
        TrackingError: it is none of a server.
    """
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TrackingError(
            f"{TRACKING_URI} has the scheme '{parts.scheme}'; allowed is the address of a tracking server, such as "
            "http://mlflow.example:5000"
        )
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _without_login(text: str) -> str:
    """A message whose addresses do not say who logs in: requests name the whole address that they asked."""
    return re.sub(r"(?<=://)[^/\s]*@", "", text)


def _innermost(error: BaseException) -> str:
    """What led to an error in the first place: what a library wraps around it are names of its classes."""
    while error.__context__ is not None:
        error = error.__context__
    return str(error)


def _batches(items: Sequence[_Item], most: int) -> Iterator[list[_Item]]:
    rest = iter(items)
    while some := list(islice(rest, most)):
        yield some


def _commit() -> str:
    """The commit of this code, empty where it does not run from a git checkout."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
        )
    except OSError:  # there is no git
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
