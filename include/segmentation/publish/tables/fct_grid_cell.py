"""Customers by cell and segment."""

from include.segmentation.publish.common_columns import AS_OF, CADENCE
from include.segmentation.publish.grid_rows import make_grid_cell_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_GRID_CELL = PublishedTable(
    name="fct_grid_cell",
    comment=(
        "One row per run, pair of classes and segment with customers there: the grid, and in its sums the "
        "named cells beside the segments. Customers outside the grid are left out."
    ),
    columns=(
        CADENCE,
        AS_OF,
        Column("macro_segment", "text", "The macro segment that the grid belongs to."),
        Column("row_class", "integer", "The class of the row score; see dim_score_class."),
        Column("column_class", "integer", "The class of the column score; see dim_score_class."),
        Column("segment_key", "text", "The segment of the same customers; see dim_segment."),
        Column("cell", "text", "The named cell; see dim_grid_cell."),
        Column("customers", "bigint", "The number of customers in both the cell and the segment."),
    ),
    primary_key=("cadence", "as_of", "macro_segment", "row_class", "column_class", "segment_key"),
    make_rows=make_grid_cell_rows,
)
