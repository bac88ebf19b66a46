"""Names that say what is in a segment: the stratum first, then bands of KPIs in the profile's own words."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from include.segmentation.macro_segment import Kpi
from include.segmentation.model import BandRange
from include.segmentation.segment.cut import Cut
from include.segmentation.segment.weighted import quantile

_MOST_KPIS = 3


@dataclass(frozen=True)
class Naming:
    """What a segment is called, and what that claims."""

    name: str
    description: str
    bands: list[BandRange]


def name_segments(cuts: Sequence[Cut]) -> list[list[Naming]]:
    """Name every segment of a macro segment, no two alike: one list per stratum, one naming per segment."""
    named = [[_name_whole(cut)] if cut.is_whole else _told_apart(cut, _name_clusters(cut)) for cut in cuts]
    seen: Counter[str] = Counter()
    return [[_numbered(naming, seen) for naming in namings] for namings in named]


def number(value: float) -> str:
    """A number as people write it: at most two decimals, none that say nothing."""
    text = f"{round(value, 2) + 0.0:.2f}"  # + 0.0: never "-0"
    return text.rstrip("0").rstrip(".")


def _name_whole(cut: Cut) -> Naming:
    return Naming(cut.stratum.label, cut.stratum.description or cut.stratum.label, [])


def _name_clusters(cut: Cut) -> list[Naming]:
    columns = range(len(cut.vectors.kpis))
    bands = [[_band(cut, cluster, column) for column in columns] for cluster in range(len(cut.centroids))]
    telling = [len({(row[column].low_word, row[column].high_word) for row in bands}) > 1 for column in columns]
    namings = []
    for cluster in range(len(cut.centroids)):
        chosen = _distinguishing(cut, cluster, telling)
        claims = [bands[cluster][column] for column in chosen]
        words = [cut.stratum.label, *(_phrase(claim, cut.vectors.kpis[claim.kpi]) for claim in claims)]
        namings.append(Naming(", ".join(words), _describe(cut, cluster), claims))
    return namings


def _distinguishing(cut: Cut, cluster: int, telling: Sequence[bool]) -> list[int]:
    """Up to three KPIs whose bands differ between clusters: the farthest from the stratum's mean, in profile order."""
    mean = (cut.vectors.points * cut.vectors.counts[:, None]).sum(axis=0) / cut.vectors.counts.sum()
    distance = np.abs(cut.centroids[cluster] - mean)
    columns = range(len(cut.vectors.kpis))
    candidates = [column for column in columns if telling[column]] or list(columns)
    return sorted(sorted(candidates, key=lambda column: (-distance[column], column))[:_MOST_KPIS])


def _band(cut: Cut, cluster: int, column: int) -> BandRange:
    name, kpi = list(cut.vectors.kpis.items())[column]
    low, high = _quartiles(cut, cluster, column)
    first, last = bisect_right(kpi.bands, low), bisect_right(kpi.bands, high)
    return BandRange(
        kpi=name,
        low_word=kpi.band_words[first],
        high_word=kpi.band_words[last],
        low=kpi.bands[first - 1] if first > 0 else None,
        high=kpi.bands[last] if last < len(kpi.bands) else None,
    )


def _phrase(band: BandRange, kpi: Kpi) -> str:
    words = band.low_word if band.low_word == band.high_word else f"{band.low_word} To {band.high_word}"
    return f"{words} {kpi.label}"


def _describe(cut: Cut, cluster: int) -> str:
    parts = []
    for column, kpi in enumerate(cut.vectors.kpis.values()):
        low, high = _quartiles(cut, cluster, column)
        span = number(low) if low == high else f"{number(low)} to {number(high)}"
        parts.append(f"{kpi.label} {span} {kpi.unit}")
    return f"{cut.stratum.label}. The middle half of its customers: {'; '.join(parts)}."


def _quartiles(cut: Cut, cluster: int, column: int) -> tuple[float, float]:
    inside = cut.labels == cluster
    values, counts = cut.vectors.values[inside, column], cut.vectors.counts[inside]
    return quantile(values, counts, 0.25), quantile(values, counts, 0.75)


def _told_apart(cut: Cut, namings: list[Naming]) -> list[Naming]:
    """Where bands are too wide to tell two clusters apart, add the median of the KPI that they differ in most."""
    alike = Counter(naming.name for naming in namings)
    return [
        replace(naming, name=f"{naming.name} ({_typical(cut, namings, cluster)})") if alike[naming.name] > 1 else naming
        for cluster, naming in enumerate(namings)
    ]


def _typical(cut: Cut, namings: list[Naming], cluster: int) -> str:
    twins = [i for i, naming in enumerate(namings) if naming.name == namings[cluster].name]
    column = int(np.ptp(cut.centroids[twins], axis=0).argmax())
    kpi = list(cut.vectors.kpis.values())[column]
    inside = cut.labels == cluster
    median = quantile(cut.vectors.values[inside, column], cut.vectors.counts[inside], 0.5)
    return f"{kpi.label} about {number(median)} {kpi.unit}"


def _numbered(naming: Naming, seen: Counter[str]) -> Naming:
    seen[naming.name] += 1
    return naming if seen[naming.name] == 1 else replace(naming, name=f"{naming.name} {seen[naming.name]}")
