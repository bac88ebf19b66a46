"""The contract of macro segments: KPIs, the strata that set customers apart, and how each stratum is cut."""

from collections.abc import Collection, Iterator
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from include.segmentation.errors import ProfileError
from include.segmentation.profile.conditions import ColumnDomain, Condition, parse_condition
from include.segmentation.profile.grids import Grid
from include.segmentation.profile.identifiers import DifferentNames, ProfileName, SqlName
from include.segmentation.profile.mistakes import Mistake, list_allowed, raise_mistakes
from include.segmentation.profile.profile_part import ProfilePart
from include.segmentation.profile.strata_partition import AGE_COLUMN as AGE_COLUMN
from include.segmentation.profile.strata_partition import check_partition
from include.segmentation.profile.windows import KpiWindow

_OF_CLUSTERING = {"transform", "scale", "weight"}

Scaler = Literal["standard", "minmax", "robust", "none"]


class ClipTransform(ProfilePart):
    """A transform that moves what lies outside of an interval to its end.

    Attributes:
        clip: the lowest and the highest value, in the KPI's unit.
    """

    clip: tuple[float, float]

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.clip[0] >= self.clip[1]:
            raise ValueError(f"clip {list(self.clip)} must rise")
        return self


def _transform(value: Any) -> Any:
    if not isinstance(value, (ClipTransform, dict)) and value not in get_args(NamedTransform):
        raise ValueError(f"allowed are {', '.join(get_args(NamedTransform))} and a mapping such as {{clip: [0, 100]}}")
    return value


NamedTransform = Literal["none", "log1p", "asinh", "sqrt", "quantile"]
Transform = Annotated[
    Annotated[NamedTransform, Tag("name")] | Annotated[ClipTransform, Tag("clip")],
    Discriminator(lambda value: "name" if isinstance(value, str) else "clip"),
    BeforeValidator(_transform),
]


class Kpi(ProfilePart):
    """One number per customer at as_of.

    Attributes:
        label: the words a reader sees ("Returns").
        definition: one sentence saying what is counted.
        unit: what one unit is ("visit days", "EUR", "days").
        window: the time it looks back over, always cut at as_of.
        resolution: values are rounded to a multiple of this.
        direction: whether more of it is better, less is better, or neither.
        minimum: the smallest possible value; null where there is none.
        zero: whether 0 is a ``real`` value, or ``none``: it stands for nothing, and no stratum may cluster on it.
        undefined_when: a condition over the macro segment's KPIs under which, and only then, the value is undefined
            (NULL); NULL is never zero.
        matures_after: the age in days below which the value is not final yet.
        rule_only: never clustered on: for conditions, scores and totals.
        transform: applied before scaling; ``quantile`` is the share of the fitted customers below the value, those
            equal to it counted half.
        scale: how this KPI is scaled; the macro segment's where absent.
        weight: how much a scaled unit of it counts in a distance.
        bands: rising inner edges; ``band_words`` has one word more. A value equal to an edge is in the upper band.
        goal, indicator, owner: why the KPI exists and who answers for it.
    """

    label: str
    definition: str
    unit: str
    window: Annotated[KpiWindow, BeforeValidator(KpiWindow.parse)]
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
    def _consistent(self) -> Self:
        raise_mistakes(self._mistakes())
        return self

    def _mistakes(self) -> Iterator[Mistake]:
        if not self.rule_only and not self.bands:
            yield Mistake((), "a KPI that is clustered on needs bands: rising inner edges such as [1, 2, 5]")
        if sorted(set(self.bands)) != self.bands:
            yield Mistake(("bands",), f"bands {self.bands} must rise")
        if self.bands and len(self.band_words) != len(self.bands) + 1:
            found, needed = len(self.band_words), len(self.bands) + 1
            yield Mistake(("band_words",), f"band_words has {found} words; {len(self.bands)} edges need {needed}")
        if self.transform in ("log1p", "sqrt") and (self.minimum is None or self.minimum < 0):
            yield Mistake(("transform",), f"transform {self.transform} needs a minimum of 0 or more")

    def list_differences(self, other: Self) -> list[str]:
        """What another declaration of the same KPI says otherwise; each may be clustered on in a way of its own."""
        return [key for key, said in self if key not in _OF_CLUSTERING and said != getattr(other, key)]

    @property
    def domain(self) -> ColumnDomain:
        """The values that a predicate has to be checked on."""
        return ColumnDomain(step=self.resolution, minimum=self.minimum, nullable=self.undefined_when is not None)


def _how(value: Any) -> Any:
    """``auto`` and ``none`` as what they stand for."""
    if isinstance(value, str) and value not in ("auto", "none"):
        raise ValueError("allowed are none, auto and a mapping such as {k: 4}")
    return {"auto": {}, "none": None}[value] if isinstance(value, str) else value


