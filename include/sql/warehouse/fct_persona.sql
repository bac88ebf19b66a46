CREATE TABLE IF NOT EXISTS fct_persona (
    cadence text NOT NULL,
    as_of timestamptz NOT NULL,
    persona text NOT NULL,
    position integer NOT NULL,
    part_of text,
    label text NOT NULL,
    description text NOT NULL,
    recommended_action text NOT NULL,
    owner text NOT NULL,
    customers bigint NOT NULL,
    share double precision NOT NULL,
    own_customers bigint NOT NULL,
    PRIMARY KEY (cadence, as_of, persona)
);

COMMENT ON TABLE fct_persona IS 'One row per run and persona, as the profile declares it at the run: named combinations of macro segments, and the row none for whom no persona takes.';
COMMENT ON COLUMN fct_persona.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_persona.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN fct_persona.persona IS 'The persona, as the profile names it; none for whom no persona takes.';
COMMENT ON COLUMN fct_persona.position IS 'Its place in the profile, from 1: the first that matches takes a customer.';
COMMENT ON COLUMN fct_persona.part_of IS 'The persona that it is a part of; NULL where it is of none.';
COMMENT ON COLUMN fct_persona.label IS 'The words a reader sees.';
COMMENT ON COLUMN fct_persona.description IS 'What its customers have in common.';
COMMENT ON COLUMN fct_persona.recommended_action IS 'What the profile says should be done for them.';
COMMENT ON COLUMN fct_persona.owner IS 'Who answers for the persona.';
COMMENT ON COLUMN fct_persona.customers IS 'Customers of the persona and of all its parts.';
COMMENT ON COLUMN fct_persona.share IS 'Their share of the population, 0 to 1.';
COMMENT ON COLUMN fct_persona.own_customers IS 'Those of them whom no part takes; these add up to the population.';
