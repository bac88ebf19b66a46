"""Strata: kinds of customers that a rule sets apart, and how each kind is clustered."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from include.segmentation.profile.conditions import Condition
from include.segmentation.profile.identifiers import DifferentNames, ProfileName, SqlName
from include.segmentation.profile.profile_part import ProfilePart


def _expand_choice(value: Any) -> Any:
    """Expand ``auto`` to an empty mapping and ``none`` to None."""
    if isinstance(value, str) and value not in ("auto", "none"):
        raise ValueError("allowed: none, auto and a mapping such as {k: 4}")
    return {"auto": {}, "none": None}[value] if isinstance(value, str) else value


def _require_components(value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    if value is None or is_number or (isinstance(value, float) and 0 < value < 1):
        return value
    raise ValueError("allowed: a number of components (1 or more) and a share of the variance (between 0 and 1)")


class _Choice(ProfilePart):
    """The number of clusters: fixed, or chosen by evidence up to ``k_max``."""

    k: Literal["auto"] | Annotated[int, Field(ge=2, le=12)] = "auto"
    k_max: int = Field(6, ge=2, le=12)

    @model_validator(mode="after")
    def _refuse_k_and_k_max(self) -> Self:
        if self.k != "auto" and "k_max" in self.model_fields_set:
            raise ValueError(f"k is {self.k} and k_max {self.k_max}; allowed: one of them, k_max limits k: auto")
        return self

    @property
    def ks(self) -> list[int]:
        """The numbers of clusters to try."""
        return list(range(2, self.k_max + 1)) if self.k == "auto" else [self.k]


class MicroSegmentation(_Choice):
    """How the segments of a stratum are divided into micro segments.

    Attributes:
        kpis: the KPIs to cluster on; by default the stratum's.
    """

    kpis: DifferentNames | None = None


class ClusterChoice(_Choice):
    """How a stratum is clustered.

    Attributes:
        algorithm: the algorithm of the published segments; the others are only compared with it.
        pca: the number of principal components of the scaled KPIs to cluster on, or the share of the variance that they
            must explain; by default the scaled KPIs themselves are used.
        undefined_as: KPI -> the value that replaces an undefined one in distances. Published values stay undefined.
        micro: how segments are divided into micro segments; by default not at all.
    """

    algorithm: Literal["kmeans", "ward"] = "kmeans"
    pca: Annotated[int | float | None, BeforeValidator(_require_components)] = None
    undefined_as: dict[SqlName, float] = Field(default_factory=dict)
    micro: Annotated[MicroSegmentation | None, BeforeValidator(_expand_choice)] = None


class Stratum(ProfilePart):
    """A kind of customer that a rule sets apart before any clustering.

    Attributes:
        when: a SQL condition over the macro segment's KPIs and ``age_days``.
        label: the start of every segment name in this stratum ("Bought once").
        became: how a headline says that customers entered it: "went quiet" follows "1,240 learners".
        kpis: the KPIs to cluster on.
        cluster: how to cluster it, such as ``auto`` or ``{k: 4}``; ``none`` if the whole stratum is one segment.
    """

    name: ProfileName
    label: str
    when: Condition
    became: str = ""
    description: str = ""
    kpis: DifferentNames = Field(default_factory=list)
    cluster: Annotated[ClusterChoice | None, BeforeValidator(_expand_choice)] = None
    recommended_action: str = ""
    owner: str = ""

    @model_validator(mode="after")
    def _require_kpis_and_cluster(self) -> Self:
        if self.cluster and not self.kpis:
            raise ValueError(f"stratum '{self.name}' has cluster but no kpis; kpis is missing")
        if self.kpis and not self.cluster:
            raise ValueError(f"stratum '{self.name}' has kpis but no cluster; allowed: cluster: auto, or no kpis")
        pca = self.cluster.pca if self.cluster else None
        if isinstance(pca, int) and pca > len(self.kpis):
            raise ValueError(f"stratum '{self.name}': pca is {pca}; allowed: up to {len(self.kpis)}, one per KPI")
        return self

    @property
    def micro(self) -> ClusterChoice | None:
        """How its segments are divided: like the stratum, except for the number of clusters; None if they are not."""
        cluster, kpis = self.cluster, self.micro_kpis
        if cluster is None or cluster.micro is None:
            return None
        choice = cluster.micro.model_dump(include={"k", "k_max"}, exclude_unset=True)
        undefined_as = {kpi: value for kpi, value in cluster.undefined_as.items() if kpi in kpis}
        return ClusterChoice(algorithm=cluster.algorithm, pca=cluster.pca, undefined_as=undefined_as, **choice)

    @property
    def micro_kpis(self) -> list[str]:
        """The KPIs by which its segments are divided into micro segments; empty if they are not."""
        micro = self.cluster.micro if self.cluster else None
        return (micro.kpis or self.kpis) if micro else []

    @property
    def clustered_on(self) -> list[str]:
        """Every KPI that its segments or micro segments are clustered on."""
        return list(dict.fromkeys([*self.kpis, *self.micro_kpis]))
