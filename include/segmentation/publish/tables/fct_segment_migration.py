"""Moves between segments, counted."""

from include.segmentation.publish.common_columns import CADENCE, MACRO_SEGMENT
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_SEGMENT_MIGRATION = PublishedTable(
    name="fct_segment_migration",
    comment=(
        "One row per run, previous segment and current segment that share a customer, including customers who "
        "stayed. The rows of one from_key add up to that segment's customers at the previous run, the rows of "
        "one to_key to its customers now. The first run of a cadence has no rows."
    ),
    columns=(
        CADENCE,
        Column("as_of", "timestamptz", "The as_of of the run."),
        MACRO_SEGMENT,
        Column(
            "from_key",
            "text",
            "The segment at previous_as_of, or new for customers who were not in the population then.",
        ),
        Column("to_key", "text", "The segment at as_of, or left for customers who are no longer in the population."),
        Column("previous_as_of", "timestamptz", "The as_of of the previous run of the same cadence."),
        Column("customers", "bigint", "The number of customers who moved from from_key to to_key."),
        Column("share", "double precision", "Their share of the customers of from_key, 0 to 1."),
        Column(
            "activity",
            "bigint",
            "The movers who did something since previous_as_of, under the same model. In rows between two "
            "different segments the four reasons add up to customers. In all other rows they are 0.",
            constraint="DEFAULT 0",
        ),
        Column(
            "ageing",
            "bigint",
            "The movers who did nothing since previous_as_of: only time passed.",
            constraint="DEFAULT 0",
        ),
        Column(
            "late_data",
            "bigint",
            "The movers whose segment changed because data from before previous_as_of arrived after it.",
            constraint="DEFAULT 0",
        ),
        Column(
            "refit",
            "bigint",
            "The movers whose segment changed because of a new model, on the same data.",
            constraint="DEFAULT 0",
        ),
        Column(
            "boundary_noise",
            "bigint",
            "The movers near a border: margin below 0.2 before or after.",
            constraint="DEFAULT 0",
        ),
    ),
    primary_key=("cadence", "as_of", "macro_segment", "from_key", "to_key"),
    derivation="fct_segment_migration",
)
