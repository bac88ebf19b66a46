"""How KPIs are distributed in segments."""

from include.segmentation.publish.common_columns import AS_OF, CADENCE, KPI, MACRO_SEGMENT, PARENT_KEY
from include.segmentation.publish.distribution_rows import make_profile_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_SEGMENT_PROFILE = PublishedTable(
    name="fct_segment_profile",
    comment=(
        "One row per run, segment or micro segment, and KPI of its macro segment or worth KPI: how the KPI is "
        "distributed among the segment's customers. All figures except customers are NULL for a segment of "
        "fewer than 10."
    ),
    columns=(
        CADENCE,
        AS_OF,
        MACRO_SEGMENT,
        Column("segment_key", "text", "The segment or micro segment; see dim_segment."),
        PARENT_KEY,
        KPI,
        Column("customers", "bigint", "The number of customers in the segment."),
        Column("total", "numeric", "The exact sum of the KPI over the segment.", nullable=True),
        Column(
            "share_of_total",
            "double precision",
            "The segment's share of the KPI's sum over the population. NULL if that sum is not above 0. "
            "Can be above 1 or below 0 if values are negative.",
            nullable=True,
        ),
        Column(
            "nonzero_share",
            "double precision",
            "The share of the segment's customers whose KPI is defined and not 0.",
            nullable=True,
        ),
        Column("nulls", "bigint", "The number of customers whose KPI is undefined.", nullable=True),
        Column("min", "double precision", "Smallest defined value.", nullable=True),
        Column(
            "p05",
            "double precision",
            "5th percentile: the smallest value that is at least as large as 5% of the defined values "
            "(always an existing value).",
            nullable=True,
        ),
        Column("p25", "double precision", "25th percentile, defined as p05.", nullable=True),
        Column("p50", "double precision", "Median, defined as p05.", nullable=True),
        Column("p75", "double precision", "75th percentile, defined as p05.", nullable=True),
        Column("p95", "double precision", "95th percentile, defined as p05.", nullable=True),
        Column("max", "double precision", "Largest defined value.", nullable=True),
        Column("mean", "double precision", "Mean of the defined values.", nullable=True),
        Column(
            "band",
            "text",
            "The range from p25 to p75 in the KPI's band names: Low, or Low To Medium. NULL for a KPI without bands.",
            nullable=True,
        ),
    ),
    primary_key=("cadence", "as_of", "macro_segment", "segment_key", "kpi"),
    make_rows=make_profile_rows,
)
