CREATE TABLE IF NOT EXISTS fct_segment_migration (
    cadence text NOT NULL,
    as_of timestamptz NOT NULL,
    macro_segment text NOT NULL,
    from_key text NOT NULL,
    to_key text NOT NULL,
    previous_as_of timestamptz NOT NULL,
    customers bigint NOT NULL,
    share double precision NOT NULL,
    PRIMARY KEY (cadence, as_of, macro_segment, from_key, to_key)
);

COMMENT ON TABLE fct_segment_migration IS 'One row per run, segment before and segment now that share a customer, those who stayed included. The rows of one from_key add up to that segment''s customers at the run before, the rows of one to_key to its customers now. The first run of a cadence has no rows.';
COMMENT ON COLUMN fct_segment_migration.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_segment_migration.as_of IS 'The as_of of the run.';
COMMENT ON COLUMN fct_segment_migration.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN fct_segment_migration.from_key IS 'The segment at previous_as_of, or the word new for customers who were not in the population then.';
COMMENT ON COLUMN fct_segment_migration.to_key IS 'The segment at as_of, or the word left for customers who are no longer in the population.';
COMMENT ON COLUMN fct_segment_migration.previous_as_of IS 'The as_of of the run before, of the same cadence.';
COMMENT ON COLUMN fct_segment_migration.customers IS 'Customers who went from the one to the other.';
COMMENT ON COLUMN fct_segment_migration.share IS 'Their share of the customers of from_key, 0 to 1.';
