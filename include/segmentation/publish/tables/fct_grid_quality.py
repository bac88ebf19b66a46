"""How grids compare with segments."""

from include.segmentation.publish.common_columns import AS_OF, CADENCE
from include.segmentation.publish.grid_rows import make_grid_quality_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_GRID_QUALITY = PublishedTable(
    name="fct_grid_quality",
    comment=(
        "One row per run and metric: how a grid compares with the segments of the same customers, and both "
        "with sorting by one KPI."
    ),
    columns=(
        CADENCE,
        AS_OF,
        Column("macro_segment", "text", "The macro segment that the grid belongs to."),
        Column(
            "metric",
            "text",
            "adjusted_rand_index: how well cells and segments agree, from 0 (as by chance) to 1 "
            "(identical). top_30_by_sorting: the share of the KPI held by the top 30% of customers, sorted "
            "by the KPI itself. top_30_by_cells, top_30_by_segments: the share held by as many customers, "
            "taken from the cells or segments with the highest means. lift_of_cells, lift_of_segments: "
            "that share divided by top_30_by_sorting.",
        ),
        Column("kpi", "text", "The KPI. Empty for adjusted_rand_index. KPIs with negative values have no rows."),
        Column("value", "double precision", "The value."),
    ),
    primary_key=("cadence", "as_of", "macro_segment", "metric", "kpi"),
    make_rows=make_grid_quality_rows,
)
