-- Added from the profile: one column per attribute of population.sql, one per KPI, and per macro segment
-- <macro>_segment_key, <macro>_segment and <macro>_micro_key; where it has a grid, also <macro>_scores and <macro>_cell.
CREATE TABLE IF NOT EXISTS customer_analytics_record (
    customer_id text COLLATE "C" PRIMARY KEY,
    as_of timestamptz NOT NULL,
    run_id text NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz,
    age_days bigint NOT NULL,
    persona text
);

ALTER TABLE customer_analytics_record ADD COLUMN IF NOT EXISTS persona text;

COMMENT ON TABLE customer_analytics_record IS 'One row per customer: where they stand now. KPIs, attributes and the segment of every macro segment, from the newest run of the primary cadence. Replaced as a whole.';
COMMENT ON COLUMN customer_analytics_record.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN customer_analytics_record.as_of IS 'The moment, exclusive, up to which everything in this row was measured.';
COMMENT ON COLUMN customer_analytics_record.run_id IS 'The run that measured and labelled the row; see segmentation_run.';
COMMENT ON COLUMN customer_analytics_record.first_seen IS 'When the customer was first seen.';
COMMENT ON COLUMN customer_analytics_record.last_seen IS 'When the customer was last seen before as_of; NULL when never after registering.';
COMMENT ON COLUMN customer_analytics_record.age_days IS 'Whole days from first_seen to as_of.';
COMMENT ON COLUMN customer_analytics_record.persona IS 'The customer''s persona; see fct_persona; NULL where none takes them.';
