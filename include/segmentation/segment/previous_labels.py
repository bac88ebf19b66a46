"""What the run before says about a run's customers: the same people under the earlier model, and at the earlier as_of.

A move from the key at the run before (a) to the key now (d) has two stations on its way: the key at the earlier as_of
with today's data (b), and the key at this as_of under the earlier model (c).
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
    """The published run before, as it has labelled a macro segment.

    Attributes:
        labelled: what its segment stage recorded.
        model: the model that it was labelled with; None where that can not be asked about today's KPIs any more.
    """

    run: Run
    macro_segment: str
    labelled: LabelSummary
    model: Model | None

    @property
    def model_id(self) -> str:
        """The model that it was labelled with."""
        return self.labelled.model_id

    def read_published(self, *, fingerprint: bool) -> dict[str, str | None]:
        """What a run keeps to know later whether the run before is still the same: with or without its labels."""
        published: dict[str, str | None] = {"run_id": self.run.run_id, "model_id": self.model_id}
        return published | ({"fingerprint": self.labelled.fingerprint} if fingerprint else {})

    def read_labels(self) -> pa.Table:
        """Its labels.

        Raises:
            DataError: they are gone.
        """
        return SegmentArtifacts(self.run).locate_labels(self.macro_segment).read_table()


def find_previous_labels(run: Run, macro_segment: str) -> PreviousLabels | None:
    """The published run before, if there is one and it has labelled the macro segment."""
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
    """The keys b and c of every customer.

    Args:
        run: the run.
        model: the one that labels it.
        before: the run before.
        customers: the measured table of the run's macro segment.

    Returns:
        ``remeasured_key``: NULL where nothing came late, or the customer was not there yet; the raw key of the run
        before then stands. ``previous_model_key``: NULL where the model is the same, or can not be asked any more.
    """
    nothing = pa.chunked_array([pa.nulls(customers.num_rows, pa.string())])
    found = {REMEASURED: nothing, UNDER_PREVIOUS: nothing}
    if before is None or before.model is None:
        return found
    if before.model.model_id != model.model_id:
        found[UNDER_PREVIOUS] = _keys(before.model, customers)
    population = PopulationSummary.read_from(run)
    if population and population.previous == before.run.as_of.isoformat():
        earlier = MeasureArtifacts(run).locate_previous_kpis(model.macro_segment).read_table()
        keys = _keys(before.model, earlier)
        found[REMEASURED] = keys.take(pc.index_in(customers["customer_id"], earlier["customer_id"]))
    return found


def _keys(model: Model, customers: pa.Table) -> pa.ChunkedArray:
    """The keys under an earlier model; NULL where today's profile measures what that model can not label."""
    try:
        return score_table(model, customers)["segment_key"]
    except DataError:
        return pa.chunked_array([pa.nulls(customers.num_rows, pa.string())])
