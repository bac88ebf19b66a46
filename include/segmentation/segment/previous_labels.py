"""What the previous run says about this run's customers: labels by its model, and at its as_of.

A move from the key at the previous run (a) to the key now (d) is split by two keys: the key at the previous as_of with
today's data (b), and the key at this as_of under the previous model (c).
"""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.artifacts import (
    LabelSummary,
    MeasureArtifacts,
    PopulationSummary,
    SegmentArtifacts,
    find_previous_run,
)
from include.segmentation.errors import DataError
from include.segmentation.model.model import Model
from include.segmentation.model.timeline import read_timeline
from include.segmentation.run import Run
from include.segmentation.segment.model_compatibility import refuse_changed_kpis
from include.segmentation.segment.scoring import score_table

REMEASURED, UNDER_PREVIOUS = "remeasured_key", "previous_model_key"


@dataclass(frozen=True)
class PreviousLabels:
    """The labels of the previous published run for one macro segment.

    Attributes:
        labelled: the summary that its segment stage recorded.
        model: the model that labelled it; None if that model can no longer label today's KPIs.
    """

    run: Run
    macro_segment: str
    labelled: LabelSummary
    model: Model | None

    @property
    def model_id(self) -> str:
        """The id of the model that labelled it."""
        return self.labelled.model_id

    def read_published(self, *, fingerprint: bool) -> dict[str, str | None]:
        """Return what a run stores to notice later that the previous run has changed, with or without its labels."""
        published: dict[str, str | None] = {"run_id": self.run.run_id, "model_id": self.model_id}
        return published | ({"fingerprint": self.labelled.fingerprint} if fingerprint else {})

    def read_labels(self) -> pa.Table:
        """Read its labels.

        Raises:
            DataError: they no longer exist.
        """
        return SegmentArtifacts(self.run).locate_labels(self.macro_segment).read_table()


def find_previous_labels(run: Run, macro_segment: str) -> PreviousLabels | None:
    """Find the previous published run, if it exists and labelled the macro segment."""
    previous = find_previous_run(run)
    labelled = LabelSummary.read_from(previous, macro_segment) if previous else None
    if previous is None or labelled is None:
        return None
    models = {entry.model.model_id: entry.model for entry in read_timeline(run.lake, macro_segment)}
    model = models.get(labelled.model_id)
    try:
        if model is not None:
            refuse_changed_kpis(run.profile, model)
    except DataError:
        model = None
    return PreviousLabels(previous, macro_segment, labelled, model)


def add_previous_keys(
    run: Run, model: Model, before: PreviousLabels | None, customers: pa.Table
) -> dict[str, pa.ChunkedArray]:
    """Compute the keys b and c of every customer.

    Args:
        run: the run.
        model: the model that labels it.
        before: the previous run.
        customers: the measured table of the run's macro segment.

    Returns:
        ``remeasured_key``: NULL if no data came late, or the customer is new; the raw key of the previous run then
        holds. ``previous_model_key``: NULL if the model is the same, or can no longer label.
    """
    nothing = pa.chunked_array([pa.nulls(customers.num_rows, pa.string())])
    columns = {REMEASURED: nothing, UNDER_PREVIOUS: nothing}
    if before is None or before.model is None:
        return columns
    if before.model.model_id != model.model_id:
        columns[UNDER_PREVIOUS] = _label_keys(before.model, customers)
    population = PopulationSummary.read_from(run)
    if population and population.previous == before.run.as_of.isoformat():
        earlier = MeasureArtifacts(run).locate_previous_kpis(model.macro_segment).read_table()
        keys = _label_keys(before.model, earlier)
        columns[REMEASURED] = keys.take(pc.index_in(customers["customer_id"], earlier["customer_id"]))
    return columns


def _label_keys(model: Model, customers: pa.Table) -> pa.ChunkedArray:
    """Label with an earlier model; NULL if it cannot label what today's profile measures."""
    try:
        return score_table(model, customers)["segment_key"]
    except DataError:
        return pa.chunked_array([pa.nulls(customers.num_rows, pa.string())])
