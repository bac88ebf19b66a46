"""Registration cohorts, month by month."""

from include.segmentation.publish.common_columns import MACRO_SEGMENT
from include.segmentation.publish.distribution_rows import make_cohort_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_COHORT_SEGMENT = PublishedTable(
    name="fct_cohort_segment",
    comment=(
        "One row per registration cohort, month since registration, segment and KPI of its macro segment: "
        "thresholds and insights by month. Complete months only. Ranges are NULL for fewer than 10 customers."
    ),
    columns=(
        MACRO_SEGMENT,
        Column(
            "cohort",
            "date",
            "The first day of the calendar month in which the customers were first seen, in the profile's time zone.",
        ),
        Column(
            "month",
            "integer",
            "The number of 30-day months since the customer's first_seen. Month n ends 30 n days after it.",
        ),
        Column("segment_key", "text", "The segment at the end of that month; see dim_segment."),
        Column("kpi", "text", "The KPI, measured at the end of that month; see dim_kpi."),
        Column("customers", "bigint", "The number of customers of the cohort in the segment."),
        Column("share", "double precision", "Their share of the cohort, 0 to 1."),
        Column("min", "double precision", "Smallest defined value of the KPI.", nullable=True),
        Column(
            "p25",
            "double precision",
            "25th percentile: the smallest value that is at least as large as 25% of the defined values.",
            nullable=True,
        ),
        Column("p50", "double precision", "Median, defined as p25.", nullable=True),
        Column("p75", "double precision", "75th percentile, defined as p25.", nullable=True),
        Column("max", "double precision", "Largest defined value of the KPI.", nullable=True),
        Column("model_id", "text", "The model that labelled the cohort; see dim_model."),
        Column(
            "as_of",
            "timestamptz",
            "The as_of of the run that published the row. An older run never overwrites a newer one.",
        ),
    ),
    primary_key=("macro_segment", "cohort", "month", "segment_key", "kpi"),
    derivation="fct_cohort_segment",
    make_rows=make_cohort_rows,
)
