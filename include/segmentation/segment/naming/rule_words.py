"""The rule of a segment in words, and how often the words are right.

A rule by nearest prototypes has no short wording. A small decision tree that imitates it has: its paths to a segment
are ranges of KPIs. At most ``_PATHS`` of them are kept, with bounds of three digits, and a path or a bound is left out
where that changes little. What is written is then measured against the exact rule.
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

_PATHS = 3
_LITTLE = 0.02
_PEOPLE = 20_000


@dataclass(frozen=True)
class RuleWording:
    """A rule for people.

    Attributes:
        fidelity: of the customers whom the words or the exact rule put into the segment, the share that both do; None
            where no words were found that could be measured.
    """

    words: str
    fidelity: float | None


@dataclass(frozen=True)
class _Customers:
    """Customers as distinct vectors, and which of them a segment has.

    Attributes:
        values: float64[vectors, KPIs].
        counts: int64[vectors].
        members: bool[vectors].
        kpis: of the columns.
    """

    values: Floats
    counts: Integers
    members: npt.NDArray[np.bool_]
    kpis: Sequence[Kpi]

    def sample(self) -> "_Customers":
        """Every n-th of them, enough to choose words by."""
        taken, people = take_every_nth(self.counts, _PEOPLE)
        return _Customers(self.values[taken], people, self.members[taken], self.kpis)

    def fidelity(self, paths: Sequence[Path]) -> float:
        """Of the customers on one of the paths or in the segment, the share that are both."""
        told = match_paths(paths, self.values, self.kpis)
        either = self.counts[told | self.members].sum()
        return float(self.counts[told & self.members].sum() / either) if either else 0.0


def describe_rules(cut: StratumCut, kpis: Mapping[str, Kpi]) -> list[RuleWording]:
    """The rules of a stratum's segments for people, one per segment.

    Args:
        cut: the stratum as it was cut.
        kpis: every KPI of the macro segment.
    """
    condition = describe_condition(cut.stratum.when, kpis)
    if cut.is_whole:
        return [RuleWording(condition, 1.0)]
    subject = cut.stratum.label if condition == describe_condition("true", {}) else f"{cut.stratum.label} ({condition})"
    values, counts, shown = cut.vectors.values, cut.vectors.counts, list(cut.vectors.kpis.values())
    of_all = list_paths(explain_clusters(values, counts, cut.labels).tree, shown)
    wordings = []
    for ordinal in range(len(cut.centroids)):
        members = cut.labels == ordinal
        own = of_all.get(ordinal) or list_paths(
            explain_clusters(values, counts, members.astype(np.int64)).tree, shown
        ).get(1, [])
        wordings.append(_worded(_Customers(values, counts, members, shown), own, subject))
    return wordings


def _worded(customers: _Customers, paths: Sequence[Path], subject: str) -> RuleWording:
    sample = customers.sample()
    kept = _simplified(_best(paths, sample), sample)
    if not kept:
        return RuleWording(f"{subject}: no few words tell its customers from the others", None)
    told = "; or ".join(describe_path(path, customers.kpis) for path in kept)
    return RuleWording(f"{subject}: {told}", round(customers.fidelity(kept), 4))


def _best(paths: Sequence[Path], customers: _Customers) -> list[Path]:
    """The paths that agree most, one after the other, while each adds more than a little."""
    kept: list[Path] = []
    for _ in range(min(_PATHS, len(paths))):
        best = max(paths, key=lambda path: customers.fidelity([*kept, path]))
        if customers.fidelity([*kept, best]) < customers.fidelity(kept) + _LITTLE:
            break
        kept.append(best)
    return kept


def _simplified(paths: list[Path], customers: _Customers) -> list[Path]:
    """Without the paths and bounds that change little, all together."""
    enough = customers.fidelity(paths) - _LITTLE
    while True:
        shorter = [found for found in _shorter(paths) if customers.fidelity(found) >= enough]
        if not shorter:
            return paths
        paths = max(shorter, key=customers.fidelity)


def _shorter(paths: list[Path]) -> Iterator[list[Path]]:
    """The paths without one of them, or without one bound of one of them; something always stays."""
    for i, path in enumerate(paths):
        rest = [*paths[:i], *paths[i + 1 :]]
        if rest:
            yield rest
        for bound in path if len(path) > 1 else ():
            yield [*paths[:i], tuple(other for other in path if other != bound), *paths[i + 1 :]]
