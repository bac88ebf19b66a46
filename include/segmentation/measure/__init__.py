"""Measure: every KPI of every customer at as_of, by the profile's SQL over the accepted rows."""

from include.segmentation.measure.measure_stage import measure, targets
from include.segmentation.measure.sql_checks import rehearse, wrong_templates

__all__ = ["measure", "rehearse", "targets", "wrong_templates"]
