"""Measure every KPI of every customer at as_of, with the profile's SQL over the accepted rows."""

from include.segmentation.measure.measure_stage import list_targets, measure
from include.segmentation.measure.sql_checks import check_templates, run_over_empty_tables

__all__ = ["check_templates", "list_targets", "measure", "run_over_empty_tables"]
