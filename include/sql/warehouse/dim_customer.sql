-- Added from the profile: one column per attribute of population.sql (country, consent flags, …).
CREATE TABLE IF NOT EXISTS dim_customer (
    customer_id text COLLATE "C" PRIMARY KEY,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz,
    as_of timestamptz NOT NULL
);

COMMENT ON TABLE dim_customer IS 'One row per customer ever published, with their attributes as of the newest run that saw them.';
COMMENT ON COLUMN dim_customer.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN dim_customer.first_seen IS 'When the customer was first seen.';
COMMENT ON COLUMN dim_customer.last_seen IS 'When the customer was last seen before as_of; NULL when never after registering.';
COMMENT ON COLUMN dim_customer.as_of IS 'The as_of of the newest run, of any cadence, that saw the customer; the row is as of then.';
