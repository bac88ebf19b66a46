"""The cut points of scores."""

from include.segmentation.publish.common_columns import MODEL_ID
from include.segmentation.publish.grid_rows import make_class_definitions
from include.segmentation.warehouse.published_table import Column, PublishedTable

DIM_SCORE_CLASS = PublishedTable(
    name="dim_score_class",
    comment=(
        "One row per model, score of its grid and class: the stored cut points. Equal values are always in the "
        "same class."
    ),
    columns=(
        MODEL_ID,
        Column("macro_segment", "text", "The macro segment that the grid belongs to."),
        Column("score", "text", "The score, such as r."),
        Column("class", "integer", "The class, where 1 holds the worst customers."),
        Column("position", "integer", "The position of the score's digit in fct_segment_label.scores, from 1."),
        Column("label", "text", "The score's title for readers."),
        Column("kpi", "text", "The KPI that the score is based on; see dim_kpi."),
        Column(
            "at_least",
            "double precision",
            "The lowest value in the class. NULL if the class has no lower bound.",
            nullable=True,
        ),
        Column(
            "below",
            "double precision",
            "The lowest value above the class. NULL if the class has no upper bound. A class without any "
            "values has neither.",
            nullable=True,
        ),
        Column("customers_at_fit", "bigint", "The number of customers in the class when the cut points were fitted."),
    ),
    primary_key=("model_id", "score", "class"),
    replaces=("macro_segment",),
    make_rows=make_class_definitions,
)
