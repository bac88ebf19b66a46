"""Attributes and demographics by segment."""

from include.segmentation.publish.common_columns import AS_OF, CADENCE
from include.segmentation.publish.people_rows import make_demographic_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_SEGMENT_DEMOGRAPHIC = PublishedTable(
    name="fct_segment_demographic",
    comment=(
        "One row per run, segment (and the whole population), dimension and value. Attributes of customers add "
        "up to the segment. Google Analytics estimates are shares of the whole population only, because they "
        "are never joined with customers."
    ),
    columns=(
        CADENCE,
        AS_OF,
        Column("macro_segment", "text", "The macro segment, or all for the whole population."),
        Column("segment_key", "text", "The segment (see dim_segment), or all for the whole population."),
        Column("dimension", "text", "The attribute of dim_customer, or the dimension of the report."),
        Column(
            "value",
            "text",
            "The value. unknown: it is missing. other: all values that fewer than 10 customers of the "
            "segment have, plus the next smallest ones until other holds at least 10.",
        ),
        Column(
            "customers",
            "bigint",
            "The number of customers of the segment with the value. NULL for a report, whose users are "
            "counted once per day and are not people.",
            nullable=True,
        ),
        Column(
            "share",
            "double precision",
            "Their share of the segment, unknown included, 0 to 1. For a report, the share of users, "
            "summed over its days.",
        ),
        Column("coverage", "double precision", "The share of the segment with a known value, 0 to 1."),
        Column("report", "text", "The Google Analytics report. Empty for an attribute of customers."),
    ),
    primary_key=("cadence", "as_of", "macro_segment", "segment_key", "report", "dimension", "value"),
    make_rows=make_demographic_rows,
)
