"""Figures as the run has measured them, and what they mean."""

from typing import Any

from include.segmentation.artifacts import FigureSummary, MeasureArtifacts
from include.segmentation.errors import DataError
from include.segmentation.run import Run

Row = dict[str, Any]


def make_figure_rows(run: Run) -> list[Row]:
    """The rows of ``fct_figure`` without the columns of the run.

    Raises:
        DataError: the profile declares figures, and they have not been measured.
    """
    if not run.profile.figures:
        return []
    if FigureSummary.read_from(run) is None:
        raise DataError(f"figures of {run.run_id} have not been measured; run the measure stage first")
    found = MeasureArtifacts(run).locate_figures().read_table()
    return [dict(row) for row in found.to_pylist()]


def make_figure_definitions(run: Run) -> list[Row]:
    """The rows of ``dim_figure``."""
    rows = []
    for name, figure in run.profile.figures.items():
        sides = [*figure.by.values(), ""][:2]
        for measure, value in figure.values.items():
            said = {"label": figure.label, "definition": figure.definition, "row_label": sides[0]}
            said |= {"column_label": sides[1], "measure_label": value.label, "unit": value.unit}
            rows.append({"figure": name, "measure": measure} | said)
    return rows
