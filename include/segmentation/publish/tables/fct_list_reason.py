"""Why customers are on a list or not."""

from include.segmentation.publish.common_columns import AS_OF, CADENCE
from include.segmentation.publish.list_rows import make_reason_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_LIST_REASON = PublishedTable(
    name="fct_list_reason",
    comment=(
        "One row per run, list and reason to be on it or not: how many customers it decides about. The rows of "
        "a list add up to the population; the eligible ones add up to the list."
    ),
    columns=(
        CADENCE,
        AS_OF,
        Column("list", "text", "The list."),
        Column("list_label", "text", "The list's title for readers."),
        Column("description", "text", "What the list is for."),
        Column("owner", "text", "Who is responsible for the list."),
        Column(
            "position",
            "integer",
            "The position of the reason, from 1. The first reason that holds for a customer decides.",
        ),
        Column("reason", "text", "The reason, or none for customers for whom no reason holds."),
        Column("label", "text", "The reason's title for readers."),
        Column("rule", "text", "The reason's condition in SQL. Empty for none."),
        Column("is_eligible", "boolean", "Whether the reason puts customers on the list or keeps them off."),
        Column("customers", "bigint", "The number of customers that the reason decides about."),
        Column("share", "double precision", "Their share of the population, 0 to 1."),
        Column(
            "worth",
            "jsonb",
            "Worth KPI -> its total over these customers, and their share of its sum over the population "
            "(NULL if that sum is not above 0). {} for fewer than 10 customers.",
        ),
    ),
    primary_key=("cadence", "as_of", "list", "reason"),
    make_rows=make_reason_rows,
)
