"""The models and the decisions about them."""

from include.segmentation.publish.dimension_rows import make_model_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

DIM_MODEL = PublishedTable(
    name="dim_model",
    comment="One row per fit: everything that it froze, and what was decided about it.",
    columns=(
        Column("model_id", "text", "The model."),
        Column("macro_segment", "text", "The macro segment that the model divides."),
        Column("effective_from", "timestamptz", "The first as_of that the model labels, once it is accepted."),
        Column(
            "status",
            "text",
            "candidate, accepted, rejected or retired.",
            constraint="CHECK (status IN ('candidate', 'accepted', 'rejected', 'retired'))",
        ),
        Column("decided_by", "text", "The person or rule that decided the status."),
        Column("decided_at", "timestamptz", "When the status was decided."),
        Column("customers", "bigint", "The number of customers in the fit."),
        Column("segments", "integer", "The number of segments in the model."),
        Column(
            "model",
            "jsonb",
            "The frozen parameters: transforms, scales, components, prototypes, bands, names, evidence and lineage.",
        ),
    ),
    primary_key=("model_id",),
    replaces=("macro_segment",),
    make_rows=make_model_rows,
)
