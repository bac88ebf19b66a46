"""What figures mean."""

from include.segmentation.publish.figure_rows import make_figure_definitions
from include.segmentation.warehouse.published_table import Column, PublishedTable

DIM_FIGURE = PublishedTable(
    name="dim_figure",
    comment="One row per figure and value, as the profile of the last published run declares them.",
    columns=(
        Column("figure", "text", "The name of the figure."),
        Column("measure", "text", "The name of the value."),
        Column("label", "text", "The figure's title for readers."),
        Column("definition", "text", "What the figure counts."),
        Column("row_label", "text", "What the rows are."),
        Column("column_label", "text", "What the columns are. Empty if the figure has none."),
        Column("measure_label", "text", "The value's title for readers."),
        Column("unit", "text", "The unit of the value. share means a share from 0 to 1."),
    ),
    primary_key=("figure", "measure"),
    replaces=(),
    make_rows=make_figure_definitions,
)
