"""The customers and their attributes."""

from include.segmentation.publish.common_columns import CUSTOMER_ID, FIRST_SEEN, LAST_SEEN
from include.segmentation.publish.customer_rows import list_attribute_columns, stream_attributes
from include.segmentation.warehouse.published_table import Column, PublishedTable

DIM_CUSTOMER = PublishedTable(
    name="dim_customer",
    comment="One row per customer ever published, with their attributes as of the newest run that saw them.",
    columns=(
        CUSTOMER_ID,
        FIRST_SEEN,
        LAST_SEEN,
        Column(
            "as_of",
            "timestamptz",
            "The as_of of the newest run, of any cadence, that saw the customer. The other columns are as of then.",
        ),
    ),
    primary_key=("customer_id",),
    newest_by="as_of",
    stream_rows=stream_attributes,
    list_profile_columns=list_attribute_columns,
    profile_columns_note="The profile adds one column per attribute of population.sql (country, consent flags, …).",
)
