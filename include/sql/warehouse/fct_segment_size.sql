CREATE TABLE IF NOT EXISTS fct_segment_size (
    cadence text NOT NULL,
    as_of timestamptz NOT NULL,
    macro_segment text NOT NULL,
    segment_key text NOT NULL,
    parent_key text,
    model_id text NOT NULL,
    customers bigint NOT NULL,
    share double precision NOT NULL,
    entered bigint,
    "left" bigint,
    suppressed boolean NOT NULL,
    run_id text NOT NULL,
    PRIMARY KEY (cadence, as_of, macro_segment, segment_key)
);
ALTER TABLE fct_segment_size ADD COLUMN IF NOT EXISTS parent_key text;

COMMENT ON TABLE fct_segment_size IS 'One row per run and segment of its model, empty ones too, and one per micro segment. The segments of a macro segment (parent_key IS NULL) add up to the population.';
COMMENT ON COLUMN fct_segment_size.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_segment_size.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN fct_segment_size.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN fct_segment_size.segment_key IS 'The segment or micro segment; see dim_segment.';
COMMENT ON COLUMN fct_segment_size.parent_key IS 'The segment that a micro segment is inside; NULL for a segment. Sum over one of the two only.';
COMMENT ON COLUMN fct_segment_size.model_id IS 'The model that labelled the run; see dim_model.';
COMMENT ON COLUMN fct_segment_size.customers IS 'Customers in the segment.';
COMMENT ON COLUMN fct_segment_size.share IS 'Their share of the population, 0 to 1.';
COMMENT ON COLUMN fct_segment_size.entered IS 'Customers who were not in it at the run before of the same cadence, new ones included; NULL for the first run and for micro segments.';
COMMENT ON COLUMN fct_segment_size."left" IS 'Customers who were in it at the run before and are not now; NULL for the first run and for micro segments.';
COMMENT ON COLUMN fct_segment_size.suppressed IS 'Whether the segment has fewer than 10 customers: its ranges and lists are not shown.';
COMMENT ON COLUMN fct_segment_size.run_id IS 'The run; see segmentation_run.';
