CREATE TABLE IF NOT EXISTS fct_list_member (
    cadence text NOT NULL,
    as_of timestamptz NOT NULL,
    list text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    PRIMARY KEY (cadence, as_of, list, customer_id)
);

COMMENT ON TABLE fct_list_member IS 'One row per run, list and customer who is eligible for it, with the reason.';
COMMENT ON COLUMN fct_list_member.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_list_member.as_of IS 'The moment, exclusive, up to which the customer was measured.';
COMMENT ON COLUMN fct_list_member.list IS 'The list.';
COMMENT ON COLUMN fct_list_member.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN fct_list_member.reason IS 'The first reason that holds; see fct_list_reason.';
