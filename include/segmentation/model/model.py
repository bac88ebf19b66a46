"""The frozen model of a macro segment: JSON, never a pickle."""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from include.segmentation.model import FrozenPart
from include.segmentation.model.grid_model import GridModel

FORMAT: Final = 2
MIDDLE: Final = (0.05, 0.95)
"""A name describes the customers between these percentiles."""
CLAIM_HOLDS: Final = 0.9
"""A name or alias must hold for at least this share of them."""


class BandRange(FrozenPart):
    """What a name claims about one KPI: the bands of p25 and p75, widened until the claim held at the fit.

    Attributes:
        low_word, high_word: the words of the lowest and highest band, or numbers where the bands were too wide.
        low, high: the claim as numbers, low <= value < high; None at an open end. It holds for at least ``CLAIM_HOLDS``
            of the customers whose value lies within ``MIDDLE``.
    """

    kpi: str
    low_word: str
    high_word: str
    low: float | None
    high: float | None


class Evidence(FrozenPart):
    """One number about a fit that was tried: a row of ``fct_model_quality``.

    Attributes:
        stratum: its name; for micro segments followed by the ordinal of their segment, ``repeat.02``.
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
        cuts: for ``clip`` its two ends; for ``quantile`` the rising values at which ``shares`` are known.
        shares: for ``quantile`` the share of customers at each cut, with straight lines in between.
        undefined_as: the value that replaces an undefined KPI; None if it is never undefined.
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
    """The distribution of one KPI among a stratum's customers at the fit: the reference for drift.

    Attributes:
        edges: rising values that separate the bins of customers whose value is not 0; an edge belongs to the bin above.
        customers: the customers whose value was 0, then those of each bin.
    """

    kpi: str
    edges: list[float]
    customers: list[int]


class StratumPicture(FrozenPart):
    """Some customers of a stratum at the fit, in the plane of its first two principal components, for display only.

    Attributes:
        variance: the share of the scaled KPIs' variance that each component explains.
        loadings: float64[2][axes].
        silhouette, silhouette_in_plane: of the segments in all scaled KPIs and in the plane alone, on one sample; None
            if the sample contains only one segment.
        silhouettes: float64[segments][customers], the silhouettes of some customers of that sample in all scaled KPIs,
            highest first; empty if the sample contains only one segment, and in models of older versions.
        points: float64[customers][2], relative to the mean of all customers.
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
        path: its position, for display only: ``value.repeat.02``; ``value.repeat.02.01`` for a micro segment.
        prototypes: points in the space of its division; a customer belongs to the segment of the nearest prototype. A
            k-means segment has one, its centroid; a stratum that is one segment has none.
        name: fixed when the model is accepted.
        bands: what the name claims.
        rule_sql: the exact rule as a SQL condition over the macro segment's KPIs.
        rule_words: the rule for people.
        fidelity: the share of customers matched by both the words and the exact rule, among those matched by either;
            None if it was not measured.
        customers_at_fit: the number of its customers at effective_from.
        micro: its division into micro segments; None if the profile asks for none.
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
    """The two most similar parts of a division at one step of its dendrogram.

    Attributes:
        left, right: ordinals of segments from 0; higher numbers refer to earlier joins in their order.
        height: the share of the customers' spread that is lost by this and all earlier joins.
    """

    left: int
    right: int
    height: float


class Division(FrozenPart):
    """How customers are divided: each belongs to the segment of the nearest prototype.

    Attributes:
        axes: one per KPI that the customers are clustered on; empty if there is only one segment.
        components: float64[dimensions][axes], the principal components in whose space prototypes lie; empty if
            prototypes lie in the space of the axes.
        segments: the parts, best first; empty for a segment that could not be cut into micro segments.
        joins: the dendrogram of the segments.
        note: remarks about this fit for readers ("fewer than 200 customers: not cut").
    """

    axes: list[KpiAxis] = Field(default_factory=list)
    components: list[list[float]] = Field(default_factory=list)
    segments: list[SegmentDefinition]
    joins: list[SegmentJoin] = Field(default_factory=list)
    note: str = ""

    @property
    def kpis(self) -> list[str]:
        """The columns that the customers are clustered on."""
        return [axis.kpi for axis in self.axes]

    @property
    def undefined_as(self) -> dict[str, float]:
        """The values that replace undefined KPIs, by KPI."""
        return {axis.kpi: axis.undefined_as for axis in self.axes if axis.undefined_as is not None}


class StratumModel(Division):
    """How the customers of one stratum are labelled; without axes it is one segment.

    Attributes:
        references: the distribution of each of its KPIs at the fit.
        picture: the stratum at the fit; None if there is nothing to draw.
    """

    name: str
    label: str
    when: str
    references: list[DriftReference] = Field(default_factory=list)
    picture: StratumPicture | None = None

    def list_divisions(self) -> list[tuple[str, Division]]:
        """List the stratum and its segments with micro segments, each with its place (``repeat.02``)."""
        inside = [(f"{self.name}.{n:02d}", segment.micro) for n, segment in enumerate(self.segments, start=1)]
        return [(self.name, self), *((place, micro) for place, micro in inside if micro)]


class Lineage(FrozenPart):
    """What became of a segment of the previous model, for the same customers at the same as_of.

    Attributes:
        share: the share of the previous segment's customers that the new segment contains.
    """

    from_key: str | None
    to_key: str | None
    kind: Literal["survived", "split", "merged", "appeared", "disappeared"]
    jaccard: float
    share: float


class Model(FrozenPart):
    """Everything that a fit froze for one macro segment.

    Attributes:
        effective_from: the as_of of the fit, UTC.
        customers: the number of customers at the fit.
        windows, resolutions: the windows and resolutions of the KPIs that the model reads. It cannot label customers
            whose KPIs are measured differently.
        lineage: what became of the previous model's segments; empty for the first model.
        grid: customers by two scores; None if the profile asks for none.
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
        """List all segments in the order of the strata."""
        return [segment for stratum in self.strata for segment in stratum.segments]

    def list_micro_segments(self) -> list[SegmentDefinition]:
        """List all micro segments in the order of their segments."""
        return [part for segment in self.list_segments() for part in segment.parts]

    def map_parents(self) -> dict[str, str]:
        """Map the key of each micro segment to the key of its segment."""
        return {part.key: segment.key for segment in self.list_segments() for part in segment.parts}
