CREATE TABLE IF NOT EXISTS fct_segment_label (
    cadence text NOT NULL CHECK (cadence IN ('daily', 'weekly', 'monthly')),
    as_of timestamptz NOT NULL,
    -- COLLATE "C": keys are compared byte by byte, not by the rules of a language, which is several times slower.
    macro_segment text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    stratum text NOT NULL,
    segment_key text COLLATE "C" NOT NULL CHECK (segment_key NOT IN ('new', 'left')),
    micro_key text,
    margin double precision,
    PRIMARY KEY (cadence, as_of, macro_segment, customer_id)
);
CREATE INDEX IF NOT EXISTS fct_segment_label_by_customer ON fct_segment_label (customer_id, as_of);

COMMENT ON TABLE fct_segment_label IS 'One row per run, macro segment and customer: the segment that the model effective at as_of gives them. The model of a run is in segmentation_run.models.';
COMMENT ON COLUMN fct_segment_label.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_segment_label.as_of IS 'The moment, exclusive, up to which the customer was measured.';
COMMENT ON COLUMN fct_segment_label.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN fct_segment_label.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN fct_segment_label.stratum IS 'The stratum, decided by rule.';
COMMENT ON COLUMN fct_segment_label.segment_key IS 'The segment; see dim_segment.';
COMMENT ON COLUMN fct_segment_label.micro_key IS 'The micro segment inside it; NULL where the segment is not cut further.';
COMMENT ON COLUMN fct_segment_label.margin IS 'How clearly the customer belongs: (d2² - d1²) / d2² of the distances to the nearest prototype and the nearest of another segment, 0 on the border, 1 on a prototype; NULL where the whole stratum is one segment.';
