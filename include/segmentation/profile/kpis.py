"""KPIs: one number per customer at as_of, its window, its bands and how it is prepared for clustering."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from include.segmentation.profile.conditions import ColumnDomain, Condition
from include.segmentation.profile.mistakes import Mistake, raise_mistakes
from include.segmentation.profile.profile_part import ProfilePart
from include.segmentation.profile.windows import KpiWindow

AGE_COLUMN = "age_days"
"""Whole days from a customer's first_seen to as_of: the column that every condition may use."""

_CLUSTERING_KEYS = {"transform", "scale", "weight"}

Scaler = Literal["standard", "minmax", "robust", "none"]


class ClipTransform(ProfilePart):
    """A transform that limits values to an interval.

    Attributes:
        clip: the lowest and the highest value, in the KPI's unit.
    """

    clip: tuple[float, float]

    @model_validator(mode="after")
    def _require_rising(self) -> Self:
        if self.clip[0] >= self.clip[1]:
            raise ValueError(f"clip {list(self.clip)} must rise")
        return self


def _require_transform(value: Any) -> Any:
    if not isinstance(value, (ClipTransform, dict)) and value not in get_args(NamedTransform):
        raise ValueError(f"allowed: {', '.join(get_args(NamedTransform))} and a mapping such as {{clip: [0, 100]}}")
    return value


NamedTransform = Literal["none", "log1p", "asinh", "sqrt", "quantile"]


Transform = Annotated[
    Annotated[NamedTransform, Tag("name")] | Annotated[ClipTransform, Tag("clip")],
    Discriminator(lambda value: "name" if isinstance(value, str) else "clip"),
    BeforeValidator(_require_transform),
]


class Kpi(ProfilePart):
    """One number per customer at as_of.

    Attributes:
        label: the name that readers see ("Returns").
        definition: one sentence that says what is counted.
        unit: the unit of the value ("visit days", "EUR", "days").
        window: the time that it covers, always up to as_of.
        resolution: values are rounded to a multiple of this.
        direction: whether more of it is better, less is better, or neither.
        minimum: the smallest possible value; null if there is none.
        zero: whether 0 is a ``real`` value, or ``none``: not a value, so that no stratum may cluster on it.
        undefined_when: the condition over the macro segment's KPIs under which the value is undefined (NULL); under
            all others it is defined. NULL is never zero.
        matures_after: the age in days from which on the value is final.
        rule_only: used in conditions, scores and totals only, never clustered on.
        transform: applied before scaling; ``quantile`` is the share of the fitted customers below the value, plus half
            of those equal to it.
        scale: the scaler of this KPI; by default the macro segment's.
        weight: the weight of its scaled values in distances.
        bands: rising inner edges; ``band_words`` has one word more. A value equal to an edge is in the upper band.
        goal, indicator, owner: why the KPI exists and who answers for it.
    """

    label: str
    definition: str
    unit: str
    window: Annotated[KpiWindow, BeforeValidator(KpiWindow.parse_text)]
    resolution: float = Field(1, gt=0)
    direction: Literal["more", "less", "neutral"] = "more"
    minimum: float | None = 0
    zero: Literal["real", "none"] = "real"
    undefined_when: Condition | None = None
    matures_after: int = Field(0, ge=0, description="days")
    rule_only: bool = False
    transform: Transform = "none"
    scale: Scaler | None = None
    weight: float | None = Field(default=None, gt=0)
    bands: list[float] = Field(default_factory=list)
    band_words: list[str] = Field(default_factory=list)
    goal: str = ""
    indicator: str = ""
    owner: str = ""

    @model_validator(mode="after")
    def _refuse_mistakes(self) -> Self:
        raise_mistakes(self._find_mistakes())
        return self

    def _find_mistakes(self) -> Iterator[Mistake]:
        if not self.rule_only and not self.bands:
            yield Mistake((), "a KPI that is clustered on needs bands: rising inner edges such as [1, 2, 5]")
        if sorted(set(self.bands)) != self.bands:
            yield Mistake(("bands",), f"bands {self.bands} must rise")
        if self.bands and len(self.band_words) != len(self.bands) + 1:
            words, edges = len(self.band_words), len(self.bands)
            yield Mistake(("band_words",), f"band_words has {words} words; {edges} edges need {edges + 1}")
        if self.transform in ("log1p", "sqrt") and (self.minimum is None or self.minimum < 0):
            yield Mistake(("transform",), f"transform {self.transform} needs a minimum of 0 or more")

    def list_differing_keys(self, other: Self) -> list[str]:
        """List the keys with other values in another declaration, except how the KPI is prepared for clustering."""
        return [key for key, value in self if key not in _CLUSTERING_KEYS and value != getattr(other, key)]

    @property
    def domain(self) -> ColumnDomain:
        """The values that it can have in a condition."""
        return ColumnDomain(step=self.resolution, minimum=self.minimum, nullable=self.undefined_when is not None)


def list_domains(kpis: Mapping[str, Kpi]) -> dict[str, ColumnDomain]:
    """List the domain of every column that a condition over KPIs may name."""
    return {name: kpi.domain for name, kpi in kpis.items()} | {AGE_COLUMN: ColumnDomain(step=1, minimum=0)}
