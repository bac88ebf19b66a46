"""The segment of every customer at every run."""

from include.segmentation.publish.common_columns import AS_OF, CHECKED_CADENCE, CUSTOMER_ID
from include.segmentation.publish.customer_rows import stream_labels
from include.segmentation.warehouse.published_table import BYTEWISE_TEXT, Column, PublishedTable

FCT_SEGMENT_LABEL = PublishedTable(
    name="fct_segment_label",
    comment=(
        "One row per run, macro segment and customer: the published segment, and what explains moves. "
        "segmentation_run.models names the model of a run."
    ),
    columns=(
        CHECKED_CADENCE,
        AS_OF,
        Column("macro_segment", BYTEWISE_TEXT, "The macro segment."),
        CUSTOMER_ID,
        Column("stratum", "text", "The stratum, defined by a rule."),
        Column(
            "segment_key",
            BYTEWISE_TEXT,
            "The published segment, after hysteresis; see dim_segment.",
            constraint="CHECK (segment_key NOT IN ('new', 'left'))",
        ),
        Column(
            "micro_key",
            "text",
            "The micro segment within it. NULL if the segment has none, or if hysteresis keeps the "
            "customer in the segment.",
            nullable=True,
        ),
        Column(
            "margin",
            "double precision",
            "How clearly the customer belongs to raw_key: (d2² - d1²) / d2², where d1 is the distance to "
            "the nearest prototype and d2 to the nearest one of another segment. 0 on the border, 1 on a "
            "prototype. NULL if the stratum is one segment.",
            nullable=True,
        ),
        Column(
            "raw_key",
            BYTEWISE_TEXT,
            "The segment according to the model, before hysteresis. NULL in rows from versions without hysteresis.",
            nullable=True,
        ),
        Column(
            "held_from",
            "timestamptz",
            "Set while hysteresis keeps the customer in segment_key although the model says raw_key: the "
            "as_of of the last run at which the model agreed.",
            nullable=True,
        ),
        Column(
            "remeasured_key",
            BYTEWISE_TEXT,
            "The segment at the previous as_of, measured again with the data of this run under the model "
            "of the previous run. NULL if no data came late, so that the raw_key of the previous run "
            "holds.",
            nullable=True,
        ),
        Column(
            "previous_model_key",
            BYTEWISE_TEXT,
            "The segment at this as_of under the model of the previous run. NULL if the model is the same, "
            "so that raw_key holds, or if the old model can no longer be applied.",
            nullable=True,
        ),
        Column(
            "scores",
            BYTEWISE_TEXT,
            "The classes of the macro segment's grid, one digit per score in order: 543; see "
            "dim_score_class. NULL for customers outside the grid, and without a grid.",
            nullable=True,
        ),
        Column(
            "cell", BYTEWISE_TEXT, "The cell of the grid; see dim_grid_cell. NULL where scores is NULL.", nullable=True
        ),
    ),
    primary_key=("cadence", "as_of", "macro_segment", "customer_id"),
    indexes={"fct_segment_label_by_customer": "(customer_id, as_of)"},
    stream_rows=stream_labels,
)
