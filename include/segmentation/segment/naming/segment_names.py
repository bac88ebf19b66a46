"""Names that say what is in a segment: the stratum first, then bands of KPIs in the profile's own words.

A claim begins as the bands of the middle half (p25 to p75) of a segment's customers and is widened, band by band, until
it covers ``CLAIM_HOLDS`` of those in the ``MIDDLE``, which is what every run checks it by, and a little more. A wide
claim says little. So a name takes the KPIs whose claims the fewest *other* customers of the stratum meet.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.common.text import format_number, format_quantity, format_word_range, omit_repeated_unit
from include.segmentation.model.model import CLAIM_HOLDS, MIDDLE, BandRange
from include.segmentation.profile.kpis import Kpi
from include.segmentation.segment.space.weighted_statistics import find_quantiles
from include.segmentation.segment.stratum_cut import StratumCut

_ROOM = 0.03
"""A claim that just holds at the fit would fail at the next run by chance."""
_MOST_KPIS = 3
_CANDIDATES = 8
_NEARLY = 0.05
"""A name is the shortest that rules out as many of the other customers as any would, but for this share of them."""

_MUCH = 0.5
"""Whatever a KPI's claim alone rules out so many of is worth saying too."""


@dataclass(frozen=True)
class SegmentName:
    """What a segment is called, and what that claims."""

    name: str
    description: str
    bands: list[BandRange]


def name_segments(cuts: Sequence[StratumCut], between: str = ", ") -> list[list[SegmentName]]:
    """Name every segment of a macro segment, no two alike.

    Args:
        cuts: of its strata; or of its segments, to name micro segments.
        between: what stands between the label of the stratum and the bands.

    Returns:
        One list per stratum, one naming per segment.
    """
    named = [[_name_whole(cut)] if cut.is_whole else _name_clusters(cut, between) for cut in cuts]
    seen: Counter[str] = Counter()
    return [[_numbered(naming, seen) for naming in namings] for namings in named]


def _name_whole(cut: StratumCut) -> SegmentName:
    return SegmentName(cut.stratum.label, cut.stratum.description or cut.stratum.label, [])


def _name_clusters(cut: StratumCut, between: str) -> list[SegmentName]:
    claims = _in_numbers_where_alike(cut, _Bands(cut).claims())
    return [
        SegmentName(
            f"{cut.stratum.label}{between}{_said(cut, of_cluster.values())}",
            _describe(cut, cluster),
            list(of_cluster.values()),
        )
        for cluster, of_cluster in enumerate(claims)
    ]


def _said(cut: StratumCut, claims: Iterable[BandRange]) -> str:
    return ", ".join(
        f"{format_word_range(claim.low_word, claim.high_word)} {cut.vectors.kpis[claim.kpi].label}" for claim in claims
    )


class _Bands:
    """What bands can claim about the clusters of a stratum.

    Attributes:
        ends: int64[clusters, KPIs, 2], the first and the last band of each claim.
        patterns: int64[patterns, KPIs], the bands that customers are in.
        customers: int64[clusters, patterns], how many.
    """

    def __init__(self, cut: StratumCut) -> None:
        self.kpis = cut.vectors.kpis
        clusters, columns = range(len(cut.centroids)), range(len(self.kpis))
        kpis = list(self.kpis.values())
        self.ends = np.array(
            [[_ends(*_values(cut, cluster, column), kpis[column]) for column in columns] for cluster in clusters]
        )
        bands = [np.searchsorted(kpi.bands, cut.vectors.values[:, column], "right") for column, kpi in enumerate(kpis)]
        which = np.zeros(len(cut.labels), dtype=np.int64)
        for kpi, of_kpi in zip(
            kpis, bands, strict=True
        ):  # a number for each pattern, column by column: never too large
            which = np.unique(which * (len(kpi.bands) + 1) + of_kpi, return_inverse=True)[1]
        self.patterns = np.column_stack(bands)[np.unique(which, return_index=True)[1]]
        self.customers = np.zeros((len(clusters), len(self.patterns)), dtype=np.int64)
        np.add.at(self.customers, (cut.labels, which), cut.vectors.counts)

    def claims(self) -> list[dict[int, BandRange]]:
        """Per cluster up to three claims by KPI, in profile order."""
        return [
            {column: self._claim(cluster, column) for column in self._telling(cluster)}
            for cluster in range(len(self.ends))
        ]

    def _claim(self, cluster: int, column: int) -> BandRange:
        name, kpi = list(self.kpis.items())[column]
        first, last = self.ends[cluster, column]
        return BandRange(
            kpi=name,
            low_word=kpi.band_words[first],
            high_word=kpi.band_words[last],
            low=kpi.bands[first - 1] if first > 0 else None,
            high=kpi.bands[last] if last < len(kpi.bands) else None,
        )

    def _telling(self, cluster: int) -> list[int]:
        """The fewest KPIs that tell the cluster from all others by words, and rule out nearly all that claims can."""
        others = np.arange(len(self.ends)) != cluster
        strangers = self.customers[others].sum(axis=0)
        low, high = self.ends[cluster].T
        outside = (self.patterns < low) | (self.patterns > high)
        differs = (self.ends[others] != self.ends[cluster]).any(axis=2)
        alone = strangers @ outside
        useful = sorted(np.flatnonzero(alone).tolist(), key=lambda column: (-alone[column], column))[:_CANDIDATES]
        sets = [of_size for size in range(_MOST_KPIS + 1) for of_size in combinations(sorted(useful), size)]
        told = {kpis: int(differs[:, kpis].any(axis=1).sum()) for kpis in sets}
        ruled_out = {kpis: int(strangers[outside[:, kpis].any(axis=1)].sum()) for kpis in sets}
        telling = [kpis for kpis in sets if told[kpis] == max(told.values())]
        enough = max(ruled_out[kpis] for kpis in telling) - _NEARLY * strangers.sum()
        short = [kpis for kpis in telling if ruled_out[kpis] >= enough]
        chosen = min(short, key=lambda kpis: (len(kpis), -ruled_out[kpis], kpis))
        more = [kpi for kpi in useful if kpi not in chosen and alone[kpi] >= _MUCH * strangers.sum()]
        return sorted([*chosen, *more][:_MOST_KPIS])


