"""Entries, moves and exits."""

from include.segmentation.publish.common_columns import CUSTOMER_ID, RUN_ID
from include.segmentation.warehouse.published_table import BYTEWISE_TEXT, Column, PublishedTable

FCT_SEGMENT_EVENT = PublishedTable(
    name="fct_segment_event",
    comment=(
        "One row per entry, move or exit of a customer in a macro segment, seen at the runs of the primary "
        "cadence: from where, to where, and why. Derived from fct_segment_label."
    ),
    columns=(
        CUSTOMER_ID,
        Column("macro_segment", BYTEWISE_TEXT, "The macro segment."),
        Column(
            "occurred_at",
            "timestamptz",
            "The as_of of the run that saw the move. It happened between the previous run and this one.",
        ),
        Column("from_key", BYTEWISE_TEXT, "The segment at the previous run. NULL for an entry.", nullable=True),
        Column("to_key", BYTEWISE_TEXT, "The segment at this run. NULL for an exit.", nullable=True),
        Column(
            "reason",
            "text",
            "Why the customer is in to_key: new (an entry), activity (they did something since the "
            "previous run), ageing (they did not), refit (a new model on the same data), late_data (data "
            "from before the previous run that arrived after it) or erased (an exit).",
            constraint="CHECK (reason IN ('new', 'activity', 'ageing', 'refit', 'late_data', 'erased'))",
        ),
        Column(
            "boundary_noise",
            "boolean",
            "Whether the move began or ended near a border: margin below 0.2 at the previous run or at this one.",
        ),
        RUN_ID,
    ),
    primary_key=("customer_id", "macro_segment", "occurred_at"),
    constraints=("CHECK (from_key IS DISTINCT FROM to_key)",),
    indexes={"fct_segment_event_by_time": "(occurred_at, macro_segment)"},
    derivation="fct_segment_event",
)
