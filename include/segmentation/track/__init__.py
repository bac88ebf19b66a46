"""Track: log every model on the timeline at an MLflow tracking server.

This is not a stage: nothing waits for it, and whatever the server loses can be logged again. It reads only the
timeline and the profile. Without ``MLFLOW_TRACKING_URI`` it is never called. Only this package imports MLflow's client,
which is optional (requirements-track.txt).
"""

import time
from typing import Any

from include.segmentation.lake.lake import Lake
from include.segmentation.model.timeline import TimelineEntry, read_timeline
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run, find_lake_root
from include.segmentation.track.model_log import ModelLog


def track(run: Run) -> dict[str, Any]:
    """Log the models fitted at the run's as_of, and update the status of models logged earlier.

    Each model has one MLflow run, identified by its tag ``model_id``. Repeating this call only adds what is missing.

    Returns:
        ``server`` (its address), ``logged`` (number of new models), ``decided`` (number of changed statuses) and
        ``seconds``.

    Raises:
        UnavailableError: the server does not answer; trying again later may help.
        TrackingError: no server is configured, MLflow's client is not installed, or the server refuses.
    """
    start = time.perf_counter()
    log = ModelLog(run.profile.profile)
    entries = _read_entries(run.profile, run.lake)
    fitted = [entry for entry in entries if entry.model.effective_from == run.as_of]
    logged = sum(log.log_model(entry, run.profile.macro_segments[entry.model.macro_segment]) for entry in fitted)
    return _update_and_summarise(log, logged, entries, start)


def track_decisions(profile: Profile) -> dict[str, Any]:
    """Update the tag ``status`` of every logged model; log no new model.

    Returns:
        The same keys as ``track``.

    Raises:
        UnavailableError: the server does not answer; trying again later may help.
        TrackingError: no server is configured, MLflow's client is not installed, or the server refuses.
    """
    start = time.perf_counter()
    return _update_and_summarise(
        ModelLog(profile.profile), 0, _read_entries(profile, Lake(find_lake_root(), profile)), start
    )


def _update_and_summarise(log: ModelLog, logged: int, entries: list[TimelineEntry], start: float) -> dict[str, Any]:
    decided = sum(log.update_status(entry) for entry in entries)
    seconds = round(time.perf_counter() - start, 3)
    return {"server": log.address, "logged": logged, "decided": decided, "seconds": seconds}


def _read_entries(profile: Profile, lake: Lake) -> list[TimelineEntry]:
    return [entry for macro_segment in profile.macro_segments for entry in read_timeline(lake, macro_segment)]


__all__ = ["track", "track_decisions"]
