"""Macro segments: KPIs that are clustered together, stratum by stratum."""

from collections.abc import Collection, Iterator
from typing import Self

from pydantic import Field, model_validator

from include.segmentation.errors import ProfileError
from include.segmentation.profile.conditions import Condition, parse_condition
from include.segmentation.profile.grids import Grid
from include.segmentation.profile.identifiers import SqlName
from include.segmentation.profile.kpis import AGE_COLUMN, Kpi, Scaler
from include.segmentation.profile.mistakes import Mistake, list_allowed, raise_mistakes
from include.segmentation.profile.profile_part import ProfilePart
from include.segmentation.profile.strata import Stratum
from include.segmentation.profile.strata_partition import find_partition_mistakes


class SegmentAnnotation(ProfilePart):
    """Notes on one segment, found by its key.

    Attributes:
        alias: marketing's name for it.
        rule: what the alias claims, as a condition over the macro segment's KPIs; every run checks it.
        recommended_action, owner: replace the stratum's.
    """

    alias: str = ""
    rule: Condition = ""
    recommended_action: str = ""
    owner: str = ""

    @model_validator(mode="after")
    def _require_alias_and_rule(self) -> Self:
        if self.alias and not self.rule:
            raise ValueError(f"alias '{self.alias}' needs a rule that says what it claims, such as 'recency <= 30'")
        if self.rule and not self.alias:
            raise ValueError(f"rule '{self.rule}' belongs to an alias, which is missing")
        return self


class Hysteresis(ProfilePart):
    """When customers who cross a border change their segment.

    Attributes:
        as_ofs: after this many runs of the cadence in a row on the other side.
        margin: as soon as their margin (d2² - d1²) / d2² on the other side is at least this.
    """

    as_ofs: int | None = Field(default=None, ge=2, le=12)
    margin: float | None = Field(default=None, gt=0, lt=1)

    @model_validator(mode="after")
    def _require_one(self) -> Self:
        if (self.as_ofs is None) == (self.margin is None):
            raise ValueError("hysteresis needs either as_ofs or margin, not both")
        return self


class MacroSegment(ProfilePart):
    """A set of KPIs that are clustered together, stratum by stratum.

    Attributes:
        scale: the scaler of all KPIs without their own.
        hysteresis: when customers who cross a border change their segment; by default at once.
        segments: notes on segments, by segment key.
        grid: customers by two scores, in addition to the segments; by default there is none.
    """

    label: str
    scale: Scaler = "standard"
    kpis: dict[SqlName, Kpi] = Field(min_length=1)
    strata: list[Stratum] = Field(min_length=1)
    hysteresis: Hysteresis | None = None
    segments: dict[str, SegmentAnnotation] = Field(default_factory=dict)
    grid: Grid | None = None

    @model_validator(mode="after")
    def _refuse_mistakes(self) -> Self:
        raise_mistakes(self.find_mistakes(list(self.kpis), is_whole=True))
        return self

    def find_mistakes(self, kpis: Collection[str], is_whole: bool) -> Iterator[Mistake]:
        """Find the parts that do not fit together.

        Args:
            kpis: the names of all its KPIs, including invalid ones.
            is_whole: whether all KPIs and strata are valid and present; if not, the partition is not checked.
        """
        mistakes = [
            *self._find_name_mistakes(),
            *self._find_condition_mistakes([*kpis, AGE_COLUMN]),
            *self._find_alias_mistakes(),
        ]
        for position, stratum in enumerate(self.strata):
            mistakes += (mistake.nest_under("strata", position) for mistake in self._find_kpi_mistakes(stratum, kpis))
        yield from mistakes
        if is_whole and not mistakes:
            yield from find_partition_mistakes(self.kpis, self.strata)
        if is_whole and self.grid:
            yield from (mistake.nest_under("grid") for mistake in self.grid.find_mistakes(self.kpis))

    def find_scale(self, kpi: str) -> Scaler:
        """Find the scaler of a KPI."""
        return self.kpis[kpi].scale or self.scale

    def _find_name_mistakes(self) -> Iterator[Mistake]:
        names = [stratum.name for stratum in self.strata]
        if len(set(names)) != len(names):
            yield Mistake(("strata",), f"strata {names} must have different names")

    def _find_condition_mistakes(self, columns: list[str]) -> Iterator[Mistake]:
        conditions: dict[tuple[str, str | int, str], str | None]
        conditions = {("kpis", name, "undefined_when"): kpi.undefined_when for name, kpi in self.kpis.items()}
        conditions |= {("strata", position, "when"): stratum.when for position, stratum in enumerate(self.strata)}
        conditions |= {("segments", key, "rule"): annotation.rule for key, annotation in self.segments.items()}
        for place, condition in conditions.items():
            try:
                parse_condition(condition or "true", columns)
            except ProfileError as error:
                owner = f"stratum '{self.strata[place[1]].name}': " if isinstance(place[1], int) else ""
                yield Mistake(place, f"{owner}{error}")

    def _find_alias_mistakes(self) -> Iterator[Mistake]:
        keys: dict[str, str] = {}
        for key, annotation in self.segments.items():
            other = keys.setdefault(annotation.alias, key)
            if annotation.alias and other != key:
                text = f"segments '{other}' and '{key}' have the same alias '{annotation.alias}'; allowed: different"
                yield Mistake(("segments", key, "alias"), f"{text} ones")

    def _find_kpi_mistakes(self, stratum: Stratum, kpis: Collection[str]) -> Iterator[Mistake]:
        clusterable = [name for name in kpis if name not in self.kpis or not self.kpis[name].rule_only]
        for kpi in stratum.clustered_on:
            if kpi not in clusterable:
                text = f"stratum '{stratum.name}' clusters on '{kpi}'; {list_allowed(kpi, clusterable)}"
                yield Mistake(("kpis",), text)
        for mistake in self._find_undefined_as_mistakes(stratum):
            yield mistake.nest_under("cluster", "undefined_as")
        scales = {kpi: self.find_scale(kpi) for kpi in stratum.clustered_on if kpi in self.kpis}
        if len(set(scales.values())) > 1 and any(self.kpis[kpi].weight is None for kpi in scales):
            listed = ", ".join(f"{kpi} {scale}" for kpi, scale in scales.items())
            yield Mistake(
                (),
                f"stratum '{stratum.name}' mixes scales ({listed}), which silently weights its KPIs; allowed: one "
                "scale, or a weight for each of them",
            )

    def _find_undefined_as_mistakes(self, stratum: Stratum) -> Iterator[Mistake]:
        nullable = [name for name in stratum.clustered_on if name in self.kpis and self.kpis[name].undefined_when]
        where = f"stratum '{stratum.name}', undefined_as"
        for name, value in (stratum.cluster.undefined_as if stratum.cluster else {}).items():
            if name not in nullable:
                text = f"{where}: '{name}' is not clustered on or never undefined; {list_allowed(name, nullable)}"
                yield Mistake((name,), text)
                continue
            kpi = self.kpis[name]
            if (kpi.minimum is not None and value < kpi.minimum) or (kpi.zero == "none" and value == 0):
                yield Mistake((name,), f"{where}: {value:g} is not a possible value of '{name}'")
