"""The size of segments."""

from include.segmentation.publish.common_columns import AS_OF, CADENCE, MACRO_SEGMENT, PARENT_KEY, RUN_ID
from include.segmentation.publish.distribution_rows import make_size_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_SEGMENT_SIZE = PublishedTable(
    name="fct_segment_size",
    comment=(
        "One row per run and segment of its model, empty ones included, and one per micro segment. The "
        "segments of a macro segment (parent_key IS NULL) add up to the population."
    ),
    columns=(
        CADENCE,
        AS_OF,
        MACRO_SEGMENT,
        Column("segment_key", "text", "The segment or micro segment; see dim_segment."),
        PARENT_KEY,
        Column("model_id", "text", "The model that labelled the run; see dim_model."),
        Column("customers", "bigint", "The number of customers in the segment."),
        Column("share", "double precision", "Their share of the population, 0 to 1."),
        Column(
            "entered",
            "bigint",
            "The number of customers who were not in it at the previous run of the same cadence, new ones "
            "included. NULL for the first run and for micro segments.",
            nullable=True,
        ),
        Column(
            "left",
            "bigint",
            "The number of customers who were in it at the previous run and no longer are. NULL for the "
            "first run and for micro segments.",
            nullable=True,
        ),
        Column(
            "suppressed",
            "boolean",
            "Whether the segment has fewer than 10 customers, so that its ranges and lists are hidden.",
        ),
        RUN_ID,
    ),
    primary_key=("cadence", "as_of", "macro_segment", "segment_key"),
    make_rows=make_size_rows,
)