def _components(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    if value is None or whole or (isinstance(value, float) and 0 < value < 1):
        return value
    raise ValueError("allowed are a number of components, from 1, and a share of the variance, between 0 and 1")


class _Choice(ProfilePart):
    """How many clusters: a fixed number, or the walk up from 2 while every cluster is stable, to ``k_max``."""

    k: Literal["auto"] | Annotated[int, Field(ge=2, le=12)] = "auto"
    k_max: int = Field(6, ge=2, le=12)

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.k != "auto" and "k_max" in self.model_fields_set:
            raise ValueError(f"k is {self.k} and k_max {self.k_max}; allowed is one of them, k_max ends a walk")
        return self

    @property
    def ks(self) -> list[int]:
        """The numbers of clusters to look at."""
        return list(range(2, self.k_max + 1)) if self.k == "auto" else [self.k]


class MicroSegmentation(_Choice):
    """How the segments of a stratum are cut once more.

    Attributes:
        kpis: what they are cut by; the stratum's own where absent.
    """

    kpis: DifferentNames | None = None


class ClusterChoice(_Choice):
    """How a stratum is cut.

    Attributes:
        algorithm: what the published segments come from; the others are only compared with it.
        pca: cluster on that many principal components of the scaled KPIs, or on as many as hold that share of their
            variance; on the scaled KPIs themselves where absent.
        undefined_as: the value that a customer counts with in distances for whom the KPI is undefined, by KPI. What is
            published stays undefined.
        micro: how its segments are cut into micro segments; not at all where absent.
    """

    algorithm: Literal["kmeans", "ward"] = "kmeans"
    pca: Annotated[int | float | None, BeforeValidator(_components)] = None
    undefined_as: dict[SqlName, float] = Field(default_factory=dict)
    micro: Annotated[MicroSegmentation | None, BeforeValidator(_how)] = None


class Stratum(ProfilePart):
    """A kind of customer set apart by a rule before any clustering.

    Attributes:
        when: a SQL condition over the macro segment's KPIs and ``age_days``.
        label: the words every name in this stratum begins with ("Bought once").
        became: how a headline says that customers came into it: after "1,240 learners", such as "went quiet".
        kpis: what it is clustered on.
        cluster: how it is cut: ``auto``, or ``{k: 4}`` and the like; ``none`` where the whole stratum is one segment.
    """

    name: ProfileName
    label: str
    when: Condition
    became: str = ""
    description: str = ""
    kpis: DifferentNames = Field(default_factory=list)
    cluster: Annotated[ClusterChoice | None, BeforeValidator(_how)] = None
    recommended_action: str = ""
    owner: str = ""

    @model_validator(mode="after")
    def _kpis_to_cluster_on(self) -> Self:
        if self.cluster and not self.kpis:
            raise ValueError(f"stratum '{self.name}' is clustered, but on nothing; kpis is missing")
        if self.kpis and not self.cluster:
            raise ValueError(f"stratum '{self.name}' has kpis but no cluster; allowed are cluster: auto and no kpis")
        pca = self.cluster.pca if self.cluster else None
        if isinstance(pca, int) and pca > len(self.kpis):
            raise ValueError(f"stratum '{self.name}': pca is {pca}; allowed are up to {len(self.kpis)}, one per KPI")
        return self

    @property
    def micro(self) -> ClusterChoice | None:
        """How its segments are cut once more: as it is itself, but for the number of clusters."""
        if self.cluster is None or self.cluster.micro is None:
            return None
        choice = self.cluster.micro.model_dump(include={"k", "k_max"}, exclude_unset=True)
        counted = {kpi: value for kpi, value in self.cluster.undefined_as.items() if kpi in self.micro_kpis}
        return ClusterChoice(algorithm=self.cluster.algorithm, pca=self.cluster.pca, undefined_as=counted, **choice)

    @property
    def micro_kpis(self) -> list[str]:
        """What its segments are cut by once more, where they are."""
        micro = self.cluster.micro if self.cluster else None
        return (micro.kpis or self.kpis) if micro else []

    @property
    def clustered_on(self) -> list[str]:
        """Every KPI that its segments or micro segments are cut by."""
        return list(dict.fromkeys([*self.kpis, *self.micro_kpis]))


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
            wrong += (mistake.nest("strata", position) for mistake in self._wrong_kpis(stratum, kpis))
        yield from wrong
        if is_whole and not wrong:
            yield from check_partition(self.kpis, self.strata)
        if is_whole and self.grid:
            yield from (mistake.nest("grid") for mistake in self.grid.find_mistakes(self.kpis))

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
            yield mistake.nest("cluster", "undefined_as")
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
