"""The evidence behind models."""

from include.segmentation.publish.common_columns import MODEL_ID
from include.segmentation.publish.dimension_rows import make_quality_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_MODEL_QUALITY = PublishedTable(
    name="fct_model_quality",
    comment=(
        "One row per model, stratum, algorithm, number of clusters and metric that was tried: the evidence for "
        "the division."
    ),
    columns=(
        MODEL_ID,
        Column("macro_segment", "text", "The macro segment that the model divides."),
        Column(
            "stratum",
            "text",
            "The stratum. Where a segment was divided into micro segments, its number follows: repeat.02.",
        ),
        Column("algorithm", "text", "The algorithm that was tried."),
        Column("k", "integer", "The number of clusters that was tried."),
        Column("metric", "text", "What was measured."),
        Column("value", "double precision", "The value. NULL if it could not be measured.", nullable=True),
        Column(
            "standard_error", "double precision", "The standard error of the value. NULL if it has none.", nullable=True
        ),
    ),
    primary_key=("model_id", "stratum", "algorithm", "k", "metric"),
    replaces=("macro_segment",),
    make_rows=make_quality_rows,
)
