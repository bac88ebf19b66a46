CREATE TABLE IF NOT EXISTS dim_kpi (
    kpi text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    is_current boolean NOT NULL,
    macro_segment text NOT NULL,
    label text NOT NULL,
    definition text NOT NULL,
    "window" text NOT NULL,
    unit text NOT NULL,
    resolution double precision NOT NULL,
    direction text NOT NULL,
    rule_only boolean NOT NULL,
    undefined_when text,
    matures_after integer NOT NULL,
    goal text NOT NULL,
    indicator text NOT NULL,
    owner text NOT NULL,
    PRIMARY KEY (kpi, valid_from)
);

COMMENT ON TABLE dim_kpi IS 'One row per KPI and validity: what a KPI column means, from goal through indicator to metric. A changed definition begins a new row.';
COMMENT ON COLUMN dim_kpi.kpi IS 'The name of the KPI, which is also its column in fct_customer_kpi and customer_analytics_record.';
COMMENT ON COLUMN dim_kpi.valid_from IS 'The first published as_of that used this definition (inclusive).';
COMMENT ON COLUMN dim_kpi.valid_to IS 'The first published as_of that no longer used it (exclusive); NULL while it is used.';
COMMENT ON COLUMN dim_kpi.is_current IS 'Whether the newest run used this definition.';
COMMENT ON COLUMN dim_kpi.macro_segment IS 'The macro segment that the KPI belongs to; the first in the profile where several cluster on it.';
COMMENT ON COLUMN dim_kpi.label IS 'The words a reader sees.';
COMMENT ON COLUMN dim_kpi.definition IS 'One sentence saying what is counted.';
COMMENT ON COLUMN dim_kpi."window" IS 'The time the KPI looks back over, always cut at as_of: lifetime, trailing Nd, since_registration [a, b) or calendar month.';
COMMENT ON COLUMN dim_kpi.unit IS 'What one unit is.';
COMMENT ON COLUMN dim_kpi.resolution IS 'Values are rounded to a multiple of this.';
COMMENT ON COLUMN dim_kpi.direction IS 'Whether more of it is better (more), less is better (less), or neither (neutral).';
COMMENT ON COLUMN dim_kpi.rule_only IS 'Whether the KPI is never clustered on: it is for conditions, scores and totals.';
COMMENT ON COLUMN dim_kpi.undefined_when IS 'The condition under which the KPI is undefined (NULL, never zero); NULL when it is always defined.';
COMMENT ON COLUMN dim_kpi.matures_after IS 'Days of age below which the value is not final yet.';
COMMENT ON COLUMN dim_kpi.goal IS 'The business goal that the KPI serves.';
COMMENT ON COLUMN dim_kpi.indicator IS 'The indicator of that goal that the KPI measures.';
COMMENT ON COLUMN dim_kpi.owner IS 'Who answers for the KPI.';
