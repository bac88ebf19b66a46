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
    """What people say about one segment, by its key.

    Attributes:
        alias: what marketing calls it.
        rule: what the alias claims, as a condition over the macro segment's KPIs; checked on every run.
        recommended_action, owner: in place of the stratum's.
    """

    alias: str = ""
    rule: Condition = ""
    recommended_action: str = ""
    owner: str = ""

    @model_validator(mode="after")
    def _claims_something(self) -> Self:
        if self.alias and not self.rule:
            raise ValueError(f"alias '{self.alias}' claims nothing; a rule such as 'recency <= 30' is missing")
        if self.rule and not self.alias:
            raise ValueError(f"rule '{self.rule}' belongs to an alias, which is missing")
        return self


class Hysteresis(ProfilePart):
    """When a customer who has crossed a border moves: at once where both are absent.

    Attributes:
        as_ofs: after being on the other side at so many runs of the cadence in a row.
        margin: once the margin (d2² - d1²) / d2² on the other side is at least this.
    """

    as_ofs: int | None = Field(default=None, ge=2, le=12)
    margin: float | None = Field(default=None, gt=0, lt=1)

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.as_ofs is None) == (self.margin is None):
            raise ValueError("hysteresis needs one of as_ofs and margin, not both")
        return self


class MacroSegment(ProfilePart):
    """A set of KPIs clustered together, stratum by stratum.

    Attributes:
        scale: how KPIs are scaled that do not say it themselves.
        hysteresis: when a customer who has crossed a border moves; at once where absent.
        segments: what people say about a segment, by its key.
        grid: customers by two scores, beside the segments; none where absent.
    """

    label: str
    scale: Scaler = "standard"
    kpis: dict[SqlName, Kpi] = Field(min_length=1)
    strata: list[Stratum] = Field(min_length=1)
    hysteresis: Hysteresis | None = None
    segments: dict[str, SegmentAnnotation] = Field(default_factory=dict)
    grid: Grid | None = None

    @model_validator(mode="after")
    def _strata_cut_once(self) -> Self:
        raise_mistakes(self.find_mistakes(list(self.kpis), is_whole=True))
        return self

    def find_mistakes(self, kpis: Collection[str], is_whole: bool) -> Iterator[Mistake]:
        """What does not fit together.

        Args:
            kpis: the names of all its KPIs, also of those that are wrong themselves.
            is_whole: whether all KPIs and strata are there; how strata cut the population is looked at only then.
        """
        wrong = [*self._wrong_names(), *self._wrong_conditions([*kpis, AGE_COLUMN]), *self._wrong_aliases()]
        for position, stratum in enumerate(self.strata):
            wrong += (mistake.nest_under("strata", position) for mistake in self._wrong_kpis(stratum, kpis))
        yield from wrong
        if is_whole and not wrong:
            yield from find_partition_mistakes(self.kpis, self.strata)
        if is_whole and self.grid:
            yield from (mistake.nest_under("grid") for mistake in self.grid.find_mistakes(self.kpis))

    def _wrong_names(self) -> Iterator[Mistake]:
        names = [stratum.name for stratum in self.strata]
        if len(set(names)) != len(names):
            yield Mistake(("strata",), f"strata {names} must have different names")

    def _wrong_conditions(self, columns: list[str]) -> Iterator[Mistake]:
        conditions: dict[tuple[str, str | int, str], str | None]
        conditions = {("kpis", name, "undefined_when"): kpi.undefined_when for name, kpi in self.kpis.items()}
        whens = {("strata", number, "when"): stratum.when for number, stratum in enumerate(self.strata)}
        rules = {("segments", key, "rule"): said.rule for key, said in self.segments.items()}
        for place, condition in (conditions | whens | rules).items():
            try:
                parse_condition(condition or "true", columns)
            except ProfileError as error:
                who = f"stratum '{self.strata[place[1]].name}': " if isinstance(place[1], int) else ""
                yield Mistake(place, f"{who}{error}")

    def _wrong_aliases(self) -> Iterator[Mistake]:
        keys: dict[str, str] = {}
        for key, said in self.segments.items():
            other = keys.setdefault(said.alias, key)
            if said.alias and other != key:
                text = f"segments '{other}' and '{key}' have one alias, '{said.alias}'; allowed are different ones"
                yield Mistake(("segments", key, "alias"), text)

    def find_scale(self, kpi: str) -> Scaler:
        """How a KPI is scaled."""
        return self.kpis[kpi].scale or self.scale

    def _wrong_kpis(self, stratum: Stratum, kpis: Collection[str]) -> Iterator[Mistake]:
        clusterable = [name for name in kpis if name not in self.kpis or not self.kpis[name].rule_only]
        for kpi in stratum.clustered_on:
            if kpi not in clusterable:
                yield Mistake(
                    ("kpis",), f"stratum '{stratum.name}' clusters on '{kpi}'; {list_allowed(kpi, clusterable)}"
                )
        for mistake in self._wrong_undefined_as(stratum):
            yield mistake.nest_under("cluster", "undefined_as")
        scales = {kpi: self.find_scale(kpi) for kpi in stratum.clustered_on if kpi in self.kpis}
        if len(set(scales.values())) > 1 and any(self.kpis[kpi].weight is None for kpi in scales):
            listed = ", ".join(f"{kpi} {scale}" for kpi, scale in scales.items())
            yield Mistake(
                (),
                f"stratum '{stratum.name}' mixes scales ({listed}), which silently weights its KPIs; allowed is one "
                "scale, or a weight for each of them",
            )

    def _wrong_undefined_as(self, stratum: Stratum) -> Iterator[Mistake]:
        nullable = [name for name in stratum.clustered_on if name in self.kpis and self.kpis[name].undefined_when]
        where = f"stratum '{stratum.name}', undefined_as"
        for name, value in (stratum.cluster.undefined_as if stratum.cluster else {}).items():
            if name not in nullable:
                text = f"{where}: '{name}' is not clustered on or never undefined; {list_allowed(name, nullable)}"
                yield Mistake((name,), text)
                continue
            kpi = self.kpis[name]
            if (kpi.minimum is not None and value < kpi.minimum) or (kpi.zero == "none" and value == 0):
                yield Mistake((name,), f"{where}: {value:g} is no value of '{name}'")
