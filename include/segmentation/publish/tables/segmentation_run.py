"""The published runs."""

from include.segmentation.publish.common_columns import CHECKED_CADENCE
from include.segmentation.warehouse.published_table import Column, PublishedTable

SEGMENTATION_RUN = PublishedTable(
    name="segmentation_run",
    comment=(
        "One row per published run: what it was made from and what was checked. A run that a gate stops "
        "publishes nothing, not even a row here; see segmentation_check."
    ),
    columns=(
        Column("run_id", "text", "The run: profile/cadence/as_of."),
        Column("profile", "text", "The profile."),
        CHECKED_CADENCE,
        Column("as_of", "timestamptz", "The end of the run's data interval (exclusive)."),
        Column("is_primary", "boolean", "Whether the run feeds fct_segment_membership and customer_analytics_record."),
        Column("status", "text", "Always published.", constraint="CHECK (status = 'published')"),
        Column(
            "look_ahead",
            "boolean",
            "Whether as_of is before the first model of a macro segment, which then labelled the run.",
        ),
        Column("customers", "bigint", "The population: identified customers first seen before as_of."),
        Column("unknown_rows", "bigint", "Source rows without a customer. They are counted, never labelled."),
        Column(
            "quarantined",
            "bigint",
            "The number of row versions ever put into quarantine, over all extracts, when the run was published.",
        ),
        Column(
            "rows",
            "jsonb",
            "Extract -> its current rows when the run was published: accepted and quarantined.",
            constraint="DEFAULT '{}'",
        ),
        Column(
            "complete_through",
            "jsonb",
            "Extract -> the time up to which it was known to be complete when the run was published.",
        ),
        Column("models", "jsonb", "Macro segment -> the model that labelled it; see dim_model."),
        Column(
            "follows",
            "jsonb",
            "Macro segment -> the previous run that its labels were compared with: run_id, model_id and, "
            "with hysteresis, the fingerprint of its labels. {} for a first run. NULL for runs of versions "
            "that did not compare.",
            nullable=True,
        ),
        Column(
            "fingerprints", "jsonb", "Macro segment -> a fingerprint of the run's labels.", constraint="DEFAULT '{}'"
        ),
        Column(
            "is_stale",
            "boolean",
            "Whether the previous run is no longer the one in follows. Run segment and publish again: "
            "until then hysteresis rests on labels that were replaced, and reasons of moves ignore the new "
            "previous run.",
            constraint="DEFAULT false",
        ),
        Column("kpis", "jsonb", "KPI -> its definition in this run. dim_kpi is derived from it."),
        Column(
            "analytics",
            "jsonb",
            "Google Analytics report -> its limits: days read, how many of them were thresholded, sampled, "
            "truncated or had an (other) row, and the coverage of demographics.",
            constraint="DEFAULT '{}'",
        ),
        Column(
            "gates",
            "jsonb",
            "The verdicts when the run was published: name, macro_segment (empty for the whole run), "
            "verdict (pass, warn, ask), found, allowed, approved_by.",
        ),
        Column(
            "drift",
            "jsonb",
            "How far customers are from those of the fit: macro_segment, metric (psi, js, inertia_gain), "
            "stratum, kpi, value. Empty at other cadences than the primary one and for look_ahead.",
            constraint="DEFAULT '[]'",
        ),
        Column(
            "versions",
            "jsonb",
            "Versions of the code, of the table declarations and of the libraries that computed the run.",
        ),
        Column("started_at", "timestamptz", "When publishing began."),
        Column("finished_at", "timestamptz", "When publishing ended."),
        Column("seconds", "double precision", "How long publishing took, in seconds."),
    ),
    primary_key=("run_id",),
    constraints=("UNIQUE (cadence, as_of)",),
    replaces=("run_id",),
)
