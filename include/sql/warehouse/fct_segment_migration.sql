CREATE TABLE IF NOT EXISTS fct_segment_migration (
    cadence text NOT NULL,
    as_of timestamptz NOT NULL,
    macro_segment text NOT NULL,
    from_key text NOT NULL,
    to_key text NOT NULL,
    previous_as_of timestamptz NOT NULL,
    customers bigint NOT NULL,
    share double precision NOT NULL,
    activity bigint NOT NULL DEFAULT 0,
    ageing bigint NOT NULL DEFAULT 0,
    late_data bigint NOT NULL DEFAULT 0,
    refit bigint NOT NULL DEFAULT 0,
    boundary_noise bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (cadence, as_of, macro_segment, from_key, to_key)
);

ALTER TABLE fct_segment_migration ADD COLUMN IF NOT EXISTS activity bigint NOT NULL DEFAULT 0;
ALTER TABLE fct_segment_migration ADD COLUMN IF NOT EXISTS ageing bigint NOT NULL DEFAULT 0;
ALTER TABLE fct_segment_migration ADD COLUMN IF NOT EXISTS late_data bigint NOT NULL DEFAULT 0;
ALTER TABLE fct_segment_migration ADD COLUMN IF NOT EXISTS refit bigint NOT NULL DEFAULT 0;
ALTER TABLE fct_segment_migration ADD COLUMN IF NOT EXISTS boundary_noise bigint NOT NULL DEFAULT 0;

COMMENT ON TABLE fct_segment_migration IS 'One row per run, segment before and segment now that share a customer, those who stayed included. The rows of one from_key add up to that segment''s customers at the run before, the rows of one to_key to its customers now. The first run of a cadence has no rows.';
COMMENT ON COLUMN fct_segment_migration.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_segment_migration.as_of IS 'The as_of of the run.';
COMMENT ON COLUMN fct_segment_migration.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN fct_segment_migration.from_key IS 'The segment at previous_as_of, or the word new for customers who were not in the population then.';
COMMENT ON COLUMN fct_segment_migration.to_key IS 'The segment at as_of, or the word left for customers who are no longer in the population.';
COMMENT ON COLUMN fct_segment_migration.previous_as_of IS 'The as_of of the run before, of the same cadence.';
COMMENT ON COLUMN fct_segment_migration.customers IS 'Customers who went from the one to the other.';
COMMENT ON COLUMN fct_segment_migration.share IS 'Their share of the customers of from_key, 0 to 1.';
COMMENT ON COLUMN fct_segment_migration.activity IS 'Of them, movers who did something since previous_as_of, under the same model. The four reasons add up to customers in every row between two different segments, and are 0 in all others.';
COMMENT ON COLUMN fct_segment_migration.ageing IS 'Of them, movers who did nothing since previous_as_of: only time went by.';
COMMENT ON COLUMN fct_segment_migration.late_data IS 'Of them, movers by data of before previous_as_of that arrived after it was measured.';
COMMENT ON COLUMN fct_segment_migration.refit IS 'Of them, movers by a new model, on the same data.';
COMMENT ON COLUMN fct_segment_migration.boundary_noise IS 'Of them, movers whose margin was below 0.2 before or after: near a border.';
