"""Columns that several published tables share."""

from include.segmentation.warehouse.published_table import BYTEWISE_TEXT, Column

CADENCE = Column("cadence", "text", "The cadence of the run: daily, weekly or monthly.")
CHECKED_CADENCE = Column(
    "cadence",
    "text",
    "The cadence of the run: daily, weekly or monthly.",
    constraint="CHECK (cadence IN ('daily', 'weekly', 'monthly'))",
)
AS_OF = Column("as_of", "timestamptz", "The end (exclusive) of the data that the run used.")
MACRO_SEGMENT = Column("macro_segment", "text", "The macro segment.")
SEGMENT_KEY = Column("segment_key", "text", "The segment; see dim_segment.")
CUSTOMER_ID = Column("customer_id", BYTEWISE_TEXT, "The customer's id in the source.")
FIRST_SEEN = Column("first_seen", "timestamptz", "When the customer was first seen.")
LAST_SEEN = Column(
    "last_seen",
    "timestamptz",
    "When the customer was last seen before as_of. NULL if never seen after registering.",
    nullable=True,
)
RUN_ID = Column("run_id", "text", "The run; see segmentation_run.")
MODEL_ID = Column("model_id", "text", "The model; see dim_model. segmentation_run.models names the models of a run.")
KPI = Column("kpi", "text", "The KPI; see dim_kpi.")
PARENT_KEY = Column(
    "parent_key",
    "text",
    "The segment that contains the micro segment. NULL for a segment. Sum over one of the two levels only.",
    nullable=True,
)
