"""The rule of a segment in words, and how often the words are right.

A rule by nearest prototypes has no short wording, but a small decision tree that imitates it does: each of its paths to
a segment is a set of KPI ranges. At most ``_MOST_PATHS`` paths are kept, with bounds of three digits. Paths and bounds
that change little are dropped. The resulting words are measured against the exact rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.model.decision_tree import Path, describe_path, list_paths, match_paths
from include.segmentation.profile.kpis import Kpi
from include.segmentation.segment.evidence.cluster_explanation import explain_clusters
from include.segmentation.segment.naming.condition_words import describe_condition
from include.segmentation.segment.space.weighted_statistics import take_every_nth
from include.segmentation.segment.stratum_cut import StratumCut

_MOST_PATHS = 3
_LITTLE = 0.02
_SAMPLE_CUSTOMERS = 20_000


@dataclass(frozen=True)
class RuleWording:
    """A rule for people.

    Attributes:
        fidelity: the share of customers matched by both the words and the exact rule, among those matched by either;
            None if there are no words to measure.
    """

    words: str
    fidelity: float | None


@dataclass(frozen=True)
class _Customers:
    """Customers as distinct vectors, and which of them belong to a segment.

    Attributes:
        values: float64[vectors, KPIs].
        counts: int64[vectors].
        members: bool[vectors].
        kpis: the KPIs of the columns.
    """

    values: Floats
    counts: Integers
    members: npt.NDArray[np.bool_]
    kpis: Sequence[Kpi]

    def take_sample(self) -> "_Customers":
        """Take every n-th customer, enough to choose words by."""
        vectors, sizes = take_every_nth(self.counts, _SAMPLE_CUSTOMERS)
        return _Customers(self.values[vectors], sizes, self.members[vectors], self.kpis)

    def measure_fidelity(self, paths: Sequence[Path]) -> float:
        """Measure the overlap of the paths with the segment: the customers in both, as a share of those in either."""
        matches = match_paths(paths, self.values, self.kpis)
        union = self.counts[matches | self.members].sum()
        return float(self.counts[matches & self.members].sum() / union) if union else 0.0


def describe_rules(cut: StratumCut, kpis: Mapping[str, Kpi]) -> list[RuleWording]:
    """Describe the rules of a stratum's segments, one wording per segment.

    Args:
        cut: the stratum as it was cut.
        kpis: every KPI of the macro segment.
    """
    condition = describe_condition(cut.stratum.when, kpis)
    if cut.is_whole:
        return [RuleWording(condition, 1.0)]
    subject = cut.stratum.label if condition == describe_condition("true", {}) else f"{cut.stratum.label} ({condition})"
    values, counts, columns = cut.vectors.values, cut.vectors.counts, list(cut.vectors.kpis.values())
    paths_by_segment = list_paths(explain_clusters(values, counts, cut.labels).tree, columns)
    wordings = []
    for ordinal in range(len(cut.centroids)):
        members = cut.labels == ordinal
        paths = paths_by_segment.get(ordinal) or list_paths(
            explain_clusters(values, counts, members.astype(np.int64)).tree, columns
        ).get(1, [])
        wordings.append(_describe_rule(_Customers(values, counts, members, columns), paths, subject))
    return wordings


def _describe_rule(customers: _Customers, paths: Sequence[Path], subject: str) -> RuleWording:
    sample = customers.take_sample()
    chosen = _simplify_paths(_choose_paths(paths, sample), sample)
    if not chosen:
        return RuleWording(f"{subject}: no few words tell its customers from the others", None)
    words = "; or ".join(describe_path(path, customers.kpis) for path in chosen)
    return RuleWording(f"{subject}: {words}", round(customers.measure_fidelity(chosen), 4))


def _choose_paths(paths: Sequence[Path], customers: _Customers) -> list[Path]:
    """Add the path that improves the overlap most, while each adds more than a little."""
    chosen: list[Path] = []
    for _ in range(min(_MOST_PATHS, len(paths))):
        best = max(paths, key=lambda path: customers.measure_fidelity([*chosen, path]))
        if customers.measure_fidelity([*chosen, best]) < customers.measure_fidelity(chosen) + _LITTLE:
            break
        chosen.append(best)
    return chosen


def _simplify_paths(paths: list[Path], customers: _Customers) -> list[Path]:
    """Drop paths and bounds as long as that costs little in total."""
    enough = customers.measure_fidelity(paths) - _LITTLE
    while True:
        shorter = [candidate for candidate in _shorten_paths(paths) if customers.measure_fidelity(candidate) >= enough]
        if not shorter:
            return paths
        paths = max(shorter, key=customers.measure_fidelity)


def _shorten_paths(paths: list[Path]) -> Iterator[list[Path]]:
    """Yield the paths without one path, or without one bound; something always remains."""
    for i, path in enumerate(paths):
        rest = [*paths[:i], *paths[i + 1 :]]
        if rest:
            yield rest
        for bound in path if len(path) > 1 else ():
            yield [*paths[:i], tuple(other for other in path if other != bound), *paths[i + 1 :]]
