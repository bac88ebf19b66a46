"""Segment: fit a frozen model per macro segment, and label every customer with the model effective at as_of.

``fit`` puts a model on the timeline, ``segment`` scores with it, ``accept`` and ``reject`` decide about one of the
``candidates``; ``preview`` labels without leaving anything.
"""

from include.segmentation.segment.decide import accept, candidates, reject
from include.segmentation.segment.fit import fit
from include.segmentation.segment.label import segment
from include.segmentation.segment.preview import Preview, preview

__all__ = ["Preview", "accept", "candidates", "fit", "preview", "reject", "segment"]
