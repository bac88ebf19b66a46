CREATE TABLE IF NOT EXISTS fct_cohort_segment (
    macro_segment text NOT NULL,
    cohort date NOT NULL,
    month integer NOT NULL,
    segment_key text NOT NULL,
    kpi text NOT NULL,
    customers bigint NOT NULL,
    share double precision NOT NULL,
    min double precision,
    p25 double precision,
    p50 double precision,
    p75 double precision,
    max double precision,
    model_id text NOT NULL,
    as_of timestamptz NOT NULL,
    PRIMARY KEY (macro_segment, cohort, month, segment_key, kpi)
);

COMMENT ON TABLE fct_cohort_segment IS 'One row per registration cohort, month since registration, segment and KPI of its macro segment: thresholds and insights by month. Only complete months; ranges are NULL for fewer than 10 customers.';
COMMENT ON COLUMN fct_cohort_segment.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN fct_cohort_segment.cohort IS 'First day of the calendar month in which the customers were first seen, in the profile''s time zone.';
COMMENT ON COLUMN fct_cohort_segment.month IS 'Months of 30 days since each customer''s first_seen: month n ends 30 n days after it.';
COMMENT ON COLUMN fct_cohort_segment.segment_key IS 'The segment at the end of that month; see dim_segment.';
COMMENT ON COLUMN fct_cohort_segment.kpi IS 'The KPI, measured at the end of that month; see dim_kpi.';
COMMENT ON COLUMN fct_cohort_segment.customers IS 'Customers of the cohort in the segment.';
COMMENT ON COLUMN fct_cohort_segment.share IS 'Their share of the cohort, 0 to 1.';
COMMENT ON COLUMN fct_cohort_segment.min IS 'Smallest defined value of the KPI.';
COMMENT ON COLUMN fct_cohort_segment.p25 IS '25th percentile: the smallest value that at least 25% of the defined values do not exceed.';
COMMENT ON COLUMN fct_cohort_segment.p50 IS 'Median, defined as p25.';
COMMENT ON COLUMN fct_cohort_segment.p75 IS '75th percentile, defined as p25.';
COMMENT ON COLUMN fct_cohort_segment.max IS 'Largest defined value of the KPI.';
COMMENT ON COLUMN fct_cohort_segment.model_id IS 'The model that labelled the cohort; see dim_model.';
COMMENT ON COLUMN fct_cohort_segment.as_of IS 'The as_of of the run that published the row; an older run never overwrites a newer one.';
