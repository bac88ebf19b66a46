"""A small decision tree over KPIs, and its paths as people write them: "Returns 2 visit days or more"."""

from collections.abc import Sequence
from math import floor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from include.segmentation.common.arrays import Booleans, Floats, Integers
from include.segmentation.common.text import format_number, format_quantity, omit_repeated_unit
from include.segmentation.profile.kpis import Kpi

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeClassifier

TREE_SEED = 42


class PathBound(NamedTuple):
    """One end of a range of a KPI: from ``at`` on, or below it."""

    column: int
    is_low: bool
    at: float


Path = tuple[PathBound, ...]
"""Bounds that all have to hold, by column, the upper first."""


def grow_tree(
    values: Floats,
    labels: Integers,
    counts: Integers | None = None,
    *,
    depth: int,
    leaf: int = 1,
    balanced: bool = False,
) -> "DecisionTreeClassifier":
    """Grow a tree whose questions tell the labels apart; the same whatever the machine.

    Args:
        values: float64[rows, KPIs], in the KPIs' own units; NaN where undefined.
        labels: int64[rows].
        counts: int64[rows], the customers behind each row; one where absent.
        depth: how many questions it may ask one after the other.
        leaf: how many rows have to end at each of its leaves.
        balanced: whether a leaf gets the label that is more frequent there than it is among all, instead of the most
            frequent one.
    """
    from sklearn.tree import DecisionTreeClassifier

    weights = "balanced" if balanced else None
    tree = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=leaf, class_weight=weights, random_state=TREE_SEED)
    return tree.fit(values, labels, sample_weight=counts)


def list_paths(classifier: "DecisionTreeClassifier", kpis: Sequence[Kpi]) -> dict[int, list[Path]]:
    """Label -> the paths of a tree that lead to it; two branches that end in one label are none.

    Args:
        classifier: what ``grow`` has grown.
        kpis: of its columns.
    """
    tree, labels = classifier.tree_, classifier.classes_

    def below(node: int) -> list[tuple[int, Path]]:
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
            (label, _bounded(path, PathBound(column, is_low, at)))
            for is_low, branch in branches
            for label, path in branch
        ]

    found: dict[int, list[Path]] = {}
    for label, path in below(0):
        if path:
            found.setdefault(label, []).append(path)
    return found


def match_paths(found: Sequence[Path], values: Floats, kpis: Sequence[Kpi]) -> Booleans:
    """Whom one of the paths takes; an undefined KPI (NaN) is in no range.

    Args:
        found: the paths.
        values: float64[rows, KPIs].
        kpis: of the columns.
    """
    taken = np.zeros(len(values), dtype=np.bool_)
    for path in found:
        taken |= np.logical_and.reduce([_hold(bound, values, kpis) for bound in path], axis=0)
    return taken


def describe_path(path: Path, kpis: Sequence[Kpi]) -> str:
    """A path as ranges of KPIs, with commas between."""
    ranges: dict[int, dict[bool, float]] = {}
    for bound in path:
        ranges.setdefault(bound.column, {})[bound.is_low] = bound.at
    return ", ".join(_range(kpis[column], ends.get(True), ends.get(False)) for column, ends in ranges.items())


def _border(threshold: float, resolution: float) -> float:
    """The least value above a threshold that a KPI can have, to three digits."""
    return float(f"{(floor(threshold / resolution) + 1) * resolution:.3g}")


def _bounded(path: Path, bound: PathBound) -> Path:
    """The path with one more bound, unless a question further down has asked for more."""
    if any(other[:2] == bound[:2] for other in path):
        return path
    return tuple(sorted([*path, bound]))


def _hold(bound: PathBound, values: Floats, kpis: Sequence[Kpi]) -> Booleans:
    border = bound.at - kpis[bound.column].resolution / 2  # between two values, whatever their last bit
    column = values[:, bound.column]
    return column >= border if bound.is_low else column < border


def _range(kpi: Kpi, low: float | None, high: float | None) -> str:
    """A range from ``low`` on, up to the value before ``high`` where these are whole numbers, else below it."""
    unit = omit_repeated_unit(kpi.label, kpi.unit)
    if high is None:
        return f"{kpi.label} {format_quantity(low or 0.0, unit)} or more"
    last = high - kpi.resolution
    if not float(last).is_integer():
        return (
            f"{kpi.label} {f'{format_number(low)} to ' if low is not None else ''}below {format_quantity(high, unit)}"
        )
    if last == (kpi.minimum if low is None else low):
        return f"{kpi.label} {format_number(last)}"
    return f"{kpi.label} {'up' if low is None else format_number(low)} to {format_quantity(last, unit)}"
