"""The contract of signals: what customers may become, and when it is asked who will.

A *label* is what a customer may become, as a condition over counts of what they do between two moments. It is asked at
*landmarks*, so many days after registration: what is known by then goes before, and the label looks at what comes
within the horizon after.
"""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from include.segmentation.errors import ProfileError
from include.segmentation.profile.conditions import Condition, parse_condition
from include.segmentation.profile.identifiers import SqlName
from include.segmentation.profile.kpis import Kpi
from include.segmentation.profile.mistakes import Mistake, raise_mistakes
from include.segmentation.profile.profile_part import ProfilePart
from include.segmentation.profile.windows import KpiWindow

SIGNALS = "signals"
"""What ``measure`` calls it, and the name of its SQL file."""

ALL_KPIS = "*"
"""In place of a KPI: the rule over all of them."""


class SignalCount(ProfilePart):
    """What a customer did between two moments, as one number; never NULL.

    Attributes:
        label: the words a reader sees.
        definition: one sentence saying what is counted.
        unit: what one unit is.
    """

    label: str
    definition: str
    unit: str

    def build_kpi(self, begin: int, end: int) -> Kpi:
        """The KPI that it is over a stretch of days since registration."""
        window = KpiWindow(kind="since_registration", start_day=begin, end_day=end)
        return Kpi.model_validate(self.model_dump() | {"window": window, "rule_only": True})


class SignalLabel(ProfilePart):
    """What a customer may become.

    Attributes:
        label: the words a reader sees ("Useful transactional").
        definition: one sentence saying who that is.
        when: a SQL condition over the counts.
    """

    label: str
    definition: str
    when: Condition


def _rising(values: list[int]) -> list[int]:
    if sorted(set(values)) != values:
        raise ValueError(f"{values} must rise")
    return values


LandmarkDays = Annotated[int, Field(ge=1, le=3650)]


class Signals(ProfilePart):
    """What goes before a label.

    Attributes:
        landmarks: the days since registration at which is asked; rising.
        horizon: the days after a landmark in which a label may come true.
        holdout: the share of customers, those of the newest registration days, that rules are tested on and not
            learned from; whole days, so a little less.
        counts: what ``signals.sql`` returns, over any stretch of days.
        labels: what is asked.
    """

    landmarks: Annotated[list[LandmarkDays], Field(min_length=1), AfterValidator(_rising)]
    horizon: LandmarkDays
    holdout: float = Field(0.3, gt=0, lt=1)
    counts: dict[SqlName, SignalCount] = Field(min_length=1)
    labels: dict[SqlName, SignalLabel] = Field(min_length=1)

    @model_validator(mode="after")
    def _conditions(self) -> Self:
        raise_mistakes(self._mistakes())
        return self

    def build_kpis(self, begin: int, end: int) -> dict[str, Kpi]:
        """Every count, over the days [begin, end) since registration."""
        return {name: count.build_kpi(begin, end) for name, count in self.counts.items()}

    def _mistakes(self) -> Iterator[Mistake]:
        for name, label in self.labels.items():
            try:
                parse_condition(label.when, list(self.counts))
            except ProfileError as error:
                yield Mistake(("labels", name, "when"), str(error))
