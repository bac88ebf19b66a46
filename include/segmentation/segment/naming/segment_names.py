"""Names that say what is in a segment: the stratum first, then bands of KPIs in the profile's words.

A claim starts as the bands of the middle half (p25 to p75) of a segment's customers. It is widened band by band until
it covers ``CLAIM_HOLDS``, and a little more, of the customers in ``MIDDLE``; every run checks it by the same rule. A
wide claim says little, so a name uses the KPIs whose claims the fewest *other* customers of the stratum meet.
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
"""Margin for chance: a claim that only just holds at the fit would fail at the next run."""
_MOST_KPIS = 3
_CANDIDATES = 8
_NEARLY = 0.05
"""A name is the shortest that rules out as many of the other customers as any name can, up to this share of them."""

_MUCH = 0.5
"""A KPI whose claim alone rules out at least this share of the others is named as well."""


@dataclass(frozen=True)
class SegmentName:
    """The name of a segment, and what it claims."""

    name: str
    description: str
    bands: list[BandRange]


def name_segments(cuts: Sequence[StratumCut], between: str = ", ") -> list[list[SegmentName]]:
    """Name every segment of a macro segment; no two names are equal.

    Args:
        cuts: its strata; or its segments, to name micro segments.
        between: the text between the stratum's label and the bands.

    Returns:
        One list per stratum with one name per segment.
    """
    by_cut = [[_name_whole(cut)] if cut.is_whole else _name_clusters(cut, between) for cut in cuts]
    uses: Counter[str] = Counter()
    return [[_number_repeated(naming, uses) for naming in namings] for namings in by_cut]


def _name_whole(cut: StratumCut) -> SegmentName:
    return SegmentName(cut.stratum.label, cut.stratum.description or cut.stratum.label, [])


def _name_clusters(cut: StratumCut, between: str) -> list[SegmentName]:
    claims = _use_numbers_for_twins(cut, _Bands(cut).list_claims())
    return [
        SegmentName(
            f"{cut.stratum.label}{between}{_word_claims(cut, of_cluster.values())}",
            _describe_cluster(cut, cluster),
            list(of_cluster.values()),
        )
        for cluster, of_cluster in enumerate(claims)
    ]


def _word_claims(cut: StratumCut, claims: Iterable[BandRange]) -> str:
    return ", ".join(
        f"{format_word_range(claim.low_word, claim.high_word)} {cut.vectors.kpis[claim.kpi].label}" for claim in claims
    )


class _Bands:
    """What bands can claim about the clusters of a stratum.

    Attributes:
        ends: int64[clusters, KPIs, 2], the first and last band of each claim.
        patterns: int64[patterns, KPIs], the combinations of bands that customers are in.
        customers: int64[clusters, patterns], the customers of each.
    """

    def __init__(self, cut: StratumCut) -> None:
        self.kpis = cut.vectors.kpis
        clusters, columns = range(len(cut.centroids)), range(len(self.kpis))
        kpis = list(self.kpis.values())
        self.ends = np.array(
            [
                [_find_claim_ends(*_select_values(cut, cluster, column), kpis[column]) for column in columns]
                for cluster in clusters
            ]
        )
        bands = [np.searchsorted(kpi.bands, cut.vectors.values[:, column], "right") for column, kpi in enumerate(kpis)]
        which = np.zeros(len(cut.labels), dtype=np.int64)
        for kpi, of_kpi in zip(kpis, bands, strict=True):  # number the patterns column by column to avoid overflow
            which = np.unique(which * (len(kpi.bands) + 1) + of_kpi, return_inverse=True)[1]
        self.patterns = np.column_stack(bands)[np.unique(which, return_index=True)[1]]
        self.customers = np.zeros((len(clusters), len(self.patterns)), dtype=np.int64)
        np.add.at(self.customers, (cut.labels, which), cut.vectors.counts)

    def list_claims(self) -> list[dict[int, BandRange]]:
        """Per cluster up to three claims by KPI, in profile order."""
        return [
            {column: self._make_claim(cluster, column) for column in self._choose_kpis(cluster)}
            for cluster in range(len(self.ends))
        ]

    def _make_claim(self, cluster: int, column: int) -> BandRange:
        name, kpi = list(self.kpis.items())[column]
        first, last = self.ends[cluster, column]
        return BandRange(
            kpi=name,
            low_word=kpi.band_words[first],
            high_word=kpi.band_words[last],
            low=kpi.bands[first - 1] if first > 0 else None,
            high=kpi.bands[last] if last < len(kpi.bands) else None,
        )

    def _choose_kpis(self, cluster: int) -> list[int]:
        """Find the fewest KPIs that set the cluster apart and rule out nearly as many others as any claims can."""
        others = np.arange(len(self.ends)) != cluster
        other_customers = self.customers[others].sum(axis=0)
        low, high = self.ends[cluster].T
        outside = (self.patterns < low) | (self.patterns > high)
        differs = (self.ends[others] != self.ends[cluster]).any(axis=2)
        alone = other_customers @ outside
        useful = sorted(np.flatnonzero(alone).tolist(), key=lambda column: (-alone[column], column))[:_CANDIDATES]
        sets = [of_size for size in range(_MOST_KPIS + 1) for of_size in combinations(sorted(useful), size)]
        distinguished = {kpis: int(differs[:, kpis].any(axis=1).sum()) for kpis in sets}
        ruled_out = {kpis: int(other_customers[outside[:, kpis].any(axis=1)].sum()) for kpis in sets}
        best_sets = [kpis for kpis in sets if distinguished[kpis] == max(distinguished.values())]
        least_ruled_out = max(ruled_out[kpis] for kpis in best_sets) - _NEARLY * other_customers.sum()
        sufficient = [kpis for kpis in best_sets if ruled_out[kpis] >= least_ruled_out]
        chosen = min(sufficient, key=lambda kpis: (len(kpis), -ruled_out[kpis], kpis))
        more = [kpi for kpi in useful if kpi not in chosen and alone[kpi] >= _MUCH * other_customers.sum()]
        return sorted([*chosen, *more][:_MOST_KPIS])


def _find_claim_ends(values: Floats, counts: Integers, kpi: Kpi) -> tuple[int, int]:
    """Find the first and last band of the claim about a cluster's customers."""
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


