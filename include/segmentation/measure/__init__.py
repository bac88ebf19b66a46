"""Measure: every KPI of every customer at as_of, by the profile's SQL over the accepted rows."""

from include.segmentation.measure.stage import measure

__all__ = ["measure"]
