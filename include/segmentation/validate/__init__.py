"""Validate: the profile's expectations on new rows; what fails is held back, stops the run, or is only recorded."""

from include.segmentation.validate.rehearsal import wrong_expectations
from include.segmentation.validate.stage import validate

__all__ = ["validate", "wrong_expectations"]
