CREATE TABLE IF NOT EXISTS fct_signal (
    run_id text NOT NULL,
    as_of timestamptz NOT NULL,
    label text NOT NULL,
    landmark integer NOT NULL,
    horizon integer NOT NULL,
    kpi text NOT NULL,
    outcome text NOT NULL CHECK (
        outcome IN ('measured', 'nobody', 'already', 'one_cohort', 'never', 'always', 'no_rule', 'too_few')
    ),
    learned_from bigint NOT NULL,
    learned_labelled bigint NOT NULL,
    holdout_from date,
    customers bigint NOT NULL,
    labelled bigint NOT NULL,
    rule text,
    direction text CHECK (direction IN ('more', 'less')),
    taken bigint,
    taken_labelled bigint,
    lift double precision,
    lift_low double precision,
    lift_high double precision,
    p double precision,
    q double precision,
    precision double precision,
    recall double precision,
    PRIMARY KEY (run_id, label, landmark, kpi)
);

COMMENT ON TABLE fct_signal IS 'One row per run, label, landmark and KPI: whether the KPI, as it was some days after registration, tells who gets the label within the horizon after. Rules are learned from earlier registration cohorts; every figure is of later ones. Only of runs at the primary cadence, and of profiles that declare signals.';
COMMENT ON COLUMN fct_signal.run_id IS 'The run; see segmentation_run.';
COMMENT ON COLUMN fct_signal.as_of IS 'The as_of of the run: horizons that had not ended by then are left out.';
COMMENT ON COLUMN fct_signal.label IS 'What customers may become, as the profile names it.';
COMMENT ON COLUMN fct_signal.landmark IS 'Days since registration at which is asked: KPIs are measured as of then, and only those count who do not have the label yet.';
COMMENT ON COLUMN fct_signal.horizon IS 'Days after the landmark in which the label may come true.';
COMMENT ON COLUMN fct_signal.kpi IS 'The KPI, measured as of the landmark; see dim_kpi. * is the rule over all KPIs together.';
COMMENT ON COLUMN fct_signal.outcome IS 'measured; or why not: nobody was followed to the end of the horizon; one_cohort: all registered on one day; everyone had the label already at the landmark, it never came true, or always, in the earlier or the later cohorts; no_rule separates and takes at least max(2%, 100) customers; too_few: the rule takes or leaves fewer than 10 of the hold-out.';
COMMENT ON COLUMN fct_signal.learned_from IS 'Customers of the earlier cohorts, from whom the rule was learned.';
COMMENT ON COLUMN fct_signal.learned_labelled IS 'Those of them who got the label.';
COMMENT ON COLUMN fct_signal.holdout_from IS 'First day of registration of the hold-out; NULL where there is none.';
COMMENT ON COLUMN fct_signal.customers IS 'Customers of the hold-out.';
COMMENT ON COLUMN fct_signal.labelled IS 'Those of them who got the label.';
COMMENT ON COLUMN fct_signal.rule IS 'The rule in words; NULL where none was found.';
COMMENT ON COLUMN fct_signal.direction IS 'Whether the label goes with more or with less of the KPI; NULL for the rule over all KPIs.';
COMMENT ON COLUMN fct_signal.taken IS 'Customers of the hold-out whom the rule takes. This column and those after it are NULL unless the outcome is measured.';
COMMENT ON COLUMN fct_signal.taken_labelled IS 'Those of them who got the label.';
COMMENT ON COLUMN fct_signal.lift IS 'precision over the base rate (labelled / customers): how many times as often as among all the label comes true where the rule holds.';
COMMENT ON COLUMN fct_signal.lift_low IS 'Lower end of its 95% interval: a ratio of shares by Koopman''s score method, carried over to the lift.';
COMMENT ON COLUMN fct_signal.lift_high IS 'Upper end, likewise.';
COMMENT ON COLUMN fct_signal.p IS 'How likely shares as far apart are by chance alone (Fisher''s exact test, two-sided).';
COMMENT ON COLUMN fct_signal.q IS 'p adjusted for all questions of the run (Benjamini-Hochberg): of the rows with up to 0.05, at most 5% are expected to be chance.';
COMMENT ON COLUMN fct_signal.precision IS 'Of those whom the rule takes, the share that got the label, 0 to 1.';
COMMENT ON COLUMN fct_signal.recall IS 'Of those who got the label, the share whom the rule takes, 0 to 1.';
