"""Segment: fit a frozen model per macro segment, and label every customer with the model effective at as_of.

``fit`` puts a model on the timeline, ``segment`` scores with it, ``accept`` and ``reject`` decide about
one of the ``candidates``.
"""

from include.segmentation.segment.decide import accept, candidates, reject
from include.segmentation.segment.fit import fit
from include.segmentation.segment.label import segment

__all__ = ["accept", "candidates", "fit", "reject", "segment"]
