"""The tables that had no version yet. The columns are those that even older tables lack."""

from alembic import op

revision = "0001"
down_revision = None

_COLUMNS = {
    "customer_analytics_record": [
        "persona text",
    ],
    "fct_customer_kpi": [
        "last_seen timestamptz",
    ],
    "fct_segment_label": [
        'raw_key text COLLATE "C"',
        "held_from timestamptz",
        'remeasured_key text COLLATE "C"',
        'previous_model_key text COLLATE "C"',
        'scores text COLLATE "C"',
        'cell text COLLATE "C"',
    ],
    "fct_segment_migration": [
        "activity bigint NOT NULL DEFAULT 0",
        "ageing bigint NOT NULL DEFAULT 0",
        "late_data bigint NOT NULL DEFAULT 0",
        "refit bigint NOT NULL DEFAULT 0",
        "boundary_noise bigint NOT NULL DEFAULT 0",
    ],
    "fct_segment_profile": [
        "parent_key text",
    ],
    "fct_segment_size": [
        "parent_key text",
    ],
    "segmentation_run": [
        "analytics jsonb NOT NULL DEFAULT '{}'",
        "follows jsonb",
        "fingerprints jsonb NOT NULL DEFAULT '{}'",
        "is_stale boolean NOT NULL DEFAULT false",
        "rows jsonb NOT NULL DEFAULT '{}'",
        "drift jsonb NOT NULL DEFAULT '[]'",
    ],
}


def upgrade() -> None:
    """Add the columns that are missing."""
    for table, columns in _COLUMNS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column}")
