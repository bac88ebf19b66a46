"""Who was in which segment when."""

from include.segmentation.publish.common_columns import CUSTOMER_ID
from include.segmentation.warehouse.published_table import BYTEWISE_TEXT, Column, PublishedTable

FCT_SEGMENT_MEMBERSHIP = PublishedTable(
    name="fct_segment_membership",
    comment=(
        "One row per customer, macro segment and validity [valid_from, valid_to): who was in which segment "
        "when, seen at the runs of the primary cadence. Derived from fct_segment_label."
    ),
    columns=(
        CUSTOMER_ID,
        Column("macro_segment", BYTEWISE_TEXT, "The macro segment."),
        Column(
            "valid_from", "timestamptz", "The first as_of at which the customer was seen in the segment (inclusive)."
        ),
        Column(
            "valid_to",
            "timestamptz",
            "The first later as_of at which they were not (exclusive). NULL while they are in it.",
            nullable=True,
        ),
        Column(
            "is_current",
            "boolean",
            "Whether the customer is in the segment at the newest run.",
            constraint="GENERATED ALWAYS AS (valid_to IS NULL) STORED",
        ),
        Column("segment_key", BYTEWISE_TEXT, "The segment; see dim_segment."),
        Column("micro_key", "text", "The micro segment within it. NULL if the segment has none.", nullable=True),
        Column(
            "entered_reason",
            "text",
            "Why the row began: new (not in the population at the previous run), activity, ageing, refit "
            "or late_data, as in fct_segment_event.",
            constraint="CHECK (entered_reason IN ('new', 'activity', 'ageing', 'refit', 'late_data'))",
        ),
        Column("run_id", "text", "The run at valid_from; see segmentation_run."),
    ),
    primary_key=("customer_id", "macro_segment", "valid_from"),
    # On a 64-bit hash, which GiST indexes four times faster than the two texts. Two pairs that share a hash by chance
    # (1 in 10,000 at 50 million) would be refused, never let through.
    constraints=(
        "CHECK (valid_from < valid_to)",
        "CONSTRAINT one_segment_at_a_time EXCLUDE USING gist ( hashtextextended(macro_segment || ' ' || "
        "customer_id, 0) WITH =, tstzrange(valid_from, valid_to) WITH && )",
    ),
    indexes={"fct_segment_membership_current": "(macro_segment, segment_key) WHERE valid_to IS NULL"},
    derivation="fct_segment_membership",
)
