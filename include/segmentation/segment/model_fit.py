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
    """Fit a model effective from the run's as_of and decide about it.

    The first model is accepted by itself, and so is one in which every segment survives and the cells of the grid are
    the same; any other waits as a candidate for a person. Once a model of a later as_of is in use, a fit is only
    recorded, as retired. Fitting again on the same data changes nothing.

    Args:
        run: the as_of to fit at; its ``measure`` stage has run.
        macro_segment: one of the profile's.

    Returns:
        model_id, status, customers, strata, segments, micro_segments, lineage (rows by kind) and seconds; also
        recorded.

    Raises:
        NotReadyError: as_of lies before the profile's first fit.
        DataError: a KPI is missing, NaN or infinite, or a customer falls in no stratum or in two.
    """
    started = time.perf_counter()
    _refuse_too_early(run)
    customers = MeasureArtifacts(run).locate_kpis(macro_segment).read_table()
    with limit_to_one_thread():
        draft = draft_model(run, macro_segment, customers)
    entry = _known(run, draft)
    model, status = (entry.model, entry.status) if entry else _decide(run, draft, customers)
    summary = FitSummary(
        model_id=model.model_id,
        status=status,
        customers=model.customers,
        strata=len(model.strata),
        segments=len(model.list_segments()),
        micro_segments=len(model.list_micro_segments()),
        lineage=dict(sorted(Counter(row.kind for row in model.lineage).items())),
        seconds=round(time.perf_counter() - started, 3),
    )
    return summary.write_to(run, macro_segment)


def _refuse_too_early(run: Run) -> None:
    first_fit = run.profile.schedule.first_fit
    if run.as_of < run.profile.find_midnight(first_fit):
        raise NotReadyError(
            f"{run.profile.path}: schedule.first_fit is {first_fit}; a model can not be fitted at "
            f"{run.as_of:%Y-%m-%dT%H:%MZ}, allowed is that day or later"
        )


def draft_model(run: Run, macro_segment: str, customers: pa.Table) -> Model:
    """The model before it is compared with another: its keys are its paths, and its id is a hash of its content."""
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


def _known(run: Run, draft: Model) -> TimelineEntry | None:
    """The same model where it stands on the timeline; a retired one is decided again, unless history went past it."""
    for entry in read_timeline(run.lake, draft.macro_segment):
        if entry.model.model_id == draft.model_id and (entry.status != "retired" or _is_past(run, draft.macro_segment)):
            return entry
    return None


def _is_past(run: Run, macro_segment: str) -> bool:
    """Whether a model of a later as_of is in use: one in between could drop a key that the later one has."""
    entries = read_timeline(run.lake, macro_segment)
    return any(entry.status == "accepted" and entry.model.effective_from > run.as_of for entry in entries)


def _decide(run: Run, draft: Model, customers: pa.Table) -> tuple[Model, ModelStatus]:
    accepted = [entry for entry in read_timeline(run.lake, draft.macro_segment) if entry.status == "accepted"]
    previous = find_effective_model(run.lake, draft.macro_segment, run.as_of)[0] if accepted else None
    overlap = _overlap(run, previous, draft, customers) if previous else {}
    model = assign_keys(draft, previous, overlap)
    status: ModelStatus = "accepted" if previous is None or _means_the_same(previous, model) else "candidate"
    status = "retired" if _is_past(run, draft.macro_segment) else status
    record_settlement(run.lake, model, status, _BY)
    return model, status


def _overlap(run: Run, previous: Model, draft: Model, customers: pa.Table) -> Overlap:
    try:
        refuse_changed_kpis(run.profile, previous)
        before = score_table(previous, customers)  # fails where a KPI may be undefined now, or takes other values
    except DataError:
        return {}  # the old model can not be asked any more, so no cluster of it can be recognised
    return count_overlap(before, score_table(draft, customers))


def _means_the_same(previous: Model, model: Model) -> bool:
    """Whether every segment survives, and the cells of a grid that was there are the same."""
    before, after = ({s.key for s in [*one.list_segments(), *one.list_micro_segments()]} for one in (previous, model))
    survive = before == after and all(row.jaccard > SURVIVES for row in model.lineage if row.kind == "survived")
    return survive and (previous.grid is None or (model.grid is not None and model.grid.has_same_cuts(previous.grid)))
