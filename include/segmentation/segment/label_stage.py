"""Label every customer of a run with the model effective at its as_of."""

import time
from collections import Counter
from typing import Any

import pyarrow as pa

from include.segmentation.artifacts import LabelSummary, MeasureArtifacts, SegmentArtifacts
from include.segmentation.model.model import Model
from include.segmentation.model.timeline import find_effective_model
from include.segmentation.run import Run
from include.segmentation.segment.grid_fit import CELL, score_grid
from include.segmentation.segment.hysteresis import HELD_FROM, RAW, choose_published_keys, fingerprint_labels
from include.segmentation.segment.model_compatibility import refuse_changed_kpis
from include.segmentation.segment.population_drift import measure_drift
from include.segmentation.segment.previous_labels import add_previous_keys, find_previous_labels
from include.segmentation.segment.scoring import score_table

_COHORT_COLUMNS = ["cohort", "month", "customer_id"]


def segment(run: Run, macro_segment: str) -> dict[str, Any]:
    """Write the run's labels of one macro segment, and of its cohort months if the profile follows cohorts.

    Args:
        run: a run whose ``measure`` stage has finished.
        macro_segment: one of the profile's macro segments.

    Returns:
        model_id; look_ahead (as_of precedes the first model); customers; held_back (customers whose published segment
        differs from the model's); sizes (customers by published segment key); fingerprint (of the labels); on_grid
        (customers whom the grid scores); follows (what was read from the previous run); drift (its measures, at the
        primary cadence); cohort_rows; and seconds. The summary is also recorded.

    Raises:
        NotReadyError: no model has been accepted yet.
        DataError: the profile no longer measures what the model was fitted on, or the data contradict the profile.
    """
    start = time.perf_counter()
    model, look_ahead = find_effective_model(run.lake, macro_segment, run.as_of)
    refuse_changed_kpis(run.profile, model)
    customers = MeasureArtifacts(run).locate_kpis(macro_segment).read_table()
    before = find_previous_labels(run, macro_segment)
    hysteresis = run.profile.macro_segments[macro_segment].hysteresis
    labels = choose_published_keys(
        _label_customers(model, customers, ["customer_id"]), before, hysteresis, model.model_id
    )
    for name, column in (add_previous_keys(run, model, before, customers) | score_grid(model.grid, customers)).items():
        labels = labels.append_column(name, column)
    SegmentArtifacts(run).locate_labels(macro_segment).write_table(labels)
    cohort_rows = _segment_cohorts(run, macro_segment, model) if run.profile.cohort_months else 0
    sizes, raw_sizes = (_count_keys(labels[column]) for column in ("segment_key", RAW))
    summary = LabelSummary(
        model_id=model.model_id,
        look_ahead=look_ahead,
        customers=labels.num_rows,
        held_back=labels.num_rows - labels[HELD_FROM].null_count,
        sizes={segment.key: sizes[segment.key] for segment in model.list_segments()},
        fingerprint=fingerprint_labels(labels),
        on_grid=labels.num_rows - labels[CELL].null_count,
        follows=before.read_published(fingerprint=hysteresis is not None) if before else {},
        drift=measure_drift(model, customers, raw_sizes) if run.is_primary and not look_ahead else [],
        cohort_rows=cohort_rows,
        seconds=round(time.perf_counter() - start, 3),
    )
    return summary.write_to(run, macro_segment)


def _count_keys(keys: pa.ChunkedArray) -> Counter[str]:
    counted = keys.value_counts()
    return Counter(dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True)))


def _segment_cohorts(run: Run, macro_segment: str, model: Model) -> int:
    labels = _label_customers(
        model, MeasureArtifacts(run).locate_cohort_kpis(macro_segment).read_table(), _COHORT_COLUMNS
    )
    artifact = SegmentArtifacts(run).locate_cohort_labels(macro_segment)
    artifact.write_table(labels.select([*_COHORT_COLUMNS, "stratum", "segment_key"]))
    return int(labels.num_rows)


def _label_customers(model: Model, customers: pa.Table, columns: list[str]) -> pa.Table:
    labels = score_table(model, customers)
    identifiers = customers.select(columns)
    return pa.table([*identifiers.columns, *labels.columns], names=[*columns, *labels.column_names])
