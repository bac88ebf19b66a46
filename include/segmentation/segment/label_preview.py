"""Label every customer of a run without writing anything, for a look before publishing."""

from dataclasses import dataclass

import pyarrow as pa

from include.segmentation.artifacts import MeasureArtifacts
from include.segmentation.errors import DataError, NotReadyError
from include.segmentation.model.model import Model
from include.segmentation.model.timeline import find_effective_model
from include.segmentation.run import Run
from include.segmentation.segment.model_compatibility import refuse_changed_kpis
from include.segmentation.segment.model_fit import draft_model
from include.segmentation.segment.scoring import score_table
from include.segmentation.segment.space.thread_limit import limit_to_one_thread


@dataclass(frozen=True)
class LabelPreview:
    """The segment of every customer.

    Attributes:
        model: the model that labelled them.
        why_draft: why this is a draft model; empty if it is the accepted one.
        customers: the measured table with ``segment_key`` added.
    """

    model: Model
    why_draft: str
    customers: pa.Table


def preview_labels(run: Run, macro_segment: str) -> LabelPreview:
    """Label with the accepted model, or with a draft in memory if none is usable; write nothing.

    The labels are the model's own, without hysteresis.

    Args:
        run: a run whose ``measure`` stage has finished.
        macro_segment: one of the profile's macro segments.

    Raises:
        DataError: the data contradict the profile.
    """
    customers = MeasureArtifacts(run).locate_kpis(macro_segment).read_table()
    why_draft = ""
    try:
        model = find_effective_model(run.lake, macro_segment, run.as_of)[0]
        refuse_changed_kpis(run.profile, model)
    except (NotReadyError, DataError) as error:
        why_draft = "no model has been accepted yet" if isinstance(error, NotReadyError) else str(error)
        with limit_to_one_thread():
            model = draft_model(run, macro_segment, customers)
    keys = score_table(model, customers)["segment_key"]
    return LabelPreview(model, why_draft, customers.append_column("segment_key", keys))
