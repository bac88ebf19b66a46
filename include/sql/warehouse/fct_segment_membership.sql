CREATE TABLE IF NOT EXISTS fct_segment_membership (
    customer_id text COLLATE "C" NOT NULL,
    macro_segment text COLLATE "C" NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    is_current boolean NOT NULL GENERATED ALWAYS AS (valid_to IS NULL) STORED,
    segment_key text COLLATE "C" NOT NULL,
    micro_key text,
    entered_reason text NOT NULL CHECK (entered_reason IN ('new', 'activity', 'ageing', 'refit', 'late_data')),
    run_id text NOT NULL,
    PRIMARY KEY (customer_id, macro_segment, valid_from),
    CHECK (valid_from < valid_to),
    -- Of a 64-bit hash, which GiST indexes four times faster than the two texts; two pairs that share one by chance
    -- (1 in 10,000 at 50 million) would be refused, never let through.
    CONSTRAINT one_segment_at_a_time EXCLUDE USING gist (
        hashtextextended(macro_segment || ' ' || customer_id, 0) WITH =, tstzrange(valid_from, valid_to) WITH &&
    )
);
CREATE INDEX IF NOT EXISTS fct_segment_membership_current
ON fct_segment_membership (macro_segment, segment_key) WHERE valid_to IS NULL;

COMMENT ON TABLE fct_segment_membership IS 'One row per customer, macro segment and validity [valid_from, valid_to): who was in which segment when, seen at the runs of the primary cadence. Derived from fct_segment_label.';
COMMENT ON COLUMN fct_segment_membership.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN fct_segment_membership.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN fct_segment_membership.valid_from IS 'The first as_of at which the customer was seen in the segment (inclusive).';
COMMENT ON COLUMN fct_segment_membership.valid_to IS 'The first later as_of at which they were not (exclusive); NULL while they are in it.';
COMMENT ON COLUMN fct_segment_membership.is_current IS 'Whether the customer is in the segment at the newest run.';
COMMENT ON COLUMN fct_segment_membership.segment_key IS 'The segment; see dim_segment.';
COMMENT ON COLUMN fct_segment_membership.micro_key IS 'The micro segment inside it; NULL where the segment is not cut further.';
COMMENT ON COLUMN fct_segment_membership.entered_reason IS 'Why the row began: new (not in the population at the run before), activity, ageing, refit or late_data, as in fct_segment_event.';
COMMENT ON COLUMN fct_segment_membership.run_id IS 'The run at valid_from; see segmentation_run.';
