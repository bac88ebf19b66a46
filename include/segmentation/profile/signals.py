"""Signals: the early behaviour that precedes what customers become.

A *label* is what a customer may become: a condition over counts of events between two moments. At each *landmark*, a
number of days after registration, the KPIs describe the time before, and the label covers the horizon after.
"""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from include.segmentation.errors import ProfileError
from include.segmentation.profile.conditions import Condition, parse_condition
from include.segmentation.profile.identifiers import SqlName, require_rising
from include.segmentation.profile.kpis import Kpi
from include.segmentation.profile.mistakes import Mistake, raise_mistakes
from include.segmentation.profile.profile_part import ProfilePart
from include.segmentation.profile.windows import KpiWindow

SIGNALS = "signals"
"""The measure stage's name for signals, and the name of their SQL file."""

ALL_KPIS = "*"
"""Stands in place of a KPI for the rule over all of them."""


class SignalCount(ProfilePart):
    """The number of events of a customer between two moments; never NULL.

    Attributes:
        label: the name that readers see.
        definition: one sentence that says what is counted.
        unit: the unit of the number.
    """

    label: str
    definition: str
    unit: str

    def build_kpi(self, begin: int, end: int) -> Kpi:
        """Build the KPI that counts over the days [begin, end) since registration."""
        window = KpiWindow(kind="since_registration", start_day=begin, end_day=end)
        return Kpi.model_validate(self.model_dump() | {"window": window, "rule_only": True})


class SignalLabel(ProfilePart):
    """What a customer may become.

    Attributes:
        label: the name that readers see ("Useful transactional").
        definition: one sentence that says who has the label.
        when: a SQL condition over the counts.
    """

    label: str
    definition: str
    when: Condition


LandmarkDays = Annotated[int, Field(ge=1, le=3650)]


class Signals(ProfilePart):
    """The signals that precede labels.

    Attributes:
        landmarks: days since registration at which customers are described; rising.
        horizon: the days after a landmark in which a label may become true.
        holdout: the share of customers kept to test the rules: those of the newest registration days. It holds whole
            days, so it is a little smaller.
        counts: the columns of ``signals.sql``, which counts over any range of days.
        labels: what customers may become.
    """

    landmarks: Annotated[list[LandmarkDays], Field(min_length=1), AfterValidator(require_rising)]
    horizon: LandmarkDays
    holdout: float = Field(0.3, gt=0, lt=1)
    counts: dict[SqlName, SignalCount] = Field(min_length=1)
    labels: dict[SqlName, SignalLabel] = Field(min_length=1)

    @model_validator(mode="after")
    def _refuse_mistakes(self) -> Self:
        raise_mistakes(self._find_mistakes())
        return self

    def build_kpis(self, begin: int, end: int) -> dict[str, Kpi]:
        """Build a KPI for every count over the days [begin, end) since registration."""
        return {name: count.build_kpi(begin, end) for name, count in self.counts.items()}

    def _find_mistakes(self) -> Iterator[Mistake]:
        for name, label in self.labels.items():
            try:
                parse_condition(label.when, list(self.counts))
            except ProfileError as error:
                yield Mistake(("labels", name, "when"), str(error))
