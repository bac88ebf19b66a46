"""A small decision tree over KPIs, and its paths in words: "Returns 2 visit days or more"."""

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
    """One end of a range of a KPI: ``at`` or more, or less than ``at``."""

    column: int
    is_low: bool
    at: float


Path = tuple[PathBound, ...]
"""Bounds that must all hold, by column, the upper bound first."""


def grow_tree(
    values: Floats,
    labels: Integers,
    counts: Integers | None = None,
    *,
    depth: int,
    leaf: int = 1,
    balanced: bool = False,
) -> "DecisionTreeClassifier":
    """Grow a tree that predicts the labels; the result does not depend on the machine.

    Args:
        values: float64[rows, KPIs], in the KPIs' own units; NaN where undefined.
        labels: int64[rows].
        counts: int64[rows], the customers behind each row; by default one each.
        depth: the largest number of consecutive questions.
        leaf: the smallest number of rows in a leaf.
        balanced: whether a leaf takes the label that is most over-represented in it instead of its most frequent one.
    """
    from sklearn.tree import DecisionTreeClassifier

    weights = "balanced" if balanced else None
    tree = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=leaf, class_weight=weights, random_state=TREE_SEED)
    return tree.fit(values, labels, sample_weight=counts)


def list_paths(classifier: "DecisionTreeClassifier", kpis: Sequence[Kpi]) -> dict[int, list[Path]]:
    """Map each label to the tree's paths that lead to it. A question with the same answer on both sides is dropped.

    Args:
        classifier: a tree from ``grow_tree``.
        kpis: the KPIs of its columns.
    """
    tree, labels = classifier.tree_, classifier.classes_

    def list_ends(node: int) -> list[tuple[int, Path]]:
        if tree.children_left[node] < 0:
            return [(int(labels[tree.value[node, 0].argmax()]), ())]
        column = int(tree.feature[node])
        at = _find_border(float(tree.threshold[node]), kpis[column].resolution)
        branches = [
            (is_low, list_ends(child[node]))
            for is_low, child in ((False, tree.children_left), (True, tree.children_right))
        ]
        ends = [end for _, branch in branches for end in branch]
        if len(ends) == 2 and ends[0][0] == ends[1][0]:
            return [(ends[0][0], ())]
        return [
            (label, _add_bound(path, PathBound(column, is_low, at)))
            for is_low, branch in branches
            for label, path in branch
        ]

    paths: dict[int, list[Path]] = {}
    for label, path in list_ends(0):
        if path:
            paths.setdefault(label, []).append(path)
    return paths


def match_paths(paths: Sequence[Path], values: Floats, kpis: Sequence[Kpi]) -> Booleans:
    """Mark the rows that at least one path matches; an undefined KPI (NaN) is in no range.

    Args:
        paths: the paths.
        values: float64[rows, KPIs].
        kpis: the KPIs of the columns.
    """
    matches = np.zeros(len(values), dtype=np.bool_)
    for path in paths:
        matches |= np.logical_and.reduce([_match_bound(bound, values, kpis) for bound in path], axis=0)
    return matches


def describe_path(path: Path, kpis: Sequence[Kpi]) -> str:
    """Describe a path as ranges of KPIs, separated by commas."""
    ranges: dict[int, dict[bool, float]] = {}
    for bound in path:
        ranges.setdefault(bound.column, {})[bound.is_low] = bound.at
    return ", ".join(_describe_range(kpis[column], ends.get(True), ends.get(False)) for column, ends in ranges.items())


def _find_border(threshold: float, resolution: float) -> float:
    """Return the smallest possible KPI value above a threshold, to three digits."""
    return float(f"{(floor(threshold / resolution) + 1) * resolution:.3g}")


def _add_bound(path: Path, bound: PathBound) -> Path:
    """Add a bound to the path unless a deeper question already sets a tighter one."""
    if any(other[:2] == bound[:2] for other in path):
        return path
    return tuple(sorted([*path, bound]))


def _match_bound(bound: PathBound, values: Floats, kpis: Sequence[Kpi]) -> Booleans:
    border = bound.at - kpis[bound.column].resolution / 2  # halfway between two values, safe from rounding
    column = values[:, bound.column]
    return column >= border if bound.is_low else column < border


def _describe_range(kpi: Kpi, low: float | None, high: float | None) -> str:
    """Describe a range from ``low`` to the last whole number before ``high``, or else to "below ``high``"."""
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