def _ends(values: Floats, counts: Integers, kpi: Kpi) -> tuple[int, int]:
    """The first and the last band of the claim about a cluster's customers."""
    low, p25, p75, high = find_quantiles(values, counts, [MIDDLE[0], 0.25, 0.75, MIDDLE[1]])
    middle = (values >= low) & (values <= high)
    bands = np.searchsorted(kpi.bands, values[middle], "right")
    customers = np.bincount(bands, weights=counts[middle], minlength=len(kpi.bands) + 1)
    first, last = bisect_right(kpi.bands, p25), bisect_right(kpi.bands, p75)
    while customers[first : last + 1].sum() < (CLAIM_HOLDS + _ROOM) * customers.sum():
        below = customers[first - 1] if first > 0 else -1
        above = customers[last + 1] if last < len(kpi.bands) else -1
        first, last = (first - 1, last) if below >= above else (first, last + 1)
    return first, last


def _in_numbers_where_alike(cut: StratumCut, claims: list[dict[int, BandRange]]) -> list[dict[int, BandRange]]:
    """Where bands are too wide to tell clusters apart, claim numbers of the KPI that they differ in most."""
    said = [_said(cut, of_cluster.values()) for of_cluster in claims]
    told = []
    for words, of_cluster in zip(said, claims, strict=True):
        twins = [cluster for cluster, other in enumerate(said) if other == words]
        if of_cluster and len(twins) == 1:
            told.append(of_cluster)
            continue
        column = int(np.ptp(cut.centroids[twins] if len(twins) > 1 else cut.centroids, axis=0).argmax())
        kept = [(other, claim) for other, claim in of_cluster.items() if other != column][: _MOST_KPIS - 1]
        numbers = _claim_of_numbers(cut, len(told), column)
        told.append(dict(sorted([*kept, (column, numbers)])))
    return told


def _claim_of_numbers(cut: StratumCut, cluster: int, column: int) -> BandRange:
    name, kpi = list(cut.vectors.kpis.items())[column]
    low, high = find_quantiles(*_values(cut, cluster, column), MIDDLE)
    last = format_quantity(high, omit_repeated_unit(kpi.label, kpi.unit))
    words = [format_number(low), last] if low < high else [last, last]
    return BandRange(kpi=name, low_word=words[0], high_word=words[1], low=low, high=high + kpi.resolution / 2)


def _describe(cut: StratumCut, cluster: int) -> str:
    parts = []
    for column, kpi in enumerate(cut.vectors.kpis.values()):
        low, high = map(format_number, find_quantiles(*_values(cut, cluster, column), (0.25, 0.75)))
        parts.append(f"{kpi.label} {low if low == high else f'{low} to {high}'} {kpi.unit}")
    return f"{cut.stratum.label}. The middle half of its customers: {'; '.join(parts)}."


def _values(cut: StratumCut, cluster: int, column: int) -> tuple[Floats, Integers]:
    """A KPI's values among the customers of a cluster, and how many have each."""
    inside = cut.labels == cluster
    return cut.vectors.values[inside, column], cut.vectors.counts[inside]


def _numbered(naming: SegmentName, seen: Counter[str]) -> SegmentName:
    seen[naming.name] += 1
    return naming if seen[naming.name] == 1 else replace(naming, name=f"{naming.name} {seen[naming.name]}")
