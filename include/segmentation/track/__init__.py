"""Track: tell an MLflow tracking server of every model that a fit has put on the timeline.

Not a stage: nothing waits for it, and what is lost with the server can be told again. It reads the timeline and the
profile alone. Where ``MLFLOW_TRACKING_URI`` is not set nobody calls it, and MLflow is not even imported.
"""

import time
from typing import Any

from include.segmentation.lake.lake import Lake
from include.segmentation.model.timeline import TimelineEntry, read_timeline
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run, find_lake_root
from include.segmentation.track.model_log import ModelLog


def track(run: Run) -> dict[str, Any]:
    """Log the models that were fitted at the run's as_of, and what has been decided about those logged before.

    Each model has one run at the server, found again by its tag ``model_id``: again, this only adds what is missing.

    Returns:
        ``{"server": its address, "logged": how many models are new there, "decided": of how many the status has
        changed, "seconds": how long it took}``.

    Raises:
        UnavailableError: the server does not answer; later it may.
        TrackingError: there is no server to tell, or it refuses.
    """
    began = time.perf_counter()
    logbook = ModelLog(run.profile.profile)
    entries = _entries(run.profile, run.lake)
    fitted = [entry for entry in entries if entry.model.effective_from == run.as_of]
    logged = sum(logbook.log_model(entry, run.profile.macro_segments[entry.model.macro_segment]) for entry in fitted)
    return _summary(logbook, logged, entries, began)


def track_decisions(profile: Profile) -> dict[str, Any]:
    """Bring the tag ``status`` of every model up to date that has been logged.

    Returns:
        As of ``track``; nothing is logged.

    Raises:
        UnavailableError: the server does not answer; later it may.
        TrackingError: there is no server to tell, or it refuses.
    """
    began = time.perf_counter()
    return _summary(ModelLog(profile.profile), 0, _entries(profile, Lake(find_lake_root(), profile)), began)


def _summary(logbook: ModelLog, logged: int, entries: list[TimelineEntry], began: float) -> dict[str, Any]:
    decided = sum(logbook.update_status(entry) for entry in entries)
    seconds = round(time.perf_counter() - began, 3)
    return {"server": logbook.address, "logged": logged, "decided": decided, "seconds": seconds}


def _entries(profile: Profile, lake: Lake) -> list[TimelineEntry]:
    return [entry for macro_segment in profile.macro_segments for entry in read_timeline(lake, macro_segment)]


__all__ = ["track", "track_decisions"]
