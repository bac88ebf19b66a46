CREATE TABLE IF NOT EXISTS fct_segment_demographic (
    cadence text NOT NULL,
    as_of timestamptz NOT NULL,
    macro_segment text NOT NULL,
    segment_key text NOT NULL,
    dimension text NOT NULL,
    value text NOT NULL,
    customers bigint,
    share double precision NOT NULL,
    coverage double precision NOT NULL,
    report text NOT NULL,
    PRIMARY KEY (cadence, as_of, macro_segment, segment_key, report, dimension, value)
);

COMMENT ON TABLE fct_segment_demographic IS 'One row per run, segment (and everyone), dimension and value. Attributes of customers are counted per segment and add up to it; what Google Analytics estimates about groups is told of everyone only, in shares, as it is never joined with customers.';
COMMENT ON COLUMN fct_segment_demographic.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_segment_demographic.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN fct_segment_demographic.macro_segment IS 'The macro segment; all for everyone.';
COMMENT ON COLUMN fct_segment_demographic.segment_key IS 'The segment; see dim_segment; all for everyone.';
COMMENT ON COLUMN fct_segment_demographic.dimension IS 'The attribute of dim_customer, or the dimension of the report.';
COMMENT ON COLUMN fct_segment_demographic.value IS 'The value; unknown where it is missing; other for all values of fewer than 10 customers of the segment, and for as many further ones, the smallest first, as it takes to hold 10.';
COMMENT ON COLUMN fct_segment_demographic.customers IS 'Customers of the segment with the value; NULL for a report, whose users add up over days and are not people.';
COMMENT ON COLUMN fct_segment_demographic.share IS 'Their share of the segment, the unknown included, 0 to 1; of a report the share of users, summed over its days.';
COMMENT ON COLUMN fct_segment_demographic.coverage IS 'The share of the segment whose value is known, 0 to 1.';
COMMENT ON COLUMN fct_segment_demographic.report IS 'The Google Analytics report; empty for an attribute of customers.';
