"""Rows of figures and their meaning."""

from include.segmentation.artifacts import FigureSummary, MeasureArtifacts
from include.segmentation.errors import DataError
from include.segmentation.publish.publish_inputs import PublishInputs
from include.segmentation.warehouse.published_table import Row


def read_figure_rows(inputs: PublishInputs) -> list[Row]:
    """Read the rows of ``fct_figure``.

    Raises:
        DataError: the profile declares figures that have not been measured.
    """
    run = inputs.run
    if not run.profile.figures:
        return []
    if FigureSummary.read_from(run) is None:
        raise DataError(f"figures of {run.run_id} have not been measured; run the measure stage first")
    figures = MeasureArtifacts(run).locate_figures().read_table()
    return [dict(row) for row in figures.to_pylist()]


def make_figure_definitions(inputs: PublishInputs) -> list[Row]:
    """Make the rows of ``dim_figure``."""
    rows = []
    for name, figure in inputs.run.profile.figures.items():
        sides = [*figure.by.values(), ""][:2]
        for measure, value in figure.values.items():
            texts = {"label": figure.label, "definition": figure.definition, "row_label": sides[0]}
            texts |= {"column_label": sides[1], "measure_label": value.label, "unit": value.unit}
            rows.append({"figure": name, "measure": measure} | texts)
    return rows