def _use_numbers_for_twins(cut: StratumCut, claims: list[dict[int, BandRange]]) -> list[dict[int, BandRange]]:
    """Claim numbers of the most different KPI where bands are too wide to distinguish clusters."""
    wordings = [_word_claims(cut, of_cluster.values()) for of_cluster in claims]
    results = []
    for words, of_cluster in zip(wordings, claims, strict=True):
        twins = [cluster for cluster, other in enumerate(wordings) if other == words]
        if of_cluster and len(twins) == 1:
            results.append(of_cluster)
            continue
        column = int(np.ptp(cut.centroids[twins] if len(twins) > 1 else cut.centroids, axis=0).argmax())
        others = [(other, claim) for other, claim in of_cluster.items() if other != column][: _MOST_KPIS - 1]
        numbers = _claim_numbers(cut, len(results), column)
        results.append(dict(sorted([*others, (column, numbers)])))
    return results


def _claim_numbers(cut: StratumCut, cluster: int, column: int) -> BandRange:
    name, kpi = list(cut.vectors.kpis.items())[column]
    low, high = find_quantiles(*_select_values(cut, cluster, column), MIDDLE)
    last = format_quantity(high, omit_repeated_unit(kpi.label, kpi.unit))
    words = [format_number(low), last] if low < high else [last, last]
    return BandRange(kpi=name, low_word=words[0], high_word=words[1], low=low, high=high + kpi.resolution / 2)


def _describe_cluster(cut: StratumCut, cluster: int) -> str:
    parts = []
    for column, kpi in enumerate(cut.vectors.kpis.values()):
        low, high = map(format_number, find_quantiles(*_select_values(cut, cluster, column), (0.25, 0.75)))
        parts.append(f"{kpi.label} {low if low == high else f'{low} to {high}'} {kpi.unit}")
    return f"{cut.stratum.label}. The middle half of its customers: {'; '.join(parts)}."


def _select_values(cut: StratumCut, cluster: int, column: int) -> tuple[Floats, Integers]:
    """Return a KPI's values among the customers of a cluster, and the customers behind each."""
    inside = cut.labels == cluster
    return cut.vectors.values[inside, column], cut.vectors.counts[inside]


def _number_repeated(naming: SegmentName, uses: Counter[str]) -> SegmentName:
    uses[naming.name] += 1
    return naming if uses[naming.name] == 1 else replace(naming, name=f"{naming.name} {uses[naming.name]}")
