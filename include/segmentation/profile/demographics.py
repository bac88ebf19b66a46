"""Demographics: the attributes by which customers are counted."""

from pydantic import Field

from include.segmentation.profile.profile_part import ProfilePart

EVERYONE = "all"
"""Macro segment and segment key of everyone; a word of SQL, so no macro segment can be called so."""
UNKNOWN_VALUE, OTHER_VALUES = "unknown", "other"
"""Values of a demographic: not known, and all that too few customers have."""


class Demographic(ProfilePart):
    """An attribute of population.sql that customers are counted by.

    Attributes:
        label: the words a reader sees ("Country").
        unknown: values that say nothing, beside NULL and the empty text.
    """

    label: str
    unknown: list[str] = Field(default_factory=list)
