"""The frozen model of a macro segment: JSON, never a pickle."""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from include.segmentation.model import FrozenPart
from include.segmentation.model.grid_model import GridModel

FORMAT: Final = 2
MIDDLE: Final = (0.05, 0.95)
"""The percentiles that the customers lie between whom a name speaks of."""
CLAIM_HOLDS: Final = 0.9
"""The least share of them for whom what a name or an alias claims has to hold."""


class BandRange(FrozenPart):
    """What a name claims about one KPI: the bands of p25 and p75, widened until the claim held at the fit.

    Attributes:
        low_word, high_word: the words of the lowest and the highest band; numbers where bands were too wide.
        low, high: the claim as numbers, low <= value < high, for at least ``CLAIM_HOLDS`` of the customers whose value
            is in the ``MIDDLE``; None where the band is open.
    """

    kpi: str
    low_word: str
    high_word: str
    low: float | None
    high: float | None


class Evidence(FrozenPart):
    """One number about a fit that was tried: a row of ``fct_model_quality``.

    Attributes:
        stratum: its name; with the ordinal of a segment, ``repeat.02``, where that was to be cut into micro segments.
    """

    stratum: str
    algorithm: str
    k: int
    metric: str
    value: float | None
    standard_error: float | None = None


class KpiAxis(FrozenPart):
    """How one KPI becomes a coordinate: (transform(value) - center) / spread * weight.

    Attributes:
        cuts: of ``clip`` its two ends; of ``quantile`` the rising values at which the share of customers is known.
        shares: of ``quantile``, at each cut; between two cuts the share rises in a straight line.
        undefined_as: the value that counts where the KPI is undefined; None where it never is.
    """

    kpi: str
    transform: Literal["none", "log1p", "asinh", "sqrt", "quantile", "clip"] = "none"
    cuts: list[float] = Field(default_factory=list)
    shares: list[float] = Field(default_factory=list)
    center: float = 0.0
    spread: float = 1.0
    weight: float = 1.0
    undefined_as: float | None = None


class DriftReference(FrozenPart):
    """How one KPI was distributed among the customers of a stratum at the fit: what drift is measured against.

    Attributes:
        edges: rising values that part the customers who have another value than 0; an edge is in the bin above it.
        customers: how many had 0, then how many were in each bin.
    """

    kpi: str
    edges: list[float]
    customers: list[int]


class StratumPicture(FrozenPart):
    """Some customers of a stratum at the fit, in the plane of its first two principal components. It labels nobody.

    Attributes:
        variance: the share of the scaled KPIs' variance that each of the two holds.
        loadings: float64[2][axes].
        silhouette, silhouette_in_plane: of the segments, in all scaled KPIs and in the plane alone, on one sample; None
            where only one of them is in it.
        silhouettes: float64[segments][customers], of some customers of that sample in all scaled KPIs, the highest
            first; none where only one segment is in it, and in models of versions that did not keep them.
        points: float64[customers][2], from the mean of all.
        segments: int64[customers], the ordinals of their segments from 0.
    """

    variance: list[float]
    loadings: list[list[float]]
    silhouette: float | None
    silhouette_in_plane: float | None
    silhouettes: list[list[float]] = Field(default_factory=list)
    points: list[list[float]]
    segments: list[int]


class SegmentDefinition(FrozenPart):
    """One segment of a stratum, or one micro segment of a segment.

    Attributes:
        key: opaque, stable across models, never reused.
        path: where it stands, for display only: ``value.repeat.02``; ``value.repeat.02.01`` for a micro segment.
        prototypes: points in the space of its division; whoever is nearest to one of them belongs to the segment. One,
            its centroid, for a segment of k-means; empty for a stratum that is one segment.
        name: fixed when the model is accepted.
        bands: what the name claims.
        rule_sql: the exact rule as a SQL condition over the macro segment's KPIs.
        rule_words: the rule for people.
        fidelity: of the customers whom the words or the exact rule put into the segment, the share that both do; None
            where it was not measured.
        customers_at_fit: how many customers it had at effective_from.
        micro: how it is cut once more; None where the profile does not ask for it.
    """

    key: str
    path: str
    name: str
    description: str
    prototypes: list[list[float]]
    bands: list[BandRange]
    rule_sql: str
    rule_words: str
    fidelity: float | None = None
    customers_at_fit: int
    micro: "Division | None" = None

    @property
    def parts(self) -> list["SegmentDefinition"]:
        """Its micro segments."""
        return self.micro.segments if self.micro else []


