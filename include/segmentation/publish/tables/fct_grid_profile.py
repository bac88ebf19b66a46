"""What the cells of grids are worth."""

from include.segmentation.publish.common_columns import AS_OF, CADENCE, KPI
from include.segmentation.publish.grid_rows import make_grid_profile_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_GRID_PROFILE = PublishedTable(
    name="fct_grid_profile",
    comment=(
        "One row per run, named cell of a grid and worth KPI. All figures except customers and share are NULL "
        "for a cell of fewer than 10."
    ),
    columns=(
        CADENCE,
        AS_OF,
        Column("macro_segment", "text", "The macro segment that the grid belongs to."),
        Column("cell", "text", "The named cell; see dim_grid_cell. Cells without customers have rows too."),
        KPI,
        Column("customers", "bigint", "The number of customers in the cell."),
        Column("share", "double precision", "Their share of the customers in the grid, 0 to 1."),
        Column("total", "numeric", "Sum of the KPI over the cell, exact.", nullable=True),
        Column(
            "share_of_total",
            "double precision",
            "The cell's share of the KPI's sum over the customers in the grid. NULL if that sum is not "
            "above 0. Can be above 1 or below 0 if values are negative.",
            nullable=True,
        ),
        Column("mean", "double precision", "Mean of the defined values.", nullable=True),
    ),
    primary_key=("cadence", "as_of", "macro_segment", "cell", "kpi"),
    make_rows=make_grid_profile_rows,
)
