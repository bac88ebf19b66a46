"""How far customers have come."""

from include.segmentation.publish.common_columns import AS_OF, CADENCE
from include.segmentation.publish.people_rows import make_funnel_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_FUNNEL = PublishedTable(
    name="fct_funnel",
    comment=(
        "One row per run, segment and step of the profile's funnel, and for the whole population: how many "
        "customers have come that far. No step has more customers than the one before it."
    ),
    columns=(
        CADENCE,
        AS_OF,
        Column("macro_segment", "text", "The macro segment, or all for the whole population."),
        Column("segment_key", "text", "The segment (see dim_segment), or all for the whole population."),
        Column("step", "integer", "The position of the step in the funnel, from 1."),
        Column("name", "text", "The name of the step in the profile."),
        Column("label", "text", "The step's title for readers."),
        Column(
            "customers",
            "bigint",
            "The number of customers who have reached this step and all earlier ones. NULL for a segment "
            "of fewer than 10.",
            nullable=True,
        ),
        Column(
            "share",
            "double precision",
            "Their share of the segment, 0 to 1. NULL for a segment of fewer than 10.",
            nullable=True,
        ),
        Column(
            "conversion",
            "double precision",
            "Their share of the customers who have reached the step before, 0 to 1. NULL for the first "
            "step, and if fewer than 10 have reached the step before.",
            nullable=True,
        ),
        Column(
            "met",
            "bigint",
            "The number of customers who meet this step's condition, whether or not they have reached the "
            "earlier steps. NULL for a segment of fewer than 10.",
            nullable=True,
        ),
        Column(
            "suppressed", "boolean", "Whether the segment has fewer than 10 customers, so that its figures are hidden."
        ),
    ),
    primary_key=("cadence", "as_of", "macro_segment", "segment_key", "step"),
    make_rows=make_funnel_rows,
)