class SegmentJoin(FrozenPart):
    """Two parts of a division that are more alike than any others at that step.

    Attributes:
        left, right: segments by their ordinals from 0; from the number of segments on, earlier joins by their order.
        height: how much of what the customers differ in is lost by this and all earlier joins, as a share.
    """

    left: int
    right: int
    height: float


class Division(FrozenPart):
    """How customers are parted: whoever is nearest to one of the prototypes of a segment belongs to it.

    Attributes:
        axes: one per KPI that the segments are cut by; empty where there is nothing to choose.
        components: float64[dimensions][axes], the principal components that prototypes are points of; empty where
            prototypes are points of the axes themselves.
        segments: the parts, best first; none where a segment could not be cut into micro segments.
        joins: which of them are alike, until one is left.
        note: what a reader should know about this fit ("fewer than 200 customers: not cut").
    """

    axes: list[KpiAxis] = Field(default_factory=list)
    components: list[list[float]] = Field(default_factory=list)
    segments: list[SegmentDefinition]
    joins: list[SegmentJoin] = Field(default_factory=list)
    note: str = ""

    @property
    def kpis(self) -> list[str]:
        """The columns that it is clustered on."""
        return [axis.kpi for axis in self.axes]

    @property
    def undefined_as(self) -> dict[str, float]:
        """What stands for undefined, by KPI."""
        return {axis.kpi: axis.undefined_as for axis in self.axes if axis.undefined_as is not None}


class StratumModel(Division):
    """How one stratum is labelled; without axes it is one segment.

    Attributes:
        references: how each of its KPIs was distributed at the fit.
        picture: what it looked like at the fit; None where there is nothing to draw.
    """

    name: str
    label: str
    when: str
    references: list[DriftReference] = Field(default_factory=list)
    picture: StratumPicture | None = None

    def list_divisions(self) -> list[tuple[str, Division]]:
        """What is cut in it: itself, then its segments that are cut once more, by where they are (``repeat.02``)."""
        inside = [(f"{self.name}.{n:02d}", segment.micro) for n, segment in enumerate(self.segments, start=1)]
        return [(self.name, self), *((place, micro) for place, micro in inside if micro)]


class Lineage(FrozenPart):
    """What became of a segment of the previous model at the same as_of, on the same customers.

    Attributes:
        share: of the previous segment's customers that the new segment took.
    """

    from_key: str | None
    to_key: str | None
    kind: Literal["survived", "split", "merged", "appeared", "disappeared"]
    jaccard: float
    share: float


class Model(FrozenPart):
    """Everything that a fit froze for one macro segment.

    Attributes:
        effective_from: the as_of it was fitted at, UTC.
        customers: how many customers it was fitted on.
        windows, resolutions: the KPIs it reads, the windows they had and what they were rounded to; measured otherwise,
            it would label another thing.
        lineage: what became of the previous model's segments; empty for the first model.
        grid: customers by two scores, beside the segments; None where the profile asks for none.
    """

    format: Literal[2] = FORMAT
    model_id: str
    profile: str
    macro_segment: str
    effective_from: datetime
    seed: int
    customers: int
    strata: list[StratumModel]
    evidence: list[Evidence]
    windows: dict[str, str] = Field(default_factory=dict)
    resolutions: dict[str, float] = Field(default_factory=dict)
    lineage: list[Lineage] = Field(default_factory=list)
    grid: GridModel | None = None

    def list_segments(self) -> list[SegmentDefinition]:
        """All segments, in the order of the strata."""
        return [segment for stratum in self.strata for segment in stratum.segments]

    def list_micro_segments(self) -> list[SegmentDefinition]:
        """All micro segments, in the order of their segments."""
        return [part for segment in self.list_segments() for part in segment.parts]

    def map_parents(self) -> dict[str, str]:
        """Key of a micro segment -> key of the segment that it is inside."""
        return {part.key: segment.key for segment in self.list_segments() for part in segment.parts}
