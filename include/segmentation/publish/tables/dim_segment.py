"""What segment keys mean, by validity."""

from include.segmentation.publish.dimension_rows import make_segment_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

DIM_SEGMENT = PublishedTable(
    name="dim_segment",
    comment=(
        "One row per segment or micro segment and validity: what a segment key means. A new accepted model "
        "that changes the name, the rule or the place of a segment begins a new row; the key stays."
    ),
    columns=(
        Column("segment_key", "text", "The segment's key: opaque, stable across models, never reused."),
        Column(
            "valid_from",
            "timestamptz",
            "The effective_from of the accepted model that introduced this version (inclusive).",
        ),
        Column(
            "valid_to",
            "timestamptz",
            "The effective_from of the accepted model that changed or dropped it (exclusive). NULL while it is valid.",
            nullable=True,
        ),
        Column("is_current", "boolean", "Whether the newest accepted model contains this version."),
        Column("macro_segment", "text", "The macro segment that the segment belongs to."),
        Column("stratum", "text", "The stratum, defined by a rule before any clustering."),
        Column("stratum_label", "text", "The stratum's title for readers."),
        Column("parent_key", "text", "The segment that contains the micro segment. NULL for a segment.", nullable=True),
        Column("path", "text", "The segment's place in the model, for display only: value.repeat.02."),
        Column(
            "name",
            "text",
            "The name, fixed when the model was accepted and checked by every run. Unique within a macro segment.",
        ),
        Column(
            "alias",
            "text",
            "A name from the profile, checked by every run against its rule there. NULL if the profile gives none.",
            nullable=True,
        ),
        Column("description", "text", "What its customers have in common."),
        Column("rule_sql", "text", "The exact rule, a SQL condition over the columns of customer_analytics_record."),
        Column("rule_words", "text", "The rule in words: ranges of KPIs, in at most three alternatives joined by or."),
        Column(
            "fidelity",
            "double precision",
            "How accurate rule_words is: of the customers that rule_words or rule_sql selects, the share "
            "that both select, measured at the fit. NULL if it was not measured.",
            nullable=True,
        ),
        Column(
            "recommended_action",
            "text",
            "What to do with these customers, from the profile's entry for the segment or else for its stratum.",
        ),
        Column("owner", "text", "Who is responsible for the segment, or else for its stratum."),
        Column("model_id", "text", "The accepted model that introduced this version; see dim_model."),
    ),
    primary_key=("segment_key", "valid_from"),
    replaces=("macro_segment",),
    make_rows=make_segment_rows,
)
