"""Strata: kinds of customers that a rule sets apart, and how each kind is clustered."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from include.segmentation.profile.conditions import Condition
from include.segmentation.profile.identifiers import DifferentNames, ProfileName, SqlName
from include.segmentation.profile.profile_part import ProfilePart


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
