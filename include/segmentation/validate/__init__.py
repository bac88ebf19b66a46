"""Validate: the profile's expectations on new rows; what fails is held back, stops the run, or is only recorded."""

from include.segmentation.validate.expectation_checks import check_expectations
from include.segmentation.validate.validate_stage import validate

__all__ = ["check_expectations", "validate"]
