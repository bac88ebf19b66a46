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
    raw_key text COLLATE "C",
    held_from timestamptz,
    remeasured_key text COLLATE "C",
    previous_model_key text COLLATE "C",
    scores text COLLATE "C",
    cell text COLLATE "C",
    PRIMARY KEY (cadence, as_of, macro_segment, customer_id)
);
ALTER TABLE fct_segment_label ADD COLUMN IF NOT EXISTS raw_key text COLLATE "C";
ALTER TABLE fct_segment_label ADD COLUMN IF NOT EXISTS held_from timestamptz;
ALTER TABLE fct_segment_label ADD COLUMN IF NOT EXISTS remeasured_key text COLLATE "C";
ALTER TABLE fct_segment_label ADD COLUMN IF NOT EXISTS previous_model_key text COLLATE "C";
ALTER TABLE fct_segment_label ADD COLUMN IF NOT EXISTS scores text COLLATE "C";
ALTER TABLE fct_segment_label ADD COLUMN IF NOT EXISTS cell text COLLATE "C";
CREATE INDEX IF NOT EXISTS fct_segment_label_by_customer ON fct_segment_label (customer_id, as_of);

COMMENT ON TABLE fct_segment_label IS 'One row per run, macro segment and customer: the segment that is published for them, and what its movement is told apart by. The model of a run is in segmentation_run.models.';
COMMENT ON COLUMN fct_segment_label.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_segment_label.as_of IS 'The moment, exclusive, up to which the customer was measured.';
COMMENT ON COLUMN fct_segment_label.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN fct_segment_label.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN fct_segment_label.stratum IS 'The stratum, decided by rule.';
COMMENT ON COLUMN fct_segment_label.segment_key IS 'The published segment, after hysteresis; see dim_segment.';
COMMENT ON COLUMN fct_segment_label.micro_key IS 'The micro segment inside it; NULL where the segment is not cut further, or the customer is held back in it.';
COMMENT ON COLUMN fct_segment_label.margin IS 'How clearly the customer belongs: (d2² - d1²) / d2² of the distances to the nearest prototype and the nearest of another segment, 0 on the border, 1 on a prototype; NULL where the whole stratum is one segment. Of raw_key.';
COMMENT ON COLUMN fct_segment_label.raw_key IS 'The segment that the model says, before hysteresis; NULL in rows of versions without it.';
COMMENT ON COLUMN fct_segment_label.held_from IS 'Where hysteresis still keeps the customer in segment_key although the model says raw_key: the as_of of the last run at which it did not; else NULL.';
COMMENT ON COLUMN fct_segment_label.remeasured_key IS 'The segment at the as_of of the run before, measured again with the data of this run, under the model of that run; NULL where nothing came late, so that its raw_key stands.';
COMMENT ON COLUMN fct_segment_label.previous_model_key IS 'The segment at this as_of under the model of the run before; NULL where that is the same model (raw_key stands) or can not be asked any more.';
COMMENT ON COLUMN fct_segment_label.scores IS 'The classes of the macro segment''s grid, a digit per score in its order: 543; see dim_score_class. NULL for whom the grid does not take, and where there is none.';
COMMENT ON COLUMN fct_segment_label.cell IS 'The cell of the grid; see dim_grid_cell. NULL as scores.';
