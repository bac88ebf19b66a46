CREATE TABLE IF NOT EXISTS fct_segment_profile (
    cadence text NOT NULL,
    as_of timestamptz NOT NULL,
    macro_segment text NOT NULL,
    segment_key text NOT NULL,
    parent_key text,
    kpi text NOT NULL,
    customers bigint NOT NULL,
    total numeric,
    share_of_total double precision,
    nonzero_share double precision,
    nulls bigint,
    min double precision,
    p05 double precision,
    p25 double precision,
    p50 double precision,
    p75 double precision,
    p95 double precision,
    max double precision,
    mean double precision,
    band text,
    PRIMARY KEY (cadence, as_of, macro_segment, segment_key, kpi)
);
ALTER TABLE fct_segment_profile ADD COLUMN IF NOT EXISTS parent_key text;

COMMENT ON TABLE fct_segment_profile IS 'One row per run, segment or micro segment, and KPI of its macro segment, and per KPI that says what customers are worth: how the KPI is distributed among the segment''s customers. Every figure but customers is NULL for a segment of fewer than 10.';
COMMENT ON COLUMN fct_segment_profile.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_segment_profile.as_of IS 'The moment, exclusive, up to which the KPI was measured.';
COMMENT ON COLUMN fct_segment_profile.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN fct_segment_profile.segment_key IS 'The segment or micro segment; see dim_segment.';
COMMENT ON COLUMN fct_segment_profile.parent_key IS 'The segment that a micro segment is inside; NULL for a segment. Sum over one of the two only.';
COMMENT ON COLUMN fct_segment_profile.kpi IS 'The KPI; see dim_kpi.';
COMMENT ON COLUMN fct_segment_profile.customers IS 'Customers in the segment.';
COMMENT ON COLUMN fct_segment_profile.total IS 'Sum of the KPI over the segment, exact.';
COMMENT ON COLUMN fct_segment_profile.share_of_total IS 'The segment''s share of the KPI''s sum over the population; NULL when that sum is not above 0. Above 1 or below 0 where values are negative.';
COMMENT ON COLUMN fct_segment_profile.nonzero_share IS 'Share of the segment''s customers whose KPI is defined and not 0.';
COMMENT ON COLUMN fct_segment_profile.nulls IS 'Customers whose KPI is undefined.';
COMMENT ON COLUMN fct_segment_profile.min IS 'Smallest defined value.';
COMMENT ON COLUMN fct_segment_profile.p05 IS '5th percentile: the smallest value that at least 5% of the defined values do not exceed (always a value that occurs).';
COMMENT ON COLUMN fct_segment_profile.p25 IS '25th percentile, defined as p05.';
COMMENT ON COLUMN fct_segment_profile.p50 IS 'Median, defined as p05.';
COMMENT ON COLUMN fct_segment_profile.p75 IS '75th percentile, defined as p05.';
COMMENT ON COLUMN fct_segment_profile.p95 IS '95th percentile, defined as p05.';
COMMENT ON COLUMN fct_segment_profile.max IS 'Largest defined value.';
COMMENT ON COLUMN fct_segment_profile.mean IS 'Mean of the defined values.';
COMMENT ON COLUMN fct_segment_profile.band IS 'p25 to p75 in the KPI''s own words: Low, or Low To Medium; NULL for a KPI without bands.';
