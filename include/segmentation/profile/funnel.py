"""The funnel: ordered steps that customers reach or do not reach."""

from collections.abc import Iterator, Mapping, Sequence

from include.segmentation.errors import ProfileError
from include.segmentation.profile.conditions import ColumnDomain, Condition, is_never_true, parse_condition
from include.segmentation.profile.identifiers import ProfileName
from include.segmentation.profile.mistakes import Mistake
from include.segmentation.profile.profile_part import ProfilePart


class FunnelStep(ProfilePart):
    """One step of the funnel; a customer has reached it who has reached all before it and meets its condition.

    Attributes:
        label: the words a reader sees ("Saw a first topic").
        when: a SQL condition over the profile's KPIs and ``age_days``; undefined is not reached.
    """

    name: ProfileName
    label: str
    when: Condition


def find_funnel_mistakes(steps: Sequence[FunnelStep], columns: Mapping[str, ColumnDomain]) -> Iterator[Mistake]:
    """Steps that have one name, or conditions that can not be asked or never hold.

    Args:
        steps: the funnel, in order.
        columns: what conditions may name, and its values.
    """
    names = [step.name for step in steps]
    for position, step in enumerate(steps):
        if step.name in names[:position]:
            yield Mistake(("funnel", position, "name"), f"'{step.name}' is another step's name; allowed is any other")
        try:
            parse_condition(step.when, list(columns))
        except ProfileError as error:
            yield Mistake(("funnel", position, "when"), f"step '{step.name}': {error}")
            continue
        if is_never_true(step.when, columns):
            text = f"step '{step.name}': '{step.when}' holds for nobody, whatever the KPIs are"
            yield Mistake(("funnel", position, "when"), text)
