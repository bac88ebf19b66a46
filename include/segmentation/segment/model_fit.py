"""Fit: freeze a model of one macro segment at as_of and put it on the timeline."""

import hashlib
import time
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa

from include.segmentation.artifacts import FitSummary, MeasureArtifacts
from include.segmentation.errors import DataError, NotReadyError
from include.segmentation.model.model import Model
from include.segmentation.model.timeline import ModelStatus, TimelineEntry, find_effective_model, read_timeline
from include.segmentation.run import Run
from include.segmentation.segment.cluster.kmeans import KMEANS_SEED
from include.segmentation.segment.grid_fit import fit_grid, list_grid_columns
from include.segmentation.segment.model_compatibility import (
    map_resolutions,
    map_windows,
    refuse_changed_kpis,
)
from include.segmentation.segment.model_decisions import record_settlement
from include.segmentation.segment.model_freeze import freeze_strata
from include.segmentation.segment.scoring import list_model_columns, score_table
from include.segmentation.segment.segment_identity import SURVIVES, Overlap, assign_keys, count_overlap
from include.segmentation.segment.space.thread_limit import limit_to_one_thread
from include.segmentation.segment.stratum_assignment import assign_strata, refuse_non_numbers
from include.segmentation.segment.stratum_cut import cut_stratum

_BY = "fit"
_HASH_LENGTH = 8


def fit(run: Run, macro_segment: str) -> dict[str, Any]:
    """Fit a model effective from the run's as_of, and decide on it.

    The first model is accepted automatically, as is a model in which every segment survives and the grid's cells are
    unchanged. Any other model waits as a candidate for a person. Once a model of a later as_of is in use, a fit is only
    recorded, as retired. Fitting again on the same data changes nothing.

    Args:
        run: a run at the as_of of the fit, whose ``measure`` stage has finished.
        macro_segment: one of the profile's macro segments.

    Returns:
        model_id, status, customers, strata, segments, micro_segments, lineage (rows by kind) and seconds. The summary
        is also recorded.

    Raises:
        NotReadyError: as_of precedes the profile's first fit.
        DataError: a KPI is missing, NaN or infinite, or a customer matches no stratum or several.
    """
    start = time.perf_counter()
    _refuse_too_early(run)
    customers = MeasureArtifacts(run).locate_kpis(macro_segment).read_table()
    with limit_to_one_thread():
        draft = draft_model(run, macro_segment, customers)
    entry = _find_recorded(run, draft)
    model, status = (entry.model, entry.status) if entry else _settle_model(run, draft, customers)
    summary = FitSummary(
        model_id=model.model_id,
        status=status,
        customers=model.customers,
        strata=len(model.strata),
        segments=len(model.list_segments()),
        micro_segments=len(model.list_micro_segments()),
        lineage=dict(sorted(Counter(row.kind for row in model.lineage).items())),
        seconds=round(time.perf_counter() - start, 3),
    )
    return summary.write_to(run, macro_segment)


def _refuse_too_early(run: Run) -> None:
    first_fit = run.profile.schedule.first_fit
    if run.as_of < run.profile.find_midnight(first_fit):
        raise NotReadyError(
            f"{run.profile.path}: schedule.first_fit is {first_fit}; found a fit at "
            f"{run.as_of:%Y-%m-%dT%H:%MZ}; allowed: that day or later"
        )


def draft_model(run: Run, macro_segment: str, customers: pa.Table) -> Model:
    """Fit a model that is not yet compared with another: its keys are its paths, its id a hash of its content."""
    macro = run.profile.macro_segments[macro_segment]
    refuse_non_numbers(customers, list(macro.kpis))
    which = assign_strata(customers, [stratum.when for stratum in macro.strata])
    sizes = np.bincount(which, minlength=len(macro.strata)).tolist()
    cuts = [cut_stratum(customers, macro, stratum, size) for stratum, size in zip(macro.strata, sizes, strict=True)]
    strata, inside = freeze_strata(macro_segment, macro, cuts, customers)
    draft = Model(
        model_id="",
        profile=run.profile.profile,
        macro_segment=macro_segment,
        effective_from=run.as_of,
        seed=KMEANS_SEED,
        customers=customers.num_rows,
        strata=strata,
        evidence=[row for part in [*cuts, *inside] for row in part.evidence],
        grid=fit_grid(macro, customers),
    )
    columns = sorted({*list_model_columns(draft), *list_grid_columns(draft.grid)})
    draft = draft.model_copy(
        update={"windows": map_windows(macro, columns), "resolutions": map_resolutions(macro, columns)}
    )
    digest = hashlib.sha256(draft.model_dump_json().encode()).hexdigest()[:_HASH_LENGTH]
    return draft.model_copy(update={"model_id": f"{draft.profile}.{macro_segment}.{run.as_of_name}.{digest}"})


def _find_recorded(run: Run, draft: Model) -> TimelineEntry | None:
    """Find the same model on the timeline; a retired one is decided again unless a later model is in use."""
    for entry in read_timeline(run.lake, draft.macro_segment):
        if entry.model.model_id == draft.model_id and (
            entry.status != "retired" or _has_later_model(run, draft.macro_segment)
        ):
            return entry
    return None


def _has_later_model(run: Run, macro_segment: str) -> bool:
    """Return whether a model of a later as_of is in use: a model in between could drop a key that the later one has."""
    entries = read_timeline(run.lake, macro_segment)
    return any(entry.status == "accepted" and entry.model.effective_from > run.as_of for entry in entries)


def _settle_model(run: Run, draft: Model, customers: pa.Table) -> tuple[Model, ModelStatus]:
    accepted = [entry for entry in read_timeline(run.lake, draft.macro_segment) if entry.status == "accepted"]
    previous = find_effective_model(run.lake, draft.macro_segment, run.as_of)[0] if accepted else None
    overlap = _measure_overlap(run, previous, draft, customers) if previous else {}
    model = assign_keys(draft, previous, overlap)
    status: ModelStatus = "accepted" if previous is None or _keeps_meaning(previous, model) else "candidate"
    status = "retired" if _has_later_model(run, draft.macro_segment) else status
    record_settlement(run.lake, model, status, _BY)
    return model, status


def _measure_overlap(run: Run, previous: Model, draft: Model, customers: pa.Table) -> Overlap:
    try:
        refuse_changed_kpis(run.profile, previous)
        before = score_table(previous, customers)  # fails if a KPI can be undefined now, or takes other values
    except DataError:
        return {}  # the old model can no longer label, so none of its clusters can be recognised
    return count_overlap(before, score_table(draft, customers))


def _keeps_meaning(previous: Model, model: Model) -> bool:
    """Return whether every segment survives and the cells of an existing grid are unchanged."""
    before, after = ({s.key for s in [*one.list_segments(), *one.list_micro_segments()]} for one in (previous, model))
    survive = before == after and all(row.jaccard > SURVIVES for row in model.lineage if row.kind == "survived")
    return survive and (previous.grid is None or (model.grid is not None and model.grid.has_same_cuts(previous.grid)))
