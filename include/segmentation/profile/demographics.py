"""Demographics: the attributes by which customers are counted."""

from pydantic import Field

from include.segmentation.profile.profile_part import ProfilePart

EVERYONE = "all"
"""The macro segment and the segment key of all customers; no macro segment can have this name, a word of SQL."""
UNKNOWN_VALUE, OTHER_VALUES = "unknown", "other"
"""The values that stand for unknown ones, and for all values that too few customers have."""


class Demographic(ProfilePart):
    """An attribute in population.sql by which customers are counted.

    Attributes:
        label: the name that readers see ("Country").
        unknown: values that count as unknown, as NULL and the empty text do.
    """

    label: str
    unknown: list[str] = Field(default_factory=list)
