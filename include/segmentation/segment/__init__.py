"""Segment: fit a frozen model per macro segment, and label every customer with the model effective at as_of.

``fit`` puts a model on the timeline, ``segment`` labels with it, and ``accept_model`` and ``reject_model`` decide on
candidates. ``preview_labels`` labels without writing anything.
"""

from include.segmentation.segment.label_preview import LabelPreview, preview_labels
from include.segmentation.segment.label_stage import segment
from include.segmentation.segment.model_decisions import accept_model, list_candidates, reject_model
from include.segmentation.segment.model_fit import fit

__all__ = ["LabelPreview", "accept_model", "fit", "list_candidates", "preview_labels", "reject_model", "segment"]
