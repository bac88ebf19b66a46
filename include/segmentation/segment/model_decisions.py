"""Decisions about models: by the fit itself, or by a person."""

from typing import Any

from include.segmentation.errors import DataError
from include.segmentation.lake.lake import Lake
from include.segmentation.model.model import Model
from include.segmentation.model.timeline import ModelStatus, TimelineEntry, read_timeline, record_decision
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run, find_lake_root


def accept_model(profile: Profile, model_id: str, by: str) -> dict[str, Any]:
    """Put a candidate into use from its effective_from on.

    Args:
        profile: the model's profile.
        model_id: a candidate.
        by: the person who decides.

    Raises:
        DataError: there is no such candidate.
    """
    return _decide_candidate(profile, model_id, "accepted", by)


def reject_model(profile: Profile, model_id: str, by: str) -> dict[str, Any]:
    """Reject a candidate; the model in use stays in use.

    Args:
        profile: the model's profile.
        model_id: a candidate.
        by: the person who decides.

    Raises:
        DataError: there is no such candidate.
    """
    return _decide_candidate(profile, model_id, "rejected", by)


def list_candidates(run: Run) -> list[Model]:
    """List the candidates fitted at a run's as_of, in the profile's order."""
    return [
        entry.model
        for macro_segment in run.profile.macro_segments
        for entry in read_timeline(run.lake, macro_segment)
        if entry.status == "candidate" and entry.model.effective_from == run.as_of
    ]


def record_settlement(lake: Lake, model: Model, status: ModelStatus, by: str) -> None:
    """Record a decision, and retire the candidates that it makes obsolete.

    Accepting a model retires all open candidates: their keys were matched with the model before it, so they must be
    fitted again. A candidate retires those of the same as_of: it was fitted on newer data.
    """
    record_decision(lake, model, status, by)
    for entry in read_timeline(lake, model.macro_segment):
        is_open = entry.status == "candidate" and entry.model.model_id != model.model_id
        is_of_this_day = entry.model.effective_from == model.effective_from
        if is_open and (status == "accepted" or (status == "candidate" and is_of_this_day)):
            record_decision(lake, entry.model, "retired", by)


def _decide_candidate(profile: Profile, model_id: str, status: ModelStatus, by: str) -> dict[str, Any]:
    lake = Lake(find_lake_root(), profile)
    entry = _find_entry(lake, profile, model_id)
    if entry.status == "candidate":
        record_settlement(lake, entry.model, status, by)
    elif entry.status != status:
        raise DataError(f"model '{model_id}' is {entry.status}; allowed: a candidate")
    return {"model_id": model_id, "macro_segment": entry.model.macro_segment, "status": status}


def _find_entry(lake: Lake, profile: Profile, model_id: str) -> TimelineEntry:
    entries = [entry for macro_segment in profile.macro_segments for entry in read_timeline(lake, macro_segment)]
    for entry in entries:
        if entry.model.model_id == model_id:
            return entry
    candidates = [entry.model.model_id for entry in entries if entry.status == "candidate"]
    allowed = ", ".join(candidates) or "none, no model is a candidate"
    raise DataError(f"{profile.path}: model '{model_id}' does not exist; allowed: {allowed}")
