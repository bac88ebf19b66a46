"""The publish stage: from a run's artifacts to the tables that BI tools and marketing read."""

from include.segmentation.publish.publish import publish

__all__ = ["publish"]
