"""Measure: every KPI of every customer at as_of, by the profile's SQL over the accepted rows."""

from include.segmentation.measure.rehearsal import rehearse, wrong_templates
from include.segmentation.measure.stage import measure, targets

__all__ = ["measure", "rehearse", "targets", "wrong_templates"]
