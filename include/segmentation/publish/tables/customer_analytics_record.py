"""Where every customer stands now."""

from include.segmentation.publish.common_columns import AS_OF, CUSTOMER_ID, FIRST_SEEN, LAST_SEEN, RUN_ID
from include.segmentation.publish.customer_rows import list_record_columns, stream_record
from include.segmentation.publish.past_runs import find_neighbours
from include.segmentation.warehouse.published_table import Column, PublishedTable

CUSTOMER_ANALYTICS_RECORD = PublishedTable(
    name="customer_analytics_record",
    comment=(
        "One row per customer with their current KPIs, attributes and segments, from the newest run of the "
        "primary cadence. Each such run replaces the whole table."
    ),
    columns=(
        CUSTOMER_ID,
        AS_OF,
        RUN_ID,
        FIRST_SEEN,
        LAST_SEEN,
        Column("age_days", "bigint", "Whole days from first_seen to as_of."),
        Column("persona", "text", "The customer's persona; see fct_persona. NULL if none matches.", nullable=True),
    ),
    primary_key=("customer_id",),
    replaces=(),
    stream_rows=stream_record,
    is_due=lambda connection, inputs: inputs.run.is_primary and find_neighbours(connection, inputs.run)[1] is None,
    list_profile_columns=list_record_columns,
    profile_columns_note=(
        "The profile adds one column per attribute of population.sql and per KPI; per macro segment "
        "<macro>_segment_key, <macro>_segment and <macro>_micro_key; and, with a grid, <macro>_scores and "
        "<macro>_cell."
    ),
)
