"""The funnel: ordered steps that customers reach."""

from collections.abc import Iterator, Mapping, Sequence

from include.segmentation.errors import ProfileError
from include.segmentation.profile.conditions import ColumnDomain, Condition, is_never_true, parse_condition
from include.segmentation.profile.identifiers import ProfileName
from include.segmentation.profile.mistakes import Mistake
from include.segmentation.profile.profile_part import ProfilePart


class FunnelStep(ProfilePart):
    """One step of the funnel; customers who meet its condition and all earlier ones have reached it.

    Attributes:
        label: the name that readers see ("Saw a first topic").
        when: a SQL condition over the profile's KPIs and ``age_days``; undefined counts as false.
    """

    name: ProfileName
    label: str
    when: Condition


def find_funnel_mistakes(steps: Sequence[FunnelStep], columns: Mapping[str, ColumnDomain]) -> Iterator[Mistake]:
    """Find steps with the same name, and conditions that are not valid or can never be true.

    Args:
        steps: the funnel, in order.
        columns: the columns that conditions may name, with their domains.
    """
    names = [step.name for step in steps]
    for position, step in enumerate(steps):
        if step.name in names[:position]:
            text = f"'{step.name}' is another step's name; allowed: any other name"
            yield Mistake(("funnel", position, "name"), text)
        try:
            parse_condition(step.when, list(columns))
        except ProfileError as error:
            yield Mistake(("funnel", position, "when"), f"step '{step.name}': {error}")
            continue
        if is_never_true(step.when, columns):
            yield Mistake(("funnel", position, "when"), f"step '{step.name}': '{step.when}' can never be true")
