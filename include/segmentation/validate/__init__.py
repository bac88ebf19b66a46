"""The validate stage: check new rows against the profile's expectations; quarantine, stop or warn."""

from include.segmentation.validate.expectation_checks import check_expectations
from include.segmentation.validate.validate_stage import validate

__all__ = ["check_expectations", "validate"]
