CREATE TABLE IF NOT EXISTS fct_funnel (
    cadence text NOT NULL,
    as_of timestamptz NOT NULL,
    macro_segment text NOT NULL,
    segment_key text NOT NULL,
    step integer NOT NULL,
    name text NOT NULL,
    label text NOT NULL,
    customers bigint,
    share double precision,
    conversion double precision,
    met bigint,
    suppressed boolean NOT NULL,
    PRIMARY KEY (cadence, as_of, macro_segment, segment_key, step)
);

COMMENT ON TABLE fct_funnel IS 'One row per run, segment and step of the profile''s funnel, and of everyone: how many customers have come that far. No step has more customers than the one before it.';
COMMENT ON COLUMN fct_funnel.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_funnel.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN fct_funnel.macro_segment IS 'The macro segment; all for everyone.';
COMMENT ON COLUMN fct_funnel.segment_key IS 'The segment; see dim_segment; all for everyone.';
COMMENT ON COLUMN fct_funnel.step IS 'The place of the step in the funnel, from 1.';
COMMENT ON COLUMN fct_funnel.name IS 'The step, as the profile names it.';
COMMENT ON COLUMN fct_funnel.label IS 'The words a reader sees.';
COMMENT ON COLUMN fct_funnel.customers IS 'Customers of the segment who have reached this step and all before it; NULL for a segment of fewer than 10.';
COMMENT ON COLUMN fct_funnel.share IS 'Their share of the segment, 0 to 1; NULL for a segment of fewer than 10.';
COMMENT ON COLUMN fct_funnel.conversion IS 'Their share of those who have reached the step before, 0 to 1; NULL for the first step, and where fewer than 10 have.';
COMMENT ON COLUMN fct_funnel.met IS 'Customers of the segment who meet the condition of this step, whether or not they have reached those before it; NULL for a segment of fewer than 10.';
COMMENT ON COLUMN fct_funnel.suppressed IS 'Whether the segment has fewer than 10 customers: its figures are not shown.';
