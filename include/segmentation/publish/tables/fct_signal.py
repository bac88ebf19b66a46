"""What predicts each label."""

from include.segmentation.publish.common_columns import RUN_ID
from include.segmentation.publish.signal_rows import read_signal_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_SIGNAL = PublishedTable(
    name="fct_signal",
    comment=(
        "One row per run, label, landmark and KPI: whether the KPI, measured some days after registration, "
        "predicts who gets the label within the horizon. Rules are learned from earlier registration cohorts "
        "and evaluated on later ones. Only for runs at the primary cadence and profiles with signals."
    ),
    columns=(
        RUN_ID,
        Column("as_of", "timestamptz", "The as_of of the run. Horizons that had not ended by then are left out."),
        Column("label", "text", "The name of the outcome in the profile."),
        Column(
            "landmark",
            "integer",
            "Days after registration at which KPIs are measured. Only customers who do not have the label "
            "yet are counted.",
        ),
        Column("horizon", "integer", "Days after the landmark within which the label may come true."),
        Column("kpi", "text", "The KPI, measured at the landmark; see dim_kpi. * is the rule over all KPIs together."),
        Column(
            "outcome",
            "text",
            "measured, or why not. nobody: no customer was followed to the end of the horizon. one_cohort: "
            "all registered on one day. already: everyone had the label at the landmark. never, always: "
            "the label never or always came true in the earlier or the later cohorts. no_rule: no rule "
            "selects at least max(2%, 100) customers and separates them. too_few: the rule selects or "
            "leaves fewer than 10 customers of the hold-out.",
            constraint="CHECK ( outcome IN ('measured', 'nobody', 'already', 'one_cohort', 'never', 'always', "
            "'no_rule', 'too_few') )",
        ),
        Column(
            "learned_from", "bigint", "The number of customers in the earlier cohorts, from which the rule was learned."
        ),
        Column("learned_labelled", "bigint", "How many of them got the label."),
        Column(
            "holdout_from",
            "date",
            "The first day of registration in the hold-out. NULL if there is none.",
            nullable=True,
        ),
        Column("customers", "bigint", "The number of customers in the hold-out."),
        Column("labelled", "bigint", "How many of them got the label."),
        Column("rule", "text", "The rule in words. NULL if there is none.", nullable=True),
        Column(
            "direction",
            "text",
            "Whether the label goes with more or less of the KPI. NULL for the rule over all KPIs.",
            nullable=True,
            constraint="CHECK (direction IN ('more', 'less'))",
        ),
        Column(
            "taken",
            "bigint",
            "The number of hold-out customers that the rule selects. This column and the following ones "
            "are NULL unless the outcome is measured.",
            nullable=True,
        ),
        Column("taken_labelled", "bigint", "How many of them got the label.", nullable=True),
        Column(
            "lift",
            "double precision",
            "precision divided by the base rate (labelled / customers): how many times as often the label "
            "comes true where the rule holds.",
            nullable=True,
        ),
        Column(
            "lift_low",
            "double precision",
            "The lower end of the lift's 95% interval (Koopman's score method for a ratio of shares).",
            nullable=True,
        ),
        Column("lift_high", "double precision", "The upper end of the lift's 95% interval.", nullable=True),
        Column(
            "p",
            "double precision",
            "The probability of a difference at least as large by chance alone (Fisher's exact test, two-sided).",
            nullable=True,
        ),
        Column(
            "q",
            "double precision",
            "p adjusted for all questions of the run (Benjamini-Hochberg): of the rows up to 0.05, at most "
            "5% are expected to be chance.",
            nullable=True,
        ),
        Column(
            "precision",
            "double precision",
            "The share of the selected customers who got the label, 0 to 1.",
            nullable=True,
        ),
        Column(
            "recall",
            "double precision",
            "The share of the customers with the label whom the rule selects, 0 to 1.",
            nullable=True,
        ),
    ),
    primary_key=("run_id", "label", "landmark", "kpi"),
    replaces=("run_id",),
    make_rows=read_signal_rows,
)
