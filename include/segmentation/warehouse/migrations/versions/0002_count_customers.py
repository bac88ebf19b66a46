"""A generic table counts customers, not learners."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Rename fct_cohort_segment.learners."""
    op.alter_column("fct_cohort_segment", "learners", new_column_name="customers")
