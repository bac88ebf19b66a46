CREATE TABLE IF NOT EXISTS fct_segment_event (
    customer_id text COLLATE "C" NOT NULL,
    macro_segment text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    from_key text COLLATE "C",
    to_key text COLLATE "C",
    reason text NOT NULL CHECK (reason IN ('new', 'activity', 'ageing', 'refit', 'late_data', 'erased')),
    boundary_noise boolean NOT NULL,
    run_id text NOT NULL,
    PRIMARY KEY (customer_id, macro_segment, occurred_at),
    CHECK (from_key IS DISTINCT FROM to_key)
);
CREATE INDEX IF NOT EXISTS fct_segment_event_by_time ON fct_segment_event (occurred_at, macro_segment);

COMMENT ON TABLE fct_segment_event IS 'One row per entry, move or exit of a customer in a macro segment, seen at the runs of the primary cadence: from where, to where, and why. Derived from fct_segment_label.';
COMMENT ON COLUMN fct_segment_event.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN fct_segment_event.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN fct_segment_event.occurred_at IS 'The as_of of the run at which it was seen; it happened between the run before and this.';
COMMENT ON COLUMN fct_segment_event.from_key IS 'The segment at the run before; NULL for an entry.';
COMMENT ON COLUMN fct_segment_event.to_key IS 'The segment at this run; NULL for an exit.';
COMMENT ON COLUMN fct_segment_event.reason IS 'Which step led to to_key: new (an entry), activity (the customer did something since the run before), ageing (they did not), refit (a new model, on the same data), late_data (data of before the run before that came after it) or erased (an exit).';
COMMENT ON COLUMN fct_segment_event.boundary_noise IS 'Whether a move began or ended near a border: margin below 0.2 at the run before or at this one.';
COMMENT ON COLUMN fct_segment_event.run_id IS 'The run; see segmentation_run.';
