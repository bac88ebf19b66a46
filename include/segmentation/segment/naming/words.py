"""The rule of a segment in words, and how often the words are right.

A rule by nearest prototypes has no short wording. A small decision tree that imitates it has: its paths to a segment
are ranges of KPIs. At most ``_PATHS`` of them are kept, with bounds of three digits, and a path or a bound is left out
where that changes little. What is written is then measured against the exact rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from include.segmentation.macro_segment import Kpi
from include.segmentation.phrases import number, quantity, unit_beside
from include.segmentation.segment.cut import Cut
from include.segmentation.segment.evidence.tree import Explanation, explain
from include.segmentation.segment.naming.condition import in_words
from include.segmentation.segment.space.weighted import Floats, Integers, every_nth

_PATHS = 3
_LITTLE = 0.02
_PEOPLE = 20_000


@dataclass(frozen=True)
class Wording:
    """A rule for people.

    Attributes:
        fidelity: of the customers whom the words or the exact rule put into the segment, the share that both do; None
            where no words were found that could be measured.
    """

    words: str
    fidelity: float | None


class _Bound(NamedTuple):
    """One end of a range of a KPI: from ``at`` on, or below it."""

    column: int
    is_low: bool
    at: float


_Path = tuple[_Bound, ...]
"""Bounds that all have to hold, by column, the upper first."""


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
        taken, people = every_nth(self.counts, _PEOPLE)
        return _Customers(self.values[taken], people, self.members[taken], self.kpis)

    def fidelity(self, paths: Sequence[_Path]) -> float:
        """Of the customers on one of the paths or in the segment, the share that are both."""
        told = np.zeros(len(self.counts), dtype=np.bool_)
        for path in paths:
            told |= np.logical_and.reduce([self._hold(bound) for bound in path], axis=0)
        either = self.counts[told | self.members].sum()
        return float(self.counts[told & self.members].sum() / either) if either else 0.0

    def _hold(self, bound: _Bound) -> npt.NDArray[np.bool_]:
        border = bound.at - self.kpis[bound.column].resolution / 2  # between two values, whatever their last bit
        above = self.values[:, bound.column] >= border
        return above if bound.is_low else ~above


def word_rules(cut: Cut, kpis: Mapping[str, Kpi]) -> list[Wording]:
    """The rules of a stratum's segments for people, one per segment.

    Args:
        cut: the stratum as it was cut.
        kpis: every KPI of the macro segment.
    """
    condition = in_words(cut.stratum.when, kpis)
    if cut.is_whole:
        return [Wording(condition, 1.0)]
    subject = cut.stratum.label if condition == in_words("true", {}) else f"{cut.stratum.label} ({condition})"
    values, counts, shown = cut.vectors.values, cut.vectors.counts, list(cut.vectors.kpis.values())
    of_all = _paths(explain(values, counts, cut.labels), shown)
    wordings = []
    for ordinal in range(len(cut.centroids)):
        members = cut.labels == ordinal
        paths = of_all.get(ordinal) or _paths(explain(values, counts, members.astype(np.int64)), shown).get(1, [])
        wordings.append(_worded(_Customers(values, counts, members, shown), paths, subject))
    return wordings


def _worded(customers: _Customers, paths: Sequence[_Path], subject: str) -> Wording:
    sample = customers.sample()
    kept = _simplified(_best(paths, sample), sample)
    if not kept:
        return Wording(f"{subject}: no few words tell its customers from the others", None)
    told = "; or ".join(_in_words(path, customers.kpis) for path in kept)
    return Wording(f"{subject}: {told}", round(customers.fidelity(kept), 4))


def _paths(explanation: Explanation, kpis: Sequence[Kpi]) -> dict[int, list[_Path]]:
    """Label -> the paths of the tree that lead to it; two branches that end in one label are none."""
    tree, labels = explanation.tree.tree_, explanation.tree.classes_

    def below(node: int) -> list[tuple[int, _Path]]:
        if tree.children_left[node] < 0:
            return [(int(labels[tree.value[node, 0].argmax()]), ())]
        column = int(tree.feature[node])
        at = _border(float(tree.threshold[node]), kpis[column].resolution)
        branches = [
            (is_low, below(child[node])) for is_low, child in ((False, tree.children_left), (True, tree.children_right))
        ]
        ends = [end for _, branch in branches for end in branch]
        if len(ends) == 2 and ends[0][0] == ends[1][0]:
            return [(ends[0][0], ())]
        return [
            (label, _bounded(path, _Bound(column, is_low, at))) for is_low, branch in branches for label, path in branch
        ]

    found: dict[int, list[_Path]] = {}
    for label, path in below(0):
        if path:
            found.setdefault(label, []).append(path)
    return found


def _border(threshold: float, resolution: float) -> float:
    """The least value above a threshold that a KPI can have, to three digits."""
    return float(f"{(floor(threshold / resolution) + 1) * resolution:.3g}")


def _bounded(path: _Path, bound: _Bound) -> _Path:
    """The path with one more bound, unless a question further down has asked for more."""
    if any(other[:2] == bound[:2] for other in path):
        return path
    return tuple(sorted([*path, bound]))


def _best(paths: Sequence[_Path], customers: _Customers) -> list[_Path]:
    """The paths that agree most, one after the other, while each adds more than a little."""
    kept: list[_Path] = []
    for _ in range(min(_PATHS, len(paths))):
        best = max(paths, key=lambda path: customers.fidelity([*kept, path]))
        if customers.fidelity([*kept, best]) < customers.fidelity(kept) + _LITTLE:
            break
        kept.append(best)
    return kept


def _simplified(paths: list[_Path], customers: _Customers) -> list[_Path]:
    """Without the paths and bounds that change little, all together."""
    enough = customers.fidelity(paths) - _LITTLE
    while True:
        shorter = [found for found in _shorter(paths) if customers.fidelity(found) >= enough]
        if not shorter:
            return paths
        paths = max(shorter, key=customers.fidelity)


def _shorter(paths: list[_Path]) -> Iterator[list[_Path]]:
    """The paths without one of them, or without one bound of one of them; something always stays."""
    for i, path in enumerate(paths):
        rest = [*paths[:i], *paths[i + 1 :]]
        if rest:
            yield rest
        for bound in path if len(path) > 1 else ():
            yield [*paths[:i], tuple(other for other in path if other != bound), *paths[i + 1 :]]


def _in_words(path: _Path, kpis: Sequence[Kpi]) -> str:
    ranges: dict[int, dict[bool, float]] = {}
    for bound in path:
        ranges.setdefault(bound.column, {})[bound.is_low] = bound.at
    return ", ".join(_range(kpis[column], ends.get(True), ends.get(False)) for column, ends in ranges.items())


def _range(kpi: Kpi, low: float | None, high: float | None) -> str:
    """A range from ``low`` on, up to the value before ``high`` where these are whole numbers, else below it."""
    unit = unit_beside(kpi.label, kpi.unit)
    if high is None:
        return f"{kpi.label} {quantity(low or 0.0, unit)} or more"
    last = high - kpi.resolution
    if not float(last).is_integer():
        return f"{kpi.label} {f'{number(low)} to ' if low is not None else ''}below {quantity(high, unit)}"
    if last == (kpi.minimum if low is None else low):
        return f"{kpi.label} {number(last)}"
    return f"{kpi.label} {'up' if low is None else number(low)} to {quantity(last, unit)}"
