"""Small tables about the whole business."""

from include.segmentation.publish.common_columns import AS_OF, CADENCE
from include.segmentation.publish.figure_rows import read_figure_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_FIGURE = PublishedTable(
    name="fct_figure",
    comment=(
        "One row per run and value of a figure: small tables about the whole business, such as sales by month; "
        "see dim_figure."
    ),
    columns=(
        CADENCE,
        AS_OF,
        Column("figure", "text", "The figure; see dim_figure."),
        Column("row_position", "integer", "The position of the row, from 1."),
        Column("row", "text", "The subject of the row, such as a month, a country or a customer."),
        Column("column_position", "integer", "The position of the column, from 1."),
        Column("column", "text", "The subject of the column. Empty if the figure has no columns."),
        Column("measure", "text", "The name of the value; see dim_figure."),
        Column(
            "value", "double precision", "The value. NULL if it is undefined. Shares are from 0 to 1.", nullable=True
        ),
    ),
    primary_key=("cadence", "as_of", "figure", "row", "column", "measure"),
    make_rows=read_figure_rows,
)
