CREATE TABLE IF NOT EXISTS fct_list_reason (
    cadence text NOT NULL,
    as_of timestamptz NOT NULL,
    list text NOT NULL,
    list_label text NOT NULL,
    description text NOT NULL,
    owner text NOT NULL,
    position integer NOT NULL,
    reason text NOT NULL,
    label text NOT NULL,
    rule text NOT NULL,
    is_eligible boolean NOT NULL,
    customers bigint NOT NULL,
    share double precision NOT NULL,
    worth jsonb NOT NULL,
    PRIMARY KEY (cadence, as_of, list, reason)
);

COMMENT ON TABLE fct_list_reason IS 'One row per run, list and reason to be on it or not: how many customers it decides about. The rows of a list add up to the population; those that are eligible are its size.';
COMMENT ON COLUMN fct_list_reason.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_list_reason.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN fct_list_reason.list IS 'The list.';
COMMENT ON COLUMN fct_list_reason.list_label IS 'The words a reader sees for the list.';
COMMENT ON COLUMN fct_list_reason.description IS 'What the list is for.';
COMMENT ON COLUMN fct_list_reason.owner IS 'Who answers for the list.';
COMMENT ON COLUMN fct_list_reason.position IS 'The order of the reasons, from 1: the first that holds for a customer decides.';
COMMENT ON COLUMN fct_list_reason.reason IS 'The reason; none for those for whom none holds.';
COMMENT ON COLUMN fct_list_reason.label IS 'The words a reader sees for it.';
COMMENT ON COLUMN fct_list_reason.rule IS 'Its condition in SQL; empty for none.';
COMMENT ON COLUMN fct_list_reason.is_eligible IS 'Whether it puts customers on the list, or keeps them off.';
COMMENT ON COLUMN fct_list_reason.customers IS 'Customers whom it decides about.';
COMMENT ON COLUMN fct_list_reason.share IS 'Their share of the population, 0 to 1.';
COMMENT ON COLUMN fct_list_reason.worth IS 'KPI that says what customers are worth -> its total over them and their share of its sum over everyone, NULL when that sum is not above 0; {} for fewer than 10 customers.';
