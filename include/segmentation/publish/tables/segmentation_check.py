"""The latest verdicts on every run."""

from include.segmentation.publish.common_columns import CHECKED_CADENCE
from include.segmentation.warehouse.published_table import Column, PublishedTable

SEGMENTATION_CHECK = PublishedTable(
    name="segmentation_check",
    comment=(
        "One row per run: the latest verdicts of its gates, whether or not it was published. A run that was "
        "not published leaves the other tables unchanged."
    ),
    columns=(
        Column("run_id", "text", "The run: profile/cadence/as_of."),
        CHECKED_CADENCE,
        Column("as_of", "timestamptz", "The as_of of the run."),
        Column(
            "status",
            "text",
            "published, waiting (for a person), rejected (by a person, or unanswered) or stopped.",
            constraint="CHECK (status IN ('published', 'waiting', 'rejected', 'stopped'))",
        ),
        Column(
            "gates",
            "jsonb",
            "The verdicts: name, macro_segment (empty for the whole run), verdict (pass, warn, ask, stop), "
            "found, allowed, approved_by.",
        ),
        Column("checked_at", "timestamptz", "When the gates were evaluated."),
    ),
    primary_key=("run_id",),
    replaces=("run_id",),
)
