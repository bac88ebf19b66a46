"""The grid of a macro segment: the cut points that a fit freezes, and the cell of every customer.

Cut points are values that customers have, so equal values always share a class, whatever the order of the rows.
"""

from collections.abc import Sequence
from decimal import Decimal
from math import floor

import numpy as np
import pyarrow as pa

from include.segmentation.common.arrays import Booleans, Floats, Integers
from include.segmentation.errors import DataError
from include.segmentation.model.grid_model import CellModel, GridModel, ScoreModel
from include.segmentation.profile.conditions import list_condition_columns
from include.segmentation.profile.grids import Grid, GridScore
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.segment.stratum_assignment import query_batch

SCORES, CELL = "scores", "cell"


def fit_grid(macro: MacroSegment, customers: pa.Table) -> GridModel | None:
    """Freeze the grid of a macro segment; return None if it declares none.

    Args:
        macro: the macro segment as the profile declares it.
        customers: its measured table.

    Raises:
        DataError: a KPI is undefined for a customer whom the grid scores.
    """
    grid = macro.grid
    if grid is None:
        return None
    values = _read_scored_values(
        customers, _select_scored(customers, grid.when), grid.when, [s.kpi for s in grid.scores.values()]
    )
    scores = []
    for name, score in grid.scores.items():
        kpi = macro.kpis[score.kpi]
        scores.append(_fit_score(name, score, values[score.kpi], kpi.resolution, kpi.direction == "less"))
    return GridModel(
        label=grid.label,
        when=grid.when,
        scores=scores,
        rows=grid.rows,
        columns=grid.columns,
        cells=_freeze_cells(grid),
        note="; ".join(_describe_empty_classes(score) for score in scores if 0 in score.customers),
    )


def list_grid_columns(grid: GridModel | None) -> list[str]:
    """List the columns of ``measure`` that a grid reads."""
    return sorted({*list_condition_columns(grid.when), *(score.kpi for score in grid.scores)}) if grid else []


def score_grid(grid: GridModel | None, customers: pa.Table) -> dict[str, pa.Array]:
    """Find the classes and the cell of every customer by cut points alone.

    Returns:
        ``scores``, one digit per score in the grid's order (``543``), and ``cell``. Both are NULL for customers whom
        the grid does not score, and for everyone if there is no grid.

    Raises:
        DataError: a KPI is undefined for a customer whom the grid scores.
    """
    if grid is None:
        return {name: pa.nulls(customers.num_rows, pa.string()) for name in (SCORES, CELL)}
    is_scored = _select_scored(customers, grid.when)
    values = _read_scored_values(customers, is_scored, grid.when, [score.kpi for score in grid.scores])
    classes = {score.name: _classify(score, values[score.kpi]) for score in grid.scores}
    digits = np.zeros(int(is_scored.sum()), dtype=np.int64)
    for of_score in classes.values():
        digits = 10 * digits + of_score
    names = pa.array([cell.name for cell in grid.cells], pa.string())
    cells = pa.array(_number_cells(grid)[classes[grid.rows], classes[grid.columns]])
    positions = pa.array(np.cumsum(is_scored) - 1, mask=~is_scored)
    return {SCORES: pa.array(digits).cast(pa.string()).take(positions), CELL: names.take(cells).take(positions)}


def _fit_score(name: str, score: GridScore, values: Floats, resolution: float, less_is_better: bool) -> ScoreModel:
    cuts = _find_cut_points(values, score.classes, score.own_class, resolution)
    model = ScoreModel(
        name=name,
        label=score.label,
        kpi=score.kpi,
        classes=score.classes,
        less_is_better=less_is_better,
        cuts=cuts,
        customers=[],
    )
    customers = np.bincount(_classify(model, values), minlength=score.classes + 1)[1:]
    return model.model_copy(update={"customers": customers.tolist()})


def _find_cut_points(values: Floats, classes: int, own_class: float | None, resolution: float) -> list[float]:
    """Find rising values that divide customers into classes of about equal size; fewer if there are too few values.

    From the lowest value up, each class takes the number of distinct values that brings it closest to an equal share of
    the remaining customers.
    """
    cuts = []
    if own_class is not None:
        step = Decimal(repr(resolution))
        cuts.append(float((floor(Decimal(repr(own_class)) / step) + 1) * step))
        values, classes = values[values > own_class], classes - 1
    distinct, counts = np.unique(values, return_counts=True)
    first = 0
    for left in range(min(classes, len(distinct)), 1, -1):
        sizes = np.cumsum(counts[first : len(distinct) - left + 1])
        share = counts[first:].sum() / left
        first += int(np.argmin(np.abs(sizes - share))) + 1
        cuts.append(float(distinct[first]))
    return cuts


def _classify(score: ScoreModel, values: Floats) -> Integers:
    """Compute int64[customers], from 1 for the worst class."""
    rank = np.searchsorted(score.cuts, values, side="right").astype(np.int64)
    return score.classes - rank if score.less_is_better else rank + 1


def _describe_empty_classes(score: ScoreModel) -> str:
    empty = [str(number) for number, customers in enumerate(score.customers, start=1) if not customers]
    return f"{score.label}: nobody is in class {', '.join(empty)}"


def _freeze_cells(grid: Grid) -> list[CellModel]:
    return [
        CellModel(
            name=cell.name,
            label=cell.label,
            description=cell.description,
            rows=cell.scores[grid.rows],
            columns=cell.scores[grid.columns],
        )
        for cell in grid.cells
    ]


def _number_cells(grid: GridModel) -> Integers:
    """Compute int64[row classes + 1, column classes + 1], the number of the cell of each pair of classes."""
    sides = {score.name: score.classes + 1 for score in grid.scores}
    numbers = np.zeros((sides[grid.rows], sides[grid.columns]), dtype=np.int64)
    for number, cell in enumerate(grid.cells):
        numbers[cell.rows[0] : cell.rows[1] + 1, cell.columns[0] : cell.columns[1] + 1] = number
    return numbers


def _select_scored(customers: pa.Table, when: str) -> Booleans:
    """Compute bool[customers], the customers whom the grid scores."""
    is_scored = query_batch(customers, f"SELECT coalesce(({when}), false) AS is_scored FROM batch")["is_scored"]
    return np.asarray(is_scored.to_numpy(), dtype=np.bool_)


def _read_scored_values(customers: pa.Table, is_scored: Booleans, when: str, kpis: Sequence[str]) -> dict[str, Floats]:
    """Read float64[scored customers] of each KPI."""
    rows = customers.filter(pa.array(is_scored))
    for kpi in kpis:
        if rows[kpi].null_count:
            raise DataError(
                f"KPI '{kpi}' is undefined (NULL) for {rows[kpi].null_count} customers whom the grid scores ({when})"
            )
    return {kpi: np.asarray(rows[kpi].cast(pa.float64()).to_numpy(), dtype=np.float64) for kpi in kpis}
