"""What KPIs mean, by validity."""

from include.segmentation.warehouse.published_table import Column, PublishedTable

DIM_KPI = PublishedTable(
    name="dim_kpi",
    comment=(
        "One row per KPI and validity: what a KPI column means, from goal through indicator to metric. A "
        "changed definition begins a new row."
    ),
    columns=(
        Column(
            "kpi", "text", "The name of the KPI, and of its column in fct_customer_kpi and customer_analytics_record."
        ),
        Column("valid_from", "timestamptz", "The first published as_of that used this definition (inclusive)."),
        Column(
            "valid_to",
            "timestamptz",
            "The first published as_of that no longer used it (exclusive). NULL while it is in use.",
            nullable=True,
        ),
        Column("is_current", "boolean", "Whether the newest run used this definition."),
        Column("macro_segment", "text", "The macro segment of the KPI: the first in the profile if several use it."),
        Column("label", "text", "The KPI's title for readers."),
        Column("definition", "text", "What the KPI counts, in one sentence."),
        Column(
            "window",
            "text",
            "The period that the KPI covers, always cut at as_of: lifetime, trailing Nd, "
            "since_registration [a, b) or calendar month.",
        ),
        Column("unit", "text", "The unit of the values."),
        Column("resolution", "double precision", "Values are rounded to a multiple of this."),
        Column("direction", "text", "more: higher is better. less: lower is better. neutral: neither."),
        Column(
            "rule_only",
            "boolean",
            "Whether the KPI is used only in conditions, scores and totals, never for clustering.",
        ),
        Column(
            "undefined_when",
            "text",
            "The condition under which the KPI is undefined (NULL, never zero). NULL if it is always defined.",
            nullable=True,
        ),
        Column("matures_after", "integer", "The age in days below which the value is not final."),
        Column("goal", "text", "The business goal that the KPI serves."),
        Column("indicator", "text", "The indicator of that goal that the KPI measures."),
        Column("owner", "text", "Who is responsible for the KPI."),
    ),
    primary_key=("kpi", "valid_from"),
    derivation="dim_kpi",
)
