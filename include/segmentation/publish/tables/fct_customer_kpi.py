"""Every KPI of every customer."""

from include.segmentation.publish.common_columns import AS_OF, CHECKED_CADENCE, CUSTOMER_ID, LAST_SEEN
from include.segmentation.publish.customer_rows import list_kpi_columns, stream_kpis
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_CUSTOMER_KPI = PublishedTable(
    name="fct_customer_kpi",
    comment="One row per run and customer: every KPI, rounded to its resolution. NULL means undefined, never zero.",
    columns=(
        CHECKED_CADENCE,
        AS_OF,
        CUSTOMER_ID,
        Column("age_days", "bigint", "Whole days from the customer's first_seen to as_of."),
        LAST_SEEN,
    ),
    primary_key=("cadence", "as_of", "customer_id"),
    indexes={"fct_customer_kpi_by_customer": "(customer_id, as_of)"},
    stream_rows=stream_kpis,
    list_profile_columns=list_kpi_columns,
    profile_columns_note="The profile adds one column per KPI. A retired KPI keeps its column.",
)
