"""The customers on every list."""

from include.segmentation.publish.common_columns import AS_OF, CADENCE, CUSTOMER_ID
from include.segmentation.publish.list_rows import stream_members
from include.segmentation.warehouse.published_table import BYTEWISE_TEXT, Column, PublishedTable

FCT_LIST_MEMBER = PublishedTable(
    name="fct_list_member",
    comment="One row per run, list and eligible customer, with the reason.",
    columns=(
        CADENCE,
        AS_OF,
        Column("list", BYTEWISE_TEXT, "The list."),
        CUSTOMER_ID,
        Column("reason", BYTEWISE_TEXT, "The first reason that holds; see fct_list_reason."),
    ),
    primary_key=("cadence", "as_of", "list", "customer_id"),
    stream_rows=stream_members,
)
