-- Added from the profile: one column per KPI. A retired KPI keeps its column.
CREATE TABLE IF NOT EXISTS fct_customer_kpi (
    cadence text NOT NULL CHECK (cadence IN ('daily', 'weekly', 'monthly')),
    as_of timestamptz NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    age_days bigint NOT NULL,
    last_seen timestamptz,
    PRIMARY KEY (cadence, as_of, customer_id)
);
ALTER TABLE fct_customer_kpi ADD COLUMN IF NOT EXISTS last_seen timestamptz;
CREATE INDEX IF NOT EXISTS fct_customer_kpi_by_customer ON fct_customer_kpi (customer_id, as_of);

COMMENT ON TABLE fct_customer_kpi IS 'One row per run and customer: every KPI, rounded to its resolution. NULL means undefined, never zero.';
COMMENT ON COLUMN fct_customer_kpi.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_customer_kpi.as_of IS 'The moment, exclusive, up to which the KPIs were measured.';
COMMENT ON COLUMN fct_customer_kpi.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN fct_customer_kpi.age_days IS 'Whole days from the customer''s first_seen to as_of.';
COMMENT ON COLUMN fct_customer_kpi.last_seen IS 'When the customer was last seen before as_of; NULL when never after registering.';
