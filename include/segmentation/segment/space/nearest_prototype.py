"""The rule that assigns customers of a stratum to segments: the nearest prototype.

The squared distance to a prototype is a term that all prototypes share plus a *cost*. The cost is linear in the
transformed KPIs, also through principal components. The published SQL adds up the same costs in the same order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.model.model import Division, KpiAxis
from include.segmentation.segment.space.kpi_axes import scale_values, transform_values
from include.segmentation.segment.space.principal_components import project_points

TIE = 1e-9
"""Squared distances closer than this are a tie. The lower ordinal wins, here and in the published SQL rule."""
_ROWS = 20_000


@dataclass(frozen=True)
class NearestRule:
    """How customers of a stratum are assigned to segments.

    Attributes:
        axes: how each KPI becomes a coordinate.
        components: float64[dimensions, axes], the principal components in whose space prototypes lie; without rows if
            prototypes lie in the space of the axes.
        prototypes: per segment, float64[prototypes, dimensions].
    """

    axes: Sequence[KpiAxis]
    components: Floats
    prototypes: Sequence[Floats]


@dataclass(frozen=True)
class PrototypeCost:
    """The squared distance to a prototype minus the shared term: constant + sum of slope * transformed KPI."""

    constant: float
    slopes: list[float]


def read_rule(division: Division) -> NearestRule:
    """Build the rule of a frozen division with two or more segments."""
    components = np.array(division.components).reshape(-1, len(division.axes))
    return NearestRule(division.axes, components, [np.array(segment.prototypes) for segment in division.segments])


def compute_costs(rule: NearestRule) -> list[list[PrototypeCost]]:
    """Compute the cost of every prototype, per segment."""
    return [[_compute_cost(rule, prototype) for prototype in segment] for segment in rule.prototypes]


def find_nearest(rule: NearestRule, values: Floats) -> tuple[Integers, Floats]:
    """Find the segment of the nearest prototype among two or more segments.

    Args:
        rule: the segments.
        values: float64[rows, KPIs], in the KPIs' own units, in the order of the rule's axes.

    Returns:
        int64[rows], the ordinals of the segments from 0; and float64[rows], the margin (d2² - d1²) / d2² to the nearest
        prototype of another segment: 0 on the border, 1 on a prototype.
    """
    moved = [transform_values(column, axis) for column, axis in zip(values.T, rule.axes, strict=True)]
    least = np.column_stack([_find_least_cost(segment, moved) for segment in compute_costs(rule)])
    label = _find_first_minimum(least)
    rows = np.arange(len(values))
    first = least[rows, label]
    least[rows, label] = np.inf
    second = least.min(axis=1)
    farther = np.maximum(second + _compute_shared_term(rule, values), 0.0)
    margin = np.clip((second - first) / np.where(farther > 0, farther, 1.0), 0.0, 1.0)
    return label, margin


def find_nearest_points(points: Floats, prototypes: Floats) -> Integers:
    """Find int64[points], the nearest of float64[prototypes, dimensions]; the first wins a tie."""
    parts = range(0, len(points), _ROWS)
    return np.concatenate([_find_first_minimum(_square_distances(points[at : at + _ROWS], prototypes)) for at in parts])


def _find_first_minimum(distances: Floats) -> Integers:
    """Return the column with the smallest of float64[rows, columns]; the first wins a tie."""
    return np.asarray(np.argmax(distances <= distances.min(axis=1, keepdims=True) + TIE, axis=1), dtype=np.int64)


def _square_distances(points: Floats, prototypes: Floats) -> Floats:
    """Compute float64[points, prototypes] axis by axis; a matrix product would round by the size of the chunk."""
    distances = np.zeros((len(points), len(prototypes)))
    for column in range(points.shape[1]):
        distances += (points[:, column, None] - prototypes[None, :, column]) ** 2
    return distances


def _compute_cost(rule: NearestRule, prototype: Floats) -> PrototypeCost:
    pull = rule.components.T @ prototype if len(rule.components) else prototype  # along every axis
    per_unit = np.array([axis.weight / axis.spread for axis in rule.axes])
    center = np.array([axis.center for axis in rule.axes])
    constant = float((prototype**2).sum() + 2 * (pull * per_unit * center).sum())
    return PrototypeCost(constant, (-2 * pull * per_unit).tolist())


def _compute_shared_term(rule: NearestRule, values: Floats) -> Floats:
    """Compute float64[rows], the term of squared distances that all prototypes share."""
    shared = np.zeros(len(values))
    for column in project_points(scale_values(values, rule.axes), rule.components).T:
        shared += column**2
    return shared


def _find_least_cost(segment: Sequence[PrototypeCost], moved: Sequence[Floats]) -> Floats:
    """Compute float64[rows], the smallest cost of a segment's prototypes."""
    least = np.full(len(moved[0]), np.inf)
    for cost in segment:
        total = cost.constant + cost.slopes[0] * moved[0]
        for slope, column in zip(cost.slopes[1:], moved[1:], strict=True):
            total += slope * column
        np.minimum(least, total, out=least)
    return least
