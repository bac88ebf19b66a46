"""Segment: fit a frozen model per macro segment, and label every customer with the model effective at as_of.

``fit`` puts a model on the timeline, ``segment`` scores with it, ``accept`` and ``reject`` decide about a candidate.
"""

from include.segmentation.segment.decide import accept, reject
from include.segmentation.segment.fit import fit
from include.segmentation.segment.label import segment

__all__ = ["accept", "fit", "reject", "segment"]
