SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA shop;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE shop.customer_analytics_record (
    customer_id text NOT NULL COLLATE pg_catalog."C",
    as_of timestamp with time zone NOT NULL,
    run_id text NOT NULL,
    first_seen timestamp with time zone NOT NULL,
    last_seen timestamp with time zone,
    age_days bigint NOT NULL,
    persona text,
    country text,
    email_consent bigint,
    purchases double precision,
    revenue double precision,
    visit_gap double precision,
    visits double precision,
    value_segment_key text,
    value_segment text,
    value_micro_key text,
    visiting_segment_key text,
    visiting_segment text,
    visiting_micro_key text
);
COMMENT ON TABLE shop.customer_analytics_record IS 'One row per customer: where they stand now. KPIs, attributes and the segment of every macro segment, from the newest run of the primary cadence. Replaced as a whole.';
COMMENT ON COLUMN shop.customer_analytics_record.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN shop.customer_analytics_record.as_of IS 'The moment, exclusive, up to which everything in this row was measured.';
COMMENT ON COLUMN shop.customer_analytics_record.run_id IS 'The run that measured and labelled the row; see segmentation_run.';
COMMENT ON COLUMN shop.customer_analytics_record.first_seen IS 'When the customer was first seen.';
COMMENT ON COLUMN shop.customer_analytics_record.last_seen IS 'When the customer was last seen before as_of; NULL when never after registering.';
COMMENT ON COLUMN shop.customer_analytics_record.age_days IS 'Whole days from first_seen to as_of.';
COMMENT ON COLUMN shop.customer_analytics_record.persona IS 'The customer''s persona; see fct_persona; NULL where none takes them.';
COMMENT ON COLUMN shop.customer_analytics_record.country IS 'An attribute of the customer, from population.sql.';
COMMENT ON COLUMN shop.customer_analytics_record.email_consent IS 'An attribute of the customer, from population.sql.';
COMMENT ON COLUMN shop.customer_analytics_record.purchases IS 'Purchases: Orders. In orders, lifetime.';
COMMENT ON COLUMN shop.customer_analytics_record.revenue IS 'Revenue: Paid. In EUR, trailing 30d.';
COMMENT ON COLUMN shop.customer_analytics_record.visit_gap IS 'Gap: Days. In days, lifetime. NULL when visits = 0.';
COMMENT ON COLUMN shop.customer_analytics_record.visits IS 'Visits: Visits. In visits, lifetime.';
COMMENT ON COLUMN shop.customer_analytics_record.value_segment_key IS 'The customer''s Value segment; see dim_segment.';
COMMENT ON COLUMN shop.customer_analytics_record.value_segment IS 'The alias of the customer''s Value segment, or else its name.';
COMMENT ON COLUMN shop.customer_analytics_record.value_micro_key IS 'The micro segment inside it; NULL where it is not cut further (Value).';
COMMENT ON COLUMN shop.customer_analytics_record.visiting_segment_key IS 'The customer''s Visiting segment; see dim_segment.';
COMMENT ON COLUMN shop.customer_analytics_record.visiting_segment IS 'The alias of the customer''s Visiting segment, or else its name.';
COMMENT ON COLUMN shop.customer_analytics_record.visiting_micro_key IS 'The micro segment inside it; NULL where it is not cut further (Visiting).';
CREATE TABLE shop.dim_customer (
    customer_id text NOT NULL COLLATE pg_catalog."C",
    first_seen timestamp with time zone NOT NULL,
    last_seen timestamp with time zone,
    as_of timestamp with time zone NOT NULL,
    country text,
    email_consent bigint
);
COMMENT ON TABLE shop.dim_customer IS 'One row per customer ever published, with their attributes as of the newest run that saw them.';
COMMENT ON COLUMN shop.dim_customer.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN shop.dim_customer.first_seen IS 'When the customer was first seen.';
COMMENT ON COLUMN shop.dim_customer.last_seen IS 'When the customer was last seen before as_of; NULL when never after registering.';
COMMENT ON COLUMN shop.dim_customer.as_of IS 'The as_of of the newest run, of any cadence, that saw the customer; the row is as of then.';
COMMENT ON COLUMN shop.dim_customer.country IS 'An attribute of the customer, from population.sql.';
COMMENT ON COLUMN shop.dim_customer.email_consent IS 'An attribute of the customer, from population.sql.';
CREATE TABLE shop.dim_figure (
    figure text NOT NULL,
    measure text NOT NULL,
    label text NOT NULL,
    definition text NOT NULL,
    row_label text NOT NULL,
    column_label text NOT NULL,
    measure_label text NOT NULL,
    unit text NOT NULL
);
COMMENT ON TABLE shop.dim_figure IS 'One row per figure and value of it, as the profile of the run that was published last declares them.';
COMMENT ON COLUMN shop.dim_figure.figure IS 'The figure.';
COMMENT ON COLUMN shop.dim_figure.measure IS 'The value.';
COMMENT ON COLUMN shop.dim_figure.label IS 'The words a reader sees for the figure.';
COMMENT ON COLUMN shop.dim_figure.definition IS 'What is counted.';
COMMENT ON COLUMN shop.dim_figure.row_label IS 'What its rows are.';
COMMENT ON COLUMN shop.dim_figure.column_label IS 'What its columns are; empty where it has none.';
COMMENT ON COLUMN shop.dim_figure.measure_label IS 'The words a reader sees for the value.';
COMMENT ON COLUMN shop.dim_figure.unit IS 'What one unit of the value is; share: from 0 to 1.';
CREATE TABLE shop.dim_grid_cell (
    model_id text NOT NULL,
    macro_segment text NOT NULL,
    cell text NOT NULL,
    "position" integer NOT NULL,
    label text NOT NULL,
    description text NOT NULL,
    row_score text NOT NULL,
    row_from integer NOT NULL,
    row_to integer NOT NULL,
    column_score text NOT NULL,
    column_from integer NOT NULL,
    column_to integer NOT NULL,
    recommended_action text NOT NULL,
    owner text NOT NULL
);
COMMENT ON TABLE shop.dim_grid_cell IS 'One row per model and named cell of its grid: a rectangle of classes of two scores. The cells of a grid take every pair of classes once.';
COMMENT ON COLUMN shop.dim_grid_cell.model_id IS 'The model; see dim_model. The one of a run is in segmentation_run.models.';
COMMENT ON COLUMN shop.dim_grid_cell.macro_segment IS 'The macro segment that the grid stands beside.';
COMMENT ON COLUMN shop.dim_grid_cell.cell IS 'The name of the cell.';
COMMENT ON COLUMN shop.dim_grid_cell."position" IS 'Its place in the profile, from 1.';
COMMENT ON COLUMN shop.dim_grid_cell.label IS 'The words a reader sees.';
COMMENT ON COLUMN shop.dim_grid_cell.description IS 'Who these customers are, in a sentence.';
COMMENT ON COLUMN shop.dim_grid_cell.row_score IS 'The score of the rows; see dim_score_class.';
COMMENT ON COLUMN shop.dim_grid_cell.row_from IS 'Its first class in the cell.';
COMMENT ON COLUMN shop.dim_grid_cell.row_to IS 'Its last class in the cell (inclusive).';
COMMENT ON COLUMN shop.dim_grid_cell.column_score IS 'The score of the columns; see dim_score_class.';
COMMENT ON COLUMN shop.dim_grid_cell.column_from IS 'Its first class in the cell.';
COMMENT ON COLUMN shop.dim_grid_cell.column_to IS 'Its last class in the cell (inclusive).';
COMMENT ON COLUMN shop.dim_grid_cell.recommended_action IS 'What to do with these customers; as the profile says it today.';
COMMENT ON COLUMN shop.dim_grid_cell.owner IS 'Who does it.';
CREATE TABLE shop.dim_kpi (
    kpi text NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_to timestamp with time zone,
    is_current boolean NOT NULL,
    macro_segment text NOT NULL,
    label text NOT NULL,
    definition text NOT NULL,
    "window" text NOT NULL,
    unit text NOT NULL,
    resolution double precision NOT NULL,
    direction text NOT NULL,
    rule_only boolean NOT NULL,
    undefined_when text,
    matures_after integer NOT NULL,
    goal text NOT NULL,
    indicator text NOT NULL,
    owner text NOT NULL
);
COMMENT ON TABLE shop.dim_kpi IS 'One row per KPI and validity: what a KPI column means, from goal through indicator to metric. A changed definition begins a new row.';
COMMENT ON COLUMN shop.dim_kpi.kpi IS 'The name of the KPI, which is also its column in fct_customer_kpi and customer_analytics_record.';
COMMENT ON COLUMN shop.dim_kpi.valid_from IS 'The first published as_of that used this definition (inclusive).';
COMMENT ON COLUMN shop.dim_kpi.valid_to IS 'The first published as_of that no longer used it (exclusive); NULL while it is used.';
COMMENT ON COLUMN shop.dim_kpi.is_current IS 'Whether the newest run used this definition.';
COMMENT ON COLUMN shop.dim_kpi.macro_segment IS 'The macro segment that the KPI belongs to; the first in the profile where several cluster on it.';
COMMENT ON COLUMN shop.dim_kpi.label IS 'The words a reader sees.';
COMMENT ON COLUMN shop.dim_kpi.definition IS 'One sentence saying what is counted.';
COMMENT ON COLUMN shop.dim_kpi."window" IS 'The time the KPI looks back over, always cut at as_of: lifetime, trailing Nd, since_registration [a, b) or calendar month.';
COMMENT ON COLUMN shop.dim_kpi.unit IS 'What one unit is.';
COMMENT ON COLUMN shop.dim_kpi.resolution IS 'Values are rounded to a multiple of this.';
COMMENT ON COLUMN shop.dim_kpi.direction IS 'Whether more of it is better (more), less is better (less), or neither (neutral).';
COMMENT ON COLUMN shop.dim_kpi.rule_only IS 'Whether the KPI is never clustered on: it is for conditions, scores and totals.';
COMMENT ON COLUMN shop.dim_kpi.undefined_when IS 'The condition under which the KPI is undefined (NULL, never zero); NULL when it is always defined.';
COMMENT ON COLUMN shop.dim_kpi.matures_after IS 'Days of age below which the value is not final yet.';
COMMENT ON COLUMN shop.dim_kpi.goal IS 'The business goal that the KPI serves.';
COMMENT ON COLUMN shop.dim_kpi.indicator IS 'The indicator of that goal that the KPI measures.';
COMMENT ON COLUMN shop.dim_kpi.owner IS 'Who answers for the KPI.';
CREATE TABLE shop.dim_model (
    model_id text NOT NULL,
    macro_segment text NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    status text NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    customers bigint NOT NULL,
    segments integer NOT NULL,
    model jsonb NOT NULL,
    CONSTRAINT dim_model_status_check CHECK ((status = ANY (ARRAY['candidate'::text, 'accepted'::text, 'rejected'::text, 'retired'::text])))
);
COMMENT ON TABLE shop.dim_model IS 'One row per fit: everything that it froze, and what has been decided about it.';
COMMENT ON COLUMN shop.dim_model.model_id IS 'The model.';
COMMENT ON COLUMN shop.dim_model.macro_segment IS 'The macro segment that it cuts.';
COMMENT ON COLUMN shop.dim_model.effective_from IS 'The first as_of that is labelled with it, once accepted.';
COMMENT ON COLUMN shop.dim_model.status IS 'candidate, accepted, rejected or retired.';
COMMENT ON COLUMN shop.dim_model.decided_by IS 'Who, or which rule, decided the status.';
COMMENT ON COLUMN shop.dim_model.decided_at IS 'When that was decided.';
COMMENT ON COLUMN shop.dim_model.customers IS 'Customers that the model was fitted on.';
COMMENT ON COLUMN shop.dim_model.segments IS 'Segments that the model has.';
COMMENT ON COLUMN shop.dim_model.model IS 'The frozen parameters: transforms, scales, components, prototypes, bands, names, evidence and lineage.';
CREATE TABLE shop.dim_score_class (
    model_id text NOT NULL,
    macro_segment text NOT NULL,
    score text NOT NULL,
    class integer NOT NULL,
    "position" integer NOT NULL,
    label text NOT NULL,
    kpi text NOT NULL,
    at_least double precision,
    below double precision,
    customers_at_fit bigint NOT NULL
);
COMMENT ON TABLE shop.dim_score_class IS 'One row per model, score of its grid and class: the stored cut points. Equal values are always in one class.';
COMMENT ON COLUMN shop.dim_score_class.model_id IS 'The model; see dim_model. The one of a run is in segmentation_run.models.';
COMMENT ON COLUMN shop.dim_score_class.macro_segment IS 'The macro segment that the grid stands beside.';
COMMENT ON COLUMN shop.dim_score_class.score IS 'The score, such as r.';
COMMENT ON COLUMN shop.dim_score_class.class IS 'The class, from 1 for the worst customers.';
COMMENT ON COLUMN shop.dim_score_class."position" IS 'Which digit of fct_segment_label.scores it is, from 1.';
COMMENT ON COLUMN shop.dim_score_class.label IS 'The words a reader sees.';
COMMENT ON COLUMN shop.dim_score_class.kpi IS 'The KPI that is cut; see dim_kpi.';
COMMENT ON COLUMN shop.dim_score_class.at_least IS 'The lowest value in the class; NULL where it is open.';
COMMENT ON COLUMN shop.dim_score_class.below IS 'The lowest value above the class; NULL where it is open. Both are NULL for a class that there were too few values for.';
COMMENT ON COLUMN shop.dim_score_class.customers_at_fit IS 'Customers in the class when the cut points were fitted.';
CREATE TABLE shop.dim_segment (
    segment_key text NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_to timestamp with time zone,
    is_current boolean NOT NULL,
    macro_segment text NOT NULL,
    stratum text NOT NULL,
    stratum_label text NOT NULL,
    parent_key text,
    path text NOT NULL,
    name text NOT NULL,
    alias text,
    description text NOT NULL,
    rule_sql text NOT NULL,
    rule_words text NOT NULL,
    fidelity double precision,
    recommended_action text NOT NULL,
    owner text NOT NULL,
    model_id text NOT NULL
);
COMMENT ON TABLE shop.dim_segment IS 'One row per segment or micro segment and validity: what a segment key means. A new accepted model that changes the name, the rule or the place of a segment begins a new row; the key stays.';
COMMENT ON COLUMN shop.dim_segment.segment_key IS 'The segment: opaque, stable across models, never reused.';
COMMENT ON COLUMN shop.dim_segment.valid_from IS 'effective_from of the accepted model that brought this version (inclusive).';
COMMENT ON COLUMN shop.dim_segment.valid_to IS 'effective_from of the accepted model that changed or dropped it (exclusive); NULL while it holds.';
COMMENT ON COLUMN shop.dim_segment.is_current IS 'Whether the newest accepted model has this version.';
COMMENT ON COLUMN shop.dim_segment.macro_segment IS 'The macro segment that the segment belongs to.';
COMMENT ON COLUMN shop.dim_segment.stratum IS 'The stratum, set apart by a rule before any clustering.';
COMMENT ON COLUMN shop.dim_segment.stratum_label IS 'The words of the stratum.';
COMMENT ON COLUMN shop.dim_segment.parent_key IS 'The segment that a micro segment is inside; NULL for a segment.';
COMMENT ON COLUMN shop.dim_segment.path IS 'Where the segment stands, for display only: value.repeat.02.';
COMMENT ON COLUMN shop.dim_segment.name IS 'The name, fixed when the model was accepted and checked on every run; unique inside a macro segment.';
COMMENT ON COLUMN shop.dim_segment.alias IS 'A name given by people in the profile, checked on every run by its rule there; NULL where there is none.';
COMMENT ON COLUMN shop.dim_segment.description IS 'What its customers have in common.';
COMMENT ON COLUMN shop.dim_segment.rule_sql IS 'The exact rule, a SQL condition over the columns of customer_analytics_record.';
COMMENT ON COLUMN shop.dim_segment.rule_words IS 'The rule for people: ranges of KPIs, at most three ways into the segment joined by or.';
COMMENT ON COLUMN shop.dim_segment.fidelity IS 'How right rule_words is: of the customers whom the words or the exact rule put into the segment, the share that both do, measured at the fit; NULL where it was not measured.';
COMMENT ON COLUMN shop.dim_segment.recommended_action IS 'What the profile says should be done for these customers, of the segment or else of its stratum.';
COMMENT ON COLUMN shop.dim_segment.owner IS 'Who answers for the segment, or else for its stratum.';
COMMENT ON COLUMN shop.dim_segment.model_id IS 'The accepted model that brought this version; see dim_model.';
CREATE TABLE shop.fct_cohort_segment (
    macro_segment text NOT NULL,
    cohort date NOT NULL,
    month integer NOT NULL,
    segment_key text NOT NULL,
    kpi text NOT NULL,
    learners bigint NOT NULL,
    share double precision NOT NULL,
    min double precision,
    p25 double precision,
    p50 double precision,
    p75 double precision,
    max double precision,
    model_id text NOT NULL,
    as_of timestamp with time zone NOT NULL
);
COMMENT ON TABLE shop.fct_cohort_segment IS 'One row per registration cohort, month since registration, segment and KPI of its macro segment: thresholds and insights by month. Only complete months; ranges are NULL for fewer than 10 customers.';
COMMENT ON COLUMN shop.fct_cohort_segment.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN shop.fct_cohort_segment.cohort IS 'First day of the calendar month in which the customers were first seen, in the profile''s time zone.';
COMMENT ON COLUMN shop.fct_cohort_segment.month IS 'Months of 30 days since each customer''s first_seen: month n ends 30 n days after it.';
COMMENT ON COLUMN shop.fct_cohort_segment.segment_key IS 'The segment at the end of that month; see dim_segment.';
COMMENT ON COLUMN shop.fct_cohort_segment.kpi IS 'The KPI, measured at the end of that month; see dim_kpi.';
COMMENT ON COLUMN shop.fct_cohort_segment.learners IS 'Customers of the cohort in the segment.';
COMMENT ON COLUMN shop.fct_cohort_segment.share IS 'Their share of the cohort, 0 to 1.';
COMMENT ON COLUMN shop.fct_cohort_segment.min IS 'Smallest defined value of the KPI.';
COMMENT ON COLUMN shop.fct_cohort_segment.p25 IS '25th percentile: the smallest value that at least 25% of the defined values do not exceed.';
COMMENT ON COLUMN shop.fct_cohort_segment.p50 IS 'Median, defined as p25.';
COMMENT ON COLUMN shop.fct_cohort_segment.p75 IS '75th percentile, defined as p25.';
COMMENT ON COLUMN shop.fct_cohort_segment.max IS 'Largest defined value of the KPI.';
COMMENT ON COLUMN shop.fct_cohort_segment.model_id IS 'The model that labelled the cohort; see dim_model.';
COMMENT ON COLUMN shop.fct_cohort_segment.as_of IS 'The as_of of the run that published the row; an older run never overwrites a newer one.';
CREATE TABLE shop.fct_customer_kpi (
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    customer_id text NOT NULL COLLATE pg_catalog."C",
    age_days bigint NOT NULL,
    last_seen timestamp with time zone,
    purchases double precision,
    revenue double precision,
    visit_gap double precision,
    visits double precision,
    CONSTRAINT fct_customer_kpi_cadence_check CHECK ((cadence = ANY (ARRAY['daily'::text, 'weekly'::text, 'monthly'::text])))
);
COMMENT ON TABLE shop.fct_customer_kpi IS 'One row per run and customer: every KPI, rounded to its resolution. NULL means undefined, never zero.';
COMMENT ON COLUMN shop.fct_customer_kpi.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.fct_customer_kpi.as_of IS 'The moment, exclusive, up to which the KPIs were measured.';
COMMENT ON COLUMN shop.fct_customer_kpi.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN shop.fct_customer_kpi.age_days IS 'Whole days from the customer''s first_seen to as_of.';
COMMENT ON COLUMN shop.fct_customer_kpi.last_seen IS 'When the customer was last seen before as_of; NULL when never after registering.';
COMMENT ON COLUMN shop.fct_customer_kpi.purchases IS 'Purchases: Orders. In orders, lifetime.';
COMMENT ON COLUMN shop.fct_customer_kpi.revenue IS 'Revenue: Paid. In EUR, trailing 30d.';
COMMENT ON COLUMN shop.fct_customer_kpi.visit_gap IS 'Gap: Days. In days, lifetime. NULL when visits = 0.';
COMMENT ON COLUMN shop.fct_customer_kpi.visits IS 'Visits: Visits. In visits, lifetime.';
CREATE TABLE shop.fct_figure (
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    figure text NOT NULL,
    row_position integer NOT NULL,
    "row" text NOT NULL,
    column_position integer NOT NULL,
    "column" text NOT NULL,
    measure text NOT NULL,
    value double precision
);
COMMENT ON TABLE shop.fct_figure IS 'One row per run and value of a figure: small tables about the business as a whole, such as sales by month. What they mean is in dim_figure.';
COMMENT ON COLUMN shop.fct_figure.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.fct_figure.as_of IS 'The moment, exclusive, up to which the figure was measured.';
COMMENT ON COLUMN shop.fct_figure.figure IS 'The figure; see dim_figure.';
COMMENT ON COLUMN shop.fct_figure.row_position IS 'The order of its rows, from 1.';
COMMENT ON COLUMN shop.fct_figure."row" IS 'What the row is about: a month, a country, a customer.';
COMMENT ON COLUMN shop.fct_figure.column_position IS 'The order of its columns, from 1.';
COMMENT ON COLUMN shop.fct_figure."column" IS 'What the column is about, of a figure by two; else empty.';
COMMENT ON COLUMN shop.fct_figure.measure IS 'What was measured; see dim_figure.';
COMMENT ON COLUMN shop.fct_figure.value IS 'The value; NULL where it is undefined. Shares are from 0 to 1.';
CREATE TABLE shop.fct_funnel (
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    macro_segment text NOT NULL,
    segment_key text NOT NULL,
    step integer NOT NULL,
    name text NOT NULL,
    label text NOT NULL,
    customers bigint,
    share double precision,
    conversion double precision,
    met bigint,
    suppressed boolean NOT NULL
);
COMMENT ON TABLE shop.fct_funnel IS 'One row per run, segment and step of the profile''s funnel, and of everyone: how many customers have come that far. No step has more customers than the one before it.';
COMMENT ON COLUMN shop.fct_funnel.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.fct_funnel.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN shop.fct_funnel.macro_segment IS 'The macro segment; all for everyone.';
COMMENT ON COLUMN shop.fct_funnel.segment_key IS 'The segment; see dim_segment; all for everyone.';
COMMENT ON COLUMN shop.fct_funnel.step IS 'The place of the step in the funnel, from 1.';
COMMENT ON COLUMN shop.fct_funnel.name IS 'The step, as the profile names it.';
COMMENT ON COLUMN shop.fct_funnel.label IS 'The words a reader sees.';
COMMENT ON COLUMN shop.fct_funnel.customers IS 'Customers of the segment who have reached this step and all before it; NULL for a segment of fewer than 10.';
COMMENT ON COLUMN shop.fct_funnel.share IS 'Their share of the segment, 0 to 1; NULL for a segment of fewer than 10.';
COMMENT ON COLUMN shop.fct_funnel.conversion IS 'Their share of those who have reached the step before, 0 to 1; NULL for the first step, and where fewer than 10 have.';
COMMENT ON COLUMN shop.fct_funnel.met IS 'Customers of the segment who meet the condition of this step, whether or not they have reached those before it; NULL for a segment of fewer than 10.';
COMMENT ON COLUMN shop.fct_funnel.suppressed IS 'Whether the segment has fewer than 10 customers: its figures are not shown.';
CREATE TABLE shop.fct_grid_cell (
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    macro_segment text NOT NULL,
    row_class integer NOT NULL,
    column_class integer NOT NULL,
    segment_key text NOT NULL,
    cell text NOT NULL,
    customers bigint NOT NULL
);
COMMENT ON TABLE shop.fct_grid_cell IS 'One row per run, pair of classes and segment that has customers there: the grid, and by its sums the named cells beside the segments. Customers whom the grid does not take are left out.';
COMMENT ON COLUMN shop.fct_grid_cell.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.fct_grid_cell.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN shop.fct_grid_cell.macro_segment IS 'The macro segment that the grid stands beside.';
COMMENT ON COLUMN shop.fct_grid_cell.row_class IS 'The class of the score of the rows; see dim_score_class.';
COMMENT ON COLUMN shop.fct_grid_cell.column_class IS 'The class of the score of the columns; see dim_score_class.';
COMMENT ON COLUMN shop.fct_grid_cell.segment_key IS 'The segment of the same customers; see dim_segment.';
COMMENT ON COLUMN shop.fct_grid_cell.cell IS 'The named cell; see dim_grid_cell.';
COMMENT ON COLUMN shop.fct_grid_cell.customers IS 'Customers in both.';
CREATE TABLE shop.fct_grid_profile (
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    macro_segment text NOT NULL,
    cell text NOT NULL,
    kpi text NOT NULL,
    customers bigint NOT NULL,
    share double precision NOT NULL,
    total numeric,
    share_of_total double precision,
    mean double precision
);
COMMENT ON TABLE shop.fct_grid_profile IS 'One row per run, named cell of a grid and KPI that says what customers are worth. Every figure but customers and share is NULL for a cell of fewer than 10.';
COMMENT ON COLUMN shop.fct_grid_profile.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.fct_grid_profile.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN shop.fct_grid_profile.macro_segment IS 'The macro segment that the grid stands beside.';
COMMENT ON COLUMN shop.fct_grid_profile.cell IS 'The named cell; see dim_grid_cell. Cells without customers have rows too.';
COMMENT ON COLUMN shop.fct_grid_profile.kpi IS 'The KPI; see dim_kpi.';
COMMENT ON COLUMN shop.fct_grid_profile.customers IS 'Customers in the cell.';
COMMENT ON COLUMN shop.fct_grid_profile.share IS 'Their share of the customers whom the grid takes, 0 to 1.';
COMMENT ON COLUMN shop.fct_grid_profile.total IS 'Sum of the KPI over the cell, exact.';
COMMENT ON COLUMN shop.fct_grid_profile.share_of_total IS 'The cell''s share of the KPI''s sum over the customers whom the grid takes; NULL when that sum is not above 0. Above 1 or below 0 where values are negative.';
COMMENT ON COLUMN shop.fct_grid_profile.mean IS 'Mean of the defined values.';
CREATE TABLE shop.fct_grid_quality (
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    macro_segment text NOT NULL,
    metric text NOT NULL,
    kpi text NOT NULL,
    value double precision NOT NULL
);
COMMENT ON TABLE shop.fct_grid_quality IS 'One row per run and metric: a grid beside the segments of the same customers, and both beside sorting by one KPI.';
COMMENT ON COLUMN shop.fct_grid_quality.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.fct_grid_quality.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN shop.fct_grid_quality.macro_segment IS 'The macro segment that the grid stands beside.';
COMMENT ON COLUMN shop.fct_grid_quality.metric IS 'adjusted_rand_index: how far cells and segments are the same division, 1 the same, 0 as by chance. top_30_by_sorting: the share of the KPI that the top 30% of the customers by the KPI itself hold; top_30_by_cells, top_30_by_segments: what as many hold who are taken from the cells, or segments, with the highest means; lift_of_cells, lift_of_segments: that share divided by the one of sorting.';
COMMENT ON COLUMN shop.fct_grid_quality.kpi IS 'The KPI; empty for the index. KPIs with negative values have no rows.';
COMMENT ON COLUMN shop.fct_grid_quality.value IS 'The value.';
CREATE TABLE shop.fct_list_member (
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    list text NOT NULL COLLATE pg_catalog."C",
    customer_id text NOT NULL COLLATE pg_catalog."C",
    reason text NOT NULL COLLATE pg_catalog."C"
);
COMMENT ON TABLE shop.fct_list_member IS 'One row per run, list and customer who is eligible for it, with the reason.';
COMMENT ON COLUMN shop.fct_list_member.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.fct_list_member.as_of IS 'The moment, exclusive, up to which the customer was measured.';
COMMENT ON COLUMN shop.fct_list_member.list IS 'The list.';
COMMENT ON COLUMN shop.fct_list_member.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN shop.fct_list_member.reason IS 'The first reason that holds; see fct_list_reason.';
CREATE TABLE shop.fct_list_reason (
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    list text NOT NULL,
    list_label text NOT NULL,
    description text NOT NULL,
    owner text NOT NULL,
    "position" integer NOT NULL,
    reason text NOT NULL,
    label text NOT NULL,
    rule text NOT NULL,
    is_eligible boolean NOT NULL,
    customers bigint NOT NULL,
    share double precision NOT NULL,
    worth jsonb NOT NULL
);
COMMENT ON TABLE shop.fct_list_reason IS 'One row per run, list and reason to be on it or not: how many customers it decides about. The rows of a list add up to the population; those that are eligible are its size.';
COMMENT ON COLUMN shop.fct_list_reason.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.fct_list_reason.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN shop.fct_list_reason.list IS 'The list.';
COMMENT ON COLUMN shop.fct_list_reason.list_label IS 'The words a reader sees for the list.';
COMMENT ON COLUMN shop.fct_list_reason.description IS 'What the list is for.';
COMMENT ON COLUMN shop.fct_list_reason.owner IS 'Who answers for the list.';
COMMENT ON COLUMN shop.fct_list_reason."position" IS 'The order of the reasons, from 1: the first that holds for a customer decides.';
COMMENT ON COLUMN shop.fct_list_reason.reason IS 'The reason; none for those for whom none holds.';
COMMENT ON COLUMN shop.fct_list_reason.label IS 'The words a reader sees for it.';
COMMENT ON COLUMN shop.fct_list_reason.rule IS 'Its condition in SQL; empty for none.';
COMMENT ON COLUMN shop.fct_list_reason.is_eligible IS 'Whether it puts customers on the list, or keeps them off.';
COMMENT ON COLUMN shop.fct_list_reason.customers IS 'Customers whom it decides about.';
COMMENT ON COLUMN shop.fct_list_reason.share IS 'Their share of the population, 0 to 1.';
COMMENT ON COLUMN shop.fct_list_reason.worth IS 'KPI that says what customers are worth -> its total over them and their share of its sum over everyone, NULL when that sum is not above 0; {} for fewer than 10 customers.';
CREATE TABLE shop.fct_model_quality (
    model_id text NOT NULL,
    macro_segment text NOT NULL,
    stratum text NOT NULL,
    algorithm text NOT NULL,
    k integer NOT NULL,
    metric text NOT NULL,
    value double precision,
    standard_error double precision
);
COMMENT ON TABLE shop.fct_model_quality IS 'One row per model, stratum, algorithm, number of clusters and metric that was tried: the evidence for the cut.';
COMMENT ON COLUMN shop.fct_model_quality.model_id IS 'The model; see dim_model.';
COMMENT ON COLUMN shop.fct_model_quality.macro_segment IS 'The macro segment that it cuts.';
COMMENT ON COLUMN shop.fct_model_quality.stratum IS 'The stratum that was cut; with the number of a segment, repeat.02, where that was cut into micro segments.';
COMMENT ON COLUMN shop.fct_model_quality.algorithm IS 'The algorithm that was tried.';
COMMENT ON COLUMN shop.fct_model_quality.k IS 'The number of clusters that was tried.';
COMMENT ON COLUMN shop.fct_model_quality.metric IS 'What was measured.';
COMMENT ON COLUMN shop.fct_model_quality.value IS 'The value; NULL where it could not be measured.';
COMMENT ON COLUMN shop.fct_model_quality.standard_error IS 'Its standard error; NULL where it has none.';
CREATE TABLE shop.fct_persona (
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    persona text NOT NULL,
    "position" integer NOT NULL,
    part_of text,
    label text NOT NULL,
    description text NOT NULL,
    recommended_action text NOT NULL,
    owner text NOT NULL,
    customers bigint NOT NULL,
    share double precision NOT NULL,
    own_customers bigint NOT NULL
);
COMMENT ON TABLE shop.fct_persona IS 'One row per run and persona, as the profile declares it at the run: named combinations of macro segments, and the row none for whom no persona takes.';
COMMENT ON COLUMN shop.fct_persona.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.fct_persona.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN shop.fct_persona.persona IS 'The persona, as the profile names it; none for whom no persona takes.';
COMMENT ON COLUMN shop.fct_persona."position" IS 'Its place in the profile, from 1: the first that matches takes a customer.';
COMMENT ON COLUMN shop.fct_persona.part_of IS 'The persona that it is a part of; NULL where it is of none.';
COMMENT ON COLUMN shop.fct_persona.label IS 'The words a reader sees.';
COMMENT ON COLUMN shop.fct_persona.description IS 'What its customers have in common.';
COMMENT ON COLUMN shop.fct_persona.recommended_action IS 'What the profile says should be done for them.';
COMMENT ON COLUMN shop.fct_persona.owner IS 'Who answers for the persona.';
COMMENT ON COLUMN shop.fct_persona.customers IS 'Customers of the persona and of all its parts.';
COMMENT ON COLUMN shop.fct_persona.share IS 'Their share of the population, 0 to 1.';
COMMENT ON COLUMN shop.fct_persona.own_customers IS 'Those of them whom no part takes; these add up to the population.';
CREATE TABLE shop.fct_segment_demographic (
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    macro_segment text NOT NULL,
    segment_key text NOT NULL,
    dimension text NOT NULL,
    value text NOT NULL,
    customers bigint,
    share double precision NOT NULL,
    coverage double precision NOT NULL,
    report text NOT NULL
);
COMMENT ON TABLE shop.fct_segment_demographic IS 'One row per run, segment (and everyone), dimension and value. Attributes of customers are counted per segment and add up to it; what Google Analytics estimates about groups is told of everyone only, in shares, as it is never joined with customers.';
COMMENT ON COLUMN shop.fct_segment_demographic.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.fct_segment_demographic.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN shop.fct_segment_demographic.macro_segment IS 'The macro segment; all for everyone.';
COMMENT ON COLUMN shop.fct_segment_demographic.segment_key IS 'The segment; see dim_segment; all for everyone.';
COMMENT ON COLUMN shop.fct_segment_demographic.dimension IS 'The attribute of dim_customer, or the dimension of the report.';
COMMENT ON COLUMN shop.fct_segment_demographic.value IS 'The value; unknown where it is missing; other for all values of fewer than 10 customers of the segment, and for as many further ones, the smallest first, as it takes to hold 10.';
COMMENT ON COLUMN shop.fct_segment_demographic.customers IS 'Customers of the segment with the value; NULL for a report, whose users add up over days and are not people.';
COMMENT ON COLUMN shop.fct_segment_demographic.share IS 'Their share of the segment, the unknown included, 0 to 1; of a report the share of users, summed over its days.';
COMMENT ON COLUMN shop.fct_segment_demographic.coverage IS 'The share of the segment whose value is known, 0 to 1.';
COMMENT ON COLUMN shop.fct_segment_demographic.report IS 'The Google Analytics report; empty for an attribute of customers.';
CREATE TABLE shop.fct_segment_event (
    customer_id text NOT NULL COLLATE pg_catalog."C",
    macro_segment text NOT NULL COLLATE pg_catalog."C",
    occurred_at timestamp with time zone NOT NULL,
    from_key text COLLATE pg_catalog."C",
    to_key text COLLATE pg_catalog."C",
    reason text NOT NULL,
    boundary_noise boolean NOT NULL,
    run_id text NOT NULL,
    CONSTRAINT fct_segment_event_check CHECK ((from_key IS DISTINCT FROM to_key)),
    CONSTRAINT fct_segment_event_reason_check CHECK ((reason = ANY (ARRAY['new'::text, 'activity'::text, 'ageing'::text, 'refit'::text, 'late_data'::text, 'erased'::text])))
);
COMMENT ON TABLE shop.fct_segment_event IS 'One row per entry, move or exit of a customer in a macro segment, seen at the runs of the primary cadence: from where, to where, and why. Derived from fct_segment_label.';
COMMENT ON COLUMN shop.fct_segment_event.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN shop.fct_segment_event.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN shop.fct_segment_event.occurred_at IS 'The as_of of the run at which it was seen; it happened between the run before and this.';
COMMENT ON COLUMN shop.fct_segment_event.from_key IS 'The segment at the run before; NULL for an entry.';
COMMENT ON COLUMN shop.fct_segment_event.to_key IS 'The segment at this run; NULL for an exit.';
COMMENT ON COLUMN shop.fct_segment_event.reason IS 'Which step led to to_key: new (an entry), activity (the customer did something since the run before), ageing (they did not), refit (a new model, on the same data), late_data (data of before the run before that came after it) or erased (an exit).';
COMMENT ON COLUMN shop.fct_segment_event.boundary_noise IS 'Whether a move began or ended near a border: margin below 0.2 at the run before or at this one.';
COMMENT ON COLUMN shop.fct_segment_event.run_id IS 'The run; see segmentation_run.';
CREATE TABLE shop.fct_segment_label (
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    macro_segment text NOT NULL COLLATE pg_catalog."C",
    customer_id text NOT NULL COLLATE pg_catalog."C",
    stratum text NOT NULL,
    segment_key text NOT NULL COLLATE pg_catalog."C",
    micro_key text,
    margin double precision,
    raw_key text COLLATE pg_catalog."C",
    held_from timestamp with time zone,
    remeasured_key text COLLATE pg_catalog."C",
    previous_model_key text COLLATE pg_catalog."C",
    scores text COLLATE pg_catalog."C",
    cell text COLLATE pg_catalog."C",
    CONSTRAINT fct_segment_label_cadence_check CHECK ((cadence = ANY (ARRAY['daily'::text, 'weekly'::text, 'monthly'::text]))),
    CONSTRAINT fct_segment_label_segment_key_check CHECK ((segment_key <> ALL (ARRAY['new'::text, 'left'::text])))
);
COMMENT ON TABLE shop.fct_segment_label IS 'One row per run, macro segment and customer: the segment that is published for them, and what its movement is told apart by. The model of a run is in segmentation_run.models.';
COMMENT ON COLUMN shop.fct_segment_label.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.fct_segment_label.as_of IS 'The moment, exclusive, up to which the customer was measured.';
COMMENT ON COLUMN shop.fct_segment_label.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN shop.fct_segment_label.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN shop.fct_segment_label.stratum IS 'The stratum, decided by rule.';
COMMENT ON COLUMN shop.fct_segment_label.segment_key IS 'The published segment, after hysteresis; see dim_segment.';
COMMENT ON COLUMN shop.fct_segment_label.micro_key IS 'The micro segment inside it; NULL where the segment is not cut further, or the customer is held back in it.';
COMMENT ON COLUMN shop.fct_segment_label.margin IS 'How clearly the customer belongs: (d2² - d1²) / d2² of the distances to the nearest prototype and the nearest of another segment, 0 on the border, 1 on a prototype; NULL where the whole stratum is one segment. Of raw_key.';
COMMENT ON COLUMN shop.fct_segment_label.raw_key IS 'The segment that the model says, before hysteresis; NULL in rows of versions without it.';
COMMENT ON COLUMN shop.fct_segment_label.held_from IS 'Where hysteresis still keeps the customer in segment_key although the model says raw_key: the as_of of the last run at which it did not; else NULL.';
COMMENT ON COLUMN shop.fct_segment_label.remeasured_key IS 'The segment at the as_of of the run before, measured again with the data of this run, under the model of that run; NULL where nothing came late, so that its raw_key stands.';
COMMENT ON COLUMN shop.fct_segment_label.previous_model_key IS 'The segment at this as_of under the model of the run before; NULL where that is the same model (raw_key stands) or can not be asked any more.';
COMMENT ON COLUMN shop.fct_segment_label.scores IS 'The classes of the macro segment''s grid, a digit per score in its order: 543; see dim_score_class. NULL for whom the grid does not take, and where there is none.';
COMMENT ON COLUMN shop.fct_segment_label.cell IS 'The cell of the grid; see dim_grid_cell. NULL as scores.';
CREATE TABLE shop.fct_segment_membership (
    customer_id text NOT NULL COLLATE pg_catalog."C",
    macro_segment text NOT NULL COLLATE pg_catalog."C",
    valid_from timestamp with time zone NOT NULL,
    valid_to timestamp with time zone,
    is_current boolean GENERATED ALWAYS AS ((valid_to IS NULL)) STORED NOT NULL,
    segment_key text NOT NULL COLLATE pg_catalog."C",
    micro_key text,
    entered_reason text NOT NULL,
    run_id text NOT NULL,
    CONSTRAINT fct_segment_membership_check CHECK ((valid_from < valid_to)),
    CONSTRAINT fct_segment_membership_entered_reason_check CHECK ((entered_reason = ANY (ARRAY['new'::text, 'activity'::text, 'ageing'::text, 'refit'::text, 'late_data'::text])))
);
COMMENT ON TABLE shop.fct_segment_membership IS 'One row per customer, macro segment and validity [valid_from, valid_to): who was in which segment when, seen at the runs of the primary cadence. Derived from fct_segment_label.';
COMMENT ON COLUMN shop.fct_segment_membership.customer_id IS 'The customer, as the source names them.';
COMMENT ON COLUMN shop.fct_segment_membership.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN shop.fct_segment_membership.valid_from IS 'The first as_of at which the customer was seen in the segment (inclusive).';
COMMENT ON COLUMN shop.fct_segment_membership.valid_to IS 'The first later as_of at which they were not (exclusive); NULL while they are in it.';
COMMENT ON COLUMN shop.fct_segment_membership.is_current IS 'Whether the customer is in the segment at the newest run.';
COMMENT ON COLUMN shop.fct_segment_membership.segment_key IS 'The segment; see dim_segment.';
COMMENT ON COLUMN shop.fct_segment_membership.micro_key IS 'The micro segment inside it; NULL where the segment is not cut further.';
COMMENT ON COLUMN shop.fct_segment_membership.entered_reason IS 'Why the row began: new (not in the population at the run before), activity, ageing, refit or late_data, as in fct_segment_event.';
COMMENT ON COLUMN shop.fct_segment_membership.run_id IS 'The run at valid_from; see segmentation_run.';
CREATE TABLE shop.fct_segment_migration (
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    macro_segment text NOT NULL,
    from_key text NOT NULL,
    to_key text NOT NULL,
    previous_as_of timestamp with time zone NOT NULL,
    customers bigint NOT NULL,
    share double precision NOT NULL,
    activity bigint DEFAULT 0 NOT NULL,
    ageing bigint DEFAULT 0 NOT NULL,
    late_data bigint DEFAULT 0 NOT NULL,
    refit bigint DEFAULT 0 NOT NULL,
    boundary_noise bigint DEFAULT 0 NOT NULL
);
COMMENT ON TABLE shop.fct_segment_migration IS 'One row per run, segment before and segment now that share a customer, those who stayed included. The rows of one from_key add up to that segment''s customers at the run before, the rows of one to_key to its customers now. The first run of a cadence has no rows.';
COMMENT ON COLUMN shop.fct_segment_migration.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.fct_segment_migration.as_of IS 'The as_of of the run.';
COMMENT ON COLUMN shop.fct_segment_migration.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN shop.fct_segment_migration.from_key IS 'The segment at previous_as_of, or the word new for customers who were not in the population then.';
COMMENT ON COLUMN shop.fct_segment_migration.to_key IS 'The segment at as_of, or the word left for customers who are no longer in the population.';
COMMENT ON COLUMN shop.fct_segment_migration.previous_as_of IS 'The as_of of the run before, of the same cadence.';
COMMENT ON COLUMN shop.fct_segment_migration.customers IS 'Customers who went from the one to the other.';
COMMENT ON COLUMN shop.fct_segment_migration.share IS 'Their share of the customers of from_key, 0 to 1.';
COMMENT ON COLUMN shop.fct_segment_migration.activity IS 'Of them, movers who did something since previous_as_of, under the same model. The four reasons add up to customers in every row between two different segments, and are 0 in all others.';
COMMENT ON COLUMN shop.fct_segment_migration.ageing IS 'Of them, movers who did nothing since previous_as_of: only time went by.';
COMMENT ON COLUMN shop.fct_segment_migration.late_data IS 'Of them, movers by data of before previous_as_of that arrived after it was measured.';
COMMENT ON COLUMN shop.fct_segment_migration.refit IS 'Of them, movers by a new model, on the same data.';
COMMENT ON COLUMN shop.fct_segment_migration.boundary_noise IS 'Of them, movers whose margin was below 0.2 before or after: near a border.';
CREATE TABLE shop.fct_segment_profile (
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    macro_segment text NOT NULL,
    segment_key text NOT NULL,
    parent_key text,
    kpi text NOT NULL,
    customers bigint NOT NULL,
    total numeric,
    share_of_total double precision,
    nonzero_share double precision,
    nulls bigint,
    min double precision,
    p05 double precision,
    p25 double precision,
    p50 double precision,
    p75 double precision,
    p95 double precision,
    max double precision,
    mean double precision,
    band text
);
COMMENT ON TABLE shop.fct_segment_profile IS 'One row per run, segment or micro segment, and KPI of its macro segment, and per KPI that says what customers are worth: how the KPI is distributed among the segment''s customers. Every figure but customers is NULL for a segment of fewer than 10.';
COMMENT ON COLUMN shop.fct_segment_profile.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.fct_segment_profile.as_of IS 'The moment, exclusive, up to which the KPI was measured.';
COMMENT ON COLUMN shop.fct_segment_profile.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN shop.fct_segment_profile.segment_key IS 'The segment or micro segment; see dim_segment.';
COMMENT ON COLUMN shop.fct_segment_profile.parent_key IS 'The segment that a micro segment is inside; NULL for a segment. Sum over one of the two only.';
COMMENT ON COLUMN shop.fct_segment_profile.kpi IS 'The KPI; see dim_kpi.';
COMMENT ON COLUMN shop.fct_segment_profile.customers IS 'Customers in the segment.';
COMMENT ON COLUMN shop.fct_segment_profile.total IS 'Sum of the KPI over the segment, exact.';
COMMENT ON COLUMN shop.fct_segment_profile.share_of_total IS 'The segment''s share of the KPI''s sum over the population; NULL when that sum is not above 0. Above 1 or below 0 where values are negative.';
COMMENT ON COLUMN shop.fct_segment_profile.nonzero_share IS 'Share of the segment''s customers whose KPI is defined and not 0.';
COMMENT ON COLUMN shop.fct_segment_profile.nulls IS 'Customers whose KPI is undefined.';
COMMENT ON COLUMN shop.fct_segment_profile.min IS 'Smallest defined value.';
COMMENT ON COLUMN shop.fct_segment_profile.p05 IS '5th percentile: the smallest value that at least 5% of the defined values do not exceed (always a value that occurs).';
COMMENT ON COLUMN shop.fct_segment_profile.p25 IS '25th percentile, defined as p05.';
COMMENT ON COLUMN shop.fct_segment_profile.p50 IS 'Median, defined as p05.';
COMMENT ON COLUMN shop.fct_segment_profile.p75 IS '75th percentile, defined as p05.';
COMMENT ON COLUMN shop.fct_segment_profile.p95 IS '95th percentile, defined as p05.';
COMMENT ON COLUMN shop.fct_segment_profile.max IS 'Largest defined value.';
COMMENT ON COLUMN shop.fct_segment_profile.mean IS 'Mean of the defined values.';
COMMENT ON COLUMN shop.fct_segment_profile.band IS 'p25 to p75 in the KPI''s own words: Low, or Low To Medium; NULL for a KPI without bands.';
CREATE TABLE shop.fct_segment_size (
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    macro_segment text NOT NULL,
    segment_key text NOT NULL,
    parent_key text,
    model_id text NOT NULL,
    customers bigint NOT NULL,
    share double precision NOT NULL,
    entered bigint,
    "left" bigint,
    suppressed boolean NOT NULL,
    run_id text NOT NULL
);
COMMENT ON TABLE shop.fct_segment_size IS 'One row per run and segment of its model, empty ones too, and one per micro segment. The segments of a macro segment (parent_key IS NULL) add up to the population.';
COMMENT ON COLUMN shop.fct_segment_size.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.fct_segment_size.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN shop.fct_segment_size.macro_segment IS 'The macro segment.';
COMMENT ON COLUMN shop.fct_segment_size.segment_key IS 'The segment or micro segment; see dim_segment.';
COMMENT ON COLUMN shop.fct_segment_size.parent_key IS 'The segment that a micro segment is inside; NULL for a segment. Sum over one of the two only.';
COMMENT ON COLUMN shop.fct_segment_size.model_id IS 'The model that labelled the run; see dim_model.';
COMMENT ON COLUMN shop.fct_segment_size.customers IS 'Customers in the segment.';
COMMENT ON COLUMN shop.fct_segment_size.share IS 'Their share of the population, 0 to 1.';
COMMENT ON COLUMN shop.fct_segment_size.entered IS 'Customers who were not in it at the run before of the same cadence, new ones included; NULL for the first run and for micro segments.';
COMMENT ON COLUMN shop.fct_segment_size."left" IS 'Customers who were in it at the run before and are not now; NULL for the first run and for micro segments.';
COMMENT ON COLUMN shop.fct_segment_size.suppressed IS 'Whether the segment has fewer than 10 customers: its ranges and lists are not shown.';
COMMENT ON COLUMN shop.fct_segment_size.run_id IS 'The run; see segmentation_run.';
CREATE TABLE shop.fct_signal (
    run_id text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    label text NOT NULL,
    landmark integer NOT NULL,
    horizon integer NOT NULL,
    kpi text NOT NULL,
    outcome text NOT NULL,
    learned_from bigint NOT NULL,
    learned_labelled bigint NOT NULL,
    holdout_from date,
    customers bigint NOT NULL,
    labelled bigint NOT NULL,
    rule text,
    direction text,
    taken bigint,
    taken_labelled bigint,
    lift double precision,
    lift_low double precision,
    lift_high double precision,
    p double precision,
    q double precision,
    "precision" double precision,
    recall double precision,
    CONSTRAINT fct_signal_direction_check CHECK ((direction = ANY (ARRAY['more'::text, 'less'::text]))),
    CONSTRAINT fct_signal_outcome_check CHECK ((outcome = ANY (ARRAY['measured'::text, 'nobody'::text, 'already'::text, 'one_cohort'::text, 'never'::text, 'always'::text, 'no_rule'::text, 'too_few'::text])))
);
COMMENT ON TABLE shop.fct_signal IS 'One row per run, label, landmark and KPI: whether the KPI, as it was some days after registration, tells who gets the label within the horizon after. Rules are learned from earlier registration cohorts; every figure is of later ones. Only of runs at the primary cadence, and of profiles that declare signals.';
COMMENT ON COLUMN shop.fct_signal.run_id IS 'The run; see segmentation_run.';
COMMENT ON COLUMN shop.fct_signal.as_of IS 'The as_of of the run: horizons that had not ended by then are left out.';
COMMENT ON COLUMN shop.fct_signal.label IS 'What customers may become, as the profile names it.';
COMMENT ON COLUMN shop.fct_signal.landmark IS 'Days since registration at which is asked: KPIs are measured as of then, and only those count who do not have the label yet.';
COMMENT ON COLUMN shop.fct_signal.horizon IS 'Days after the landmark in which the label may come true.';
COMMENT ON COLUMN shop.fct_signal.kpi IS 'The KPI, measured as of the landmark; see dim_kpi. * is the rule over all KPIs together.';
COMMENT ON COLUMN shop.fct_signal.outcome IS 'measured; or why not: nobody was followed to the end of the horizon; one_cohort: all registered on one day; everyone had the label already at the landmark, it never came true, or always, in the earlier or the later cohorts; no_rule separates and takes at least max(2%, 100) customers; too_few: the rule takes or leaves fewer than 10 of the hold-out.';
COMMENT ON COLUMN shop.fct_signal.learned_from IS 'Customers of the earlier cohorts, from whom the rule was learned.';
COMMENT ON COLUMN shop.fct_signal.learned_labelled IS 'Those of them who got the label.';
COMMENT ON COLUMN shop.fct_signal.holdout_from IS 'First day of registration of the hold-out; NULL where there is none.';
COMMENT ON COLUMN shop.fct_signal.customers IS 'Customers of the hold-out.';
COMMENT ON COLUMN shop.fct_signal.labelled IS 'Those of them who got the label.';
COMMENT ON COLUMN shop.fct_signal.rule IS 'The rule in words; NULL where none was found.';
COMMENT ON COLUMN shop.fct_signal.direction IS 'Whether the label goes with more or with less of the KPI; NULL for the rule over all KPIs.';
COMMENT ON COLUMN shop.fct_signal.taken IS 'Customers of the hold-out whom the rule takes. This column and those after it are NULL unless the outcome is measured.';
COMMENT ON COLUMN shop.fct_signal.taken_labelled IS 'Those of them who got the label.';
COMMENT ON COLUMN shop.fct_signal.lift IS 'precision over the base rate (labelled / customers): how many times as often as among all the label comes true where the rule holds.';
COMMENT ON COLUMN shop.fct_signal.lift_low IS 'Lower end of its 95% interval: a ratio of shares by Koopman''s score method, carried over to the lift.';
COMMENT ON COLUMN shop.fct_signal.lift_high IS 'Upper end, likewise.';
COMMENT ON COLUMN shop.fct_signal.p IS 'How likely shares as far apart are by chance alone (Fisher''s exact test, two-sided).';
COMMENT ON COLUMN shop.fct_signal.q IS 'p adjusted for all questions of the run (Benjamini-Hochberg): of the rows with up to 0.05, at most 5% are expected to be chance.';
COMMENT ON COLUMN shop.fct_signal."precision" IS 'Of those whom the rule takes, the share that got the label, 0 to 1.';
COMMENT ON COLUMN shop.fct_signal.recall IS 'Of those who got the label, the share whom the rule takes, 0 to 1.';
CREATE TABLE shop.segmentation_check (
    run_id text NOT NULL,
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    status text NOT NULL,
    gates jsonb NOT NULL,
    checked_at timestamp with time zone NOT NULL,
    CONSTRAINT segmentation_check_cadence_check CHECK ((cadence = ANY (ARRAY['daily'::text, 'weekly'::text, 'monthly'::text]))),
    CONSTRAINT segmentation_check_status_check CHECK ((status = ANY (ARRAY['published'::text, 'waiting'::text, 'rejected'::text, 'stopped'::text])))
);
COMMENT ON TABLE shop.segmentation_check IS 'One row per run: what the gates said when it was checked last, whether it was published then or not. The other tables of a run that was not published are as they were.';
COMMENT ON COLUMN shop.segmentation_check.run_id IS 'The run: profile/cadence/as_of.';
COMMENT ON COLUMN shop.segmentation_check.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.segmentation_check.as_of IS 'The as_of of the run.';
COMMENT ON COLUMN shop.segmentation_check.status IS 'published; waiting for a person; rejected by a person, or unanswered; stopped.';
COMMENT ON COLUMN shop.segmentation_check.gates IS 'The verdicts: name, macro_segment (empty for the whole run), verdict (pass, warn, ask, stop), found, allowed, approved_by.';
COMMENT ON COLUMN shop.segmentation_check.checked_at IS 'When the gates were asked.';
CREATE TABLE shop.segmentation_run (
    run_id text NOT NULL,
    profile text NOT NULL,
    cadence text NOT NULL,
    as_of timestamp with time zone NOT NULL,
    is_primary boolean NOT NULL,
    status text NOT NULL,
    look_ahead boolean NOT NULL,
    customers bigint NOT NULL,
    unknown_rows bigint NOT NULL,
    quarantined bigint NOT NULL,
    rows jsonb DEFAULT '{}'::jsonb NOT NULL,
    complete_through jsonb NOT NULL,
    models jsonb NOT NULL,
    follows jsonb,
    fingerprints jsonb DEFAULT '{}'::jsonb NOT NULL,
    is_stale boolean DEFAULT false NOT NULL,
    kpis jsonb NOT NULL,
    analytics jsonb DEFAULT '{}'::jsonb NOT NULL,
    gates jsonb NOT NULL,
    drift jsonb DEFAULT '[]'::jsonb NOT NULL,
    versions jsonb NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    seconds double precision NOT NULL,
    CONSTRAINT segmentation_run_cadence_check CHECK ((cadence = ANY (ARRAY['daily'::text, 'weekly'::text, 'monthly'::text]))),
    CONSTRAINT segmentation_run_status_check CHECK ((status = 'published'::text))
);
COMMENT ON TABLE shop.segmentation_run IS 'One row per published run: what it was made from and what was checked. A run that a gate stops publishes nothing, not even a row here; see segmentation_check.';
COMMENT ON COLUMN shop.segmentation_run.run_id IS 'The run: profile/cadence/as_of.';
COMMENT ON COLUMN shop.segmentation_run.profile IS 'The profile.';
COMMENT ON COLUMN shop.segmentation_run.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN shop.segmentation_run.as_of IS 'The end of the run''s data interval (exclusive).';
COMMENT ON COLUMN shop.segmentation_run.is_primary IS 'Whether the run feeds fct_segment_membership and customer_analytics_record.';
COMMENT ON COLUMN shop.segmentation_run.status IS 'published.';
COMMENT ON COLUMN shop.segmentation_run.look_ahead IS 'Whether as_of lies before the first model of a macro segment, which then labelled it.';
COMMENT ON COLUMN shop.segmentation_run.customers IS 'The population: identified customers first seen before as_of.';
COMMENT ON COLUMN shop.segmentation_run.unknown_rows IS 'Source rows without a customer: counted, never labelled.';
COMMENT ON COLUMN shop.segmentation_run.quarantined IS 'Row versions that were ever held in quarantine, over all extracts, when the run was published.';
COMMENT ON COLUMN shop.segmentation_run.rows IS 'Extract -> its current rows when the run was published: accepted, and quarantined.';
COMMENT ON COLUMN shop.segmentation_run.complete_through IS 'Extract -> the time up to which it was known to be whole when the run was published.';
COMMENT ON COLUMN shop.segmentation_run.models IS 'Macro segment -> the model that labelled it; see dim_model.';
COMMENT ON COLUMN shop.segmentation_run.follows IS 'Macro segment -> the run before that its labels were compared with: run_id, model_id and, with hysteresis, the fingerprint of its labels; {} for a first run. NULL for runs of versions that did not compare.';
COMMENT ON COLUMN shop.segmentation_run.fingerprints IS 'Macro segment -> a fingerprint of the run''s labels.';
COMMENT ON COLUMN shop.segmentation_run.is_stale IS 'Whether the run before is no longer the one in follows: run segment and publish again. Until then hysteresis rests on labels that were replaced, and reasons are told without what a comparison with the other run would say.';
COMMENT ON COLUMN shop.segmentation_run.kpis IS 'KPI -> its definition in this run; dim_kpi is derived from it.';
COMMENT ON COLUMN shop.segmentation_run.analytics IS 'Google Analytics report -> what its figures can not say: days read, and how many of them were thresholded, sampled, truncated or had an (other) row; coverage of demographics.';
COMMENT ON COLUMN shop.segmentation_run.gates IS 'What the gates said when the run was published: name, macro_segment (empty for the whole run), verdict (pass, warn, ask), found, allowed, approved_by.';
COMMENT ON COLUMN shop.segmentation_run.drift IS 'How far customers were from those of the fit: macro_segment, metric (psi, js, inertia_gain), stratum, kpi, value; empty at other cadences than the primary one and for look_ahead.';
COMMENT ON COLUMN shop.segmentation_run.versions IS 'Versions of the code, of these tables'' declarations and of the libraries that computed the run.';
COMMENT ON COLUMN shop.segmentation_run.started_at IS 'When publishing began.';
COMMENT ON COLUMN shop.segmentation_run.finished_at IS 'When publishing ended.';
COMMENT ON COLUMN shop.segmentation_run.seconds IS 'How long publishing took.';
INSERT INTO shop.customer_analytics_record (customer_id, as_of, run_id, first_seen, last_seen, age_days, persona, country, email_consent, purchases, revenue, visit_gap, visits, value_segment_key, value_segment, value_micro_key, visiting_segment_key, visiting_segment, visiting_micro_key) VALUES
	('c00', '2025-01-31 23:00:00+00', 'shop/monthly/2025-02-01', '2024-12-01 00:00:00+00', '2024-12-01 00:00:00+00', 61, NULL, 'DE', 1, 4, 200, NULL, 0, 'v2', 'Segment "v2", näher', NULL, 'w0', 'Segment "w0", näher', NULL),
	('c01', '2025-01-31 23:00:00+00', 'shop/monthly/2025-02-01', '2024-12-01 00:01:00+00', '2024-12-01 00:01:00+00', 61, NULL, 'DE', 1, 2, 1, 7, 1, 'v1', 'Segment "v1", näher', NULL, 'w1', 'Segment "w1", näher', NULL),
	('c02', '2025-01-31 23:00:00+00', 'shop/monthly/2025-02-01', '2024-12-01 00:02:00+00', '2024-12-01 00:02:00+00', 61, NULL, 'DE', 1, 1, 2, NULL, 0, 'v1', 'Segment "v1", näher', NULL, 'w0', 'Segment "w0", näher', NULL),
	('c03', '2025-01-31 23:00:00+00', 'shop/monthly/2025-02-01', '2024-12-01 00:03:00+00', '2024-12-01 00:03:00+00', 61, NULL, 'DE', 1, 2, 3, 7, 1, 'v1', 'Segment "v1", näher', NULL, 'w1', 'Segment "w1", näher', NULL),
	('c04', '2025-01-31 23:00:00+00', 'shop/monthly/2025-02-01', '2024-12-01 00:04:00+00', '2024-12-01 00:04:00+00', 61, NULL, 'DE', 1, 1, 4, NULL, 0, 'v1', 'Segment "v1", näher', NULL, 'w0', 'Segment "w0", näher', NULL),
	('c05', '2025-01-31 23:00:00+00', 'shop/monthly/2025-02-01', '2024-12-01 00:05:00+00', '2024-12-01 00:05:00+00', 61, NULL, 'DE', 1, 2, 5, 7, 1, 'v1', 'Segment "v1", näher', NULL, 'w1', 'Segment "w1", näher', NULL),
	('c06', '2025-01-31 23:00:00+00', 'shop/monthly/2025-02-01', '2024-12-01 00:06:00+00', '2024-12-01 00:06:00+00', 61, NULL, 'DE', 1, 1, 6, NULL, 0, 'v1', 'Segment "v1", näher', NULL, 'w0', 'Segment "w0", näher', NULL),
	('c07', '2025-01-31 23:00:00+00', 'shop/monthly/2025-02-01', '2024-12-01 00:07:00+00', '2024-12-01 00:07:00+00', 61, NULL, 'DE', 1, 2, 7, 7, 1, 'v1', 'Segment "v1", näher', NULL, 'w1', 'Segment "w1", näher', NULL),
	('c08', '2025-01-31 23:00:00+00', 'shop/monthly/2025-02-01', '2024-12-01 00:08:00+00', '2024-12-01 00:08:00+00', 61, NULL, 'DE', 1, 1, 8, NULL, 0, 'v1', 'Segment "v1", näher', NULL, 'w0', 'Segment "w0", näher', NULL),
	('c09', '2025-01-31 23:00:00+00', 'shop/monthly/2025-02-01', '2024-12-01 00:09:00+00', '2024-12-01 00:09:00+00', 61, NULL, 'DE', 1, 2, 9, 7, 1, 'v1', 'Segment "v1", näher', NULL, 'w1', 'Segment "w1", näher', NULL),
	('c10', '2025-01-31 23:00:00+00', 'shop/monthly/2025-02-01', '2024-12-01 00:10:00+00', '2024-12-01 00:10:00+00', 61, NULL, 'DE', 1, 1, 10, NULL, 0, 'v1', 'Segment "v1", näher', NULL, 'w0', 'Segment "w0", näher', NULL);
INSERT INTO shop.dim_customer (customer_id, first_seen, last_seen, as_of, country, email_consent) VALUES
	('c00', '2024-12-01 00:00:00+00', '2024-12-01 00:00:00+00', '2025-01-31 23:00:00+00', 'DE', 1),
	('c01', '2024-12-01 00:01:00+00', '2024-12-01 00:01:00+00', '2025-01-31 23:00:00+00', 'DE', 1),
	('c02', '2024-12-01 00:02:00+00', '2024-12-01 00:02:00+00', '2025-01-31 23:00:00+00', 'DE', 1),
	('c03', '2024-12-01 00:03:00+00', '2024-12-01 00:03:00+00', '2025-01-31 23:00:00+00', 'DE', 1),
	('c04', '2024-12-01 00:04:00+00', '2024-12-01 00:04:00+00', '2025-01-31 23:00:00+00', 'DE', 1),
	('c05', '2024-12-01 00:05:00+00', '2024-12-01 00:05:00+00', '2025-01-31 23:00:00+00', 'DE', 1),
	('c06', '2024-12-01 00:06:00+00', '2024-12-01 00:06:00+00', '2025-01-31 23:00:00+00', 'DE', 1),
	('c07', '2024-12-01 00:07:00+00', '2024-12-01 00:07:00+00', '2025-01-31 23:00:00+00', 'DE', 1),
	('c08', '2024-12-01 00:08:00+00', '2024-12-01 00:08:00+00', '2025-01-31 23:00:00+00', 'DE', 1),
	('c09', '2024-12-01 00:09:00+00', '2024-12-01 00:09:00+00', '2025-01-31 23:00:00+00', 'DE', 1),
	('c10', '2024-12-01 00:10:00+00', '2024-12-01 00:10:00+00', '2025-01-31 23:00:00+00', 'DE', 1);
INSERT INTO shop.dim_kpi (kpi, valid_from, valid_to, is_current, macro_segment, label, definition, "window", unit, resolution, direction, rule_only, undefined_when, matures_after, goal, indicator, owner) VALUES
	('purchases', '2024-12-31 23:00:00+00', NULL, true, 'value', 'Purchases', 'Orders.', 'lifetime', 'orders', 1, 'more', false, NULL, 0, '', '', ''),
	('revenue', '2024-12-31 23:00:00+00', NULL, true, 'value', 'Revenue', 'Paid.', 'trailing 30d', 'EUR', 0.01, 'more', false, NULL, 0, '', '', ''),
	('visit_gap', '2024-12-31 23:00:00+00', NULL, true, 'visiting', 'Gap', 'Days.', 'lifetime', 'days', 0.5, 'more', false, 'visits = 0', 0, '', '', ''),
	('visits', '2024-12-31 23:00:00+00', NULL, true, 'visiting', 'Visits', 'Visits.', 'lifetime', 'visits', 1, 'more', true, NULL, 0, '', '', '');
INSERT INTO shop.dim_model (model_id, macro_segment, effective_from, status, decided_by, decided_at, customers, segments, model) VALUES
	('value-m1', 'value', '2024-12-31 23:00:00+00', 'accepted', 'a test', '2026-12-01 04:11:10.949719+00', 1, 3, '{"grid": null, "seed": 1, "format": 2, "strata": [{"axes": [], "name": "never", "note": "", "when": "true", "joins": [], "label": "Never", "picture": null, "segments": [{"key": "v0", "name": "Segment \"v0\", näher", "path": "value.never.00", "bands": [], "micro": null, "fidelity": null, "rule_sql": "true", "prototypes": [], "rule_words": "everybody", "description": "made by hand", "customers_at_fit": 1}], "components": [], "references": []}, {"axes": [], "name": "bought", "note": "", "when": "true", "joins": [], "label": "Bought", "picture": null, "segments": [{"key": "v1", "name": "Segment \"v1\", näher", "path": "value.bought.00", "bands": [], "micro": null, "fidelity": null, "rule_sql": "true", "prototypes": [], "rule_words": "everybody", "description": "made by hand", "customers_at_fit": 1}, {"key": "v2", "name": "Segment \"v2\", näher", "path": "value.bought.01", "bands": [], "micro": null, "fidelity": null, "rule_sql": "true", "prototypes": [], "rule_words": "everybody", "description": "made by hand", "customers_at_fit": 1}], "components": [], "references": []}], "lineage": [], "profile": "shop", "windows": {}, "evidence": [{"k": 2, "value": 0.9, "metric": "jaccard", "stratum": "bought", "algorithm": "kmeans", "standard_error": null}], "model_id": "value-m1", "customers": 1, "resolutions": {}, "macro_segment": "value", "effective_from": "2024-12-31T23:00:00Z"}'),
	('visiting-m1', 'visiting', '2024-12-31 23:00:00+00', 'accepted', 'a test', '2026-12-01 04:11:11.102746+00', 1, 2, '{"grid": null, "seed": 1, "format": 2, "strata": [{"axes": [], "name": "silent", "note": "", "when": "true", "joins": [], "label": "Silent", "picture": null, "segments": [{"key": "w0", "name": "Segment \"w0\", näher", "path": "visiting.silent.00", "bands": [], "micro": null, "fidelity": null, "rule_sql": "true", "prototypes": [], "rule_words": "everybody", "description": "made by hand", "customers_at_fit": 1}], "components": [], "references": []}, {"axes": [], "name": "visitor", "note": "", "when": "true", "joins": [], "label": "Visitor", "picture": null, "segments": [{"key": "w1", "name": "Segment \"w1\", näher", "path": "visiting.visitor.00", "bands": [], "micro": null, "fidelity": null, "rule_sql": "true", "prototypes": [], "rule_words": "everybody", "description": "made by hand", "customers_at_fit": 1}], "components": [], "references": []}], "lineage": [], "profile": "shop", "windows": {}, "evidence": [{"k": 2, "value": 0.9, "metric": "jaccard", "stratum": "bought", "algorithm": "kmeans", "standard_error": null}], "model_id": "visiting-m1", "customers": 1, "resolutions": {}, "macro_segment": "visiting", "effective_from": "2024-12-31T23:00:00Z"}');
INSERT INTO shop.dim_segment (segment_key, valid_from, valid_to, is_current, macro_segment, stratum, stratum_label, parent_key, path, name, alias, description, rule_sql, rule_words, fidelity, recommended_action, owner, model_id) VALUES
	('v0', '2024-12-31 23:00:00+00', NULL, true, 'value', 'never', 'Never', NULL, 'value.never.00', 'Segment "v0", näher', NULL, 'made by hand', 'true', 'everybody', NULL, 'Invite.', '', 'value-m1'),
	('v1', '2024-12-31 23:00:00+00', NULL, true, 'value', 'bought', 'Bought', NULL, 'value.bought.00', 'Segment "v1", näher', NULL, 'made by hand', 'true', 'everybody', NULL, '', 'sales', 'value-m1'),
	('v2', '2024-12-31 23:00:00+00', NULL, true, 'value', 'bought', 'Bought', NULL, 'value.bought.01', 'Segment "v2", näher', NULL, 'made by hand', 'true', 'everybody', NULL, '', 'sales', 'value-m1'),
	('w0', '2024-12-31 23:00:00+00', NULL, true, 'visiting', 'silent', 'Silent', NULL, 'visiting.silent.00', 'Segment "w0", näher', NULL, 'made by hand', 'true', 'everybody', NULL, '', '', 'visiting-m1'),
	('w1', '2024-12-31 23:00:00+00', NULL, true, 'visiting', 'visitor', 'Visitor', NULL, 'visiting.visitor.00', 'Segment "w1", näher', NULL, 'made by hand', 'true', 'everybody', NULL, '', '', 'visiting-m1');
INSERT INTO shop.fct_cohort_segment (macro_segment, cohort, month, segment_key, kpi, learners, share, min, p25, p50, p75, max, model_id, as_of) VALUES
	('value', '2024-12-01', 1, 'v0', 'purchases', 0, 0, NULL, NULL, NULL, NULL, NULL, 'value-m1', '2025-01-31 23:00:00+00'),
	('value', '2024-12-01', 1, 'v0', 'revenue', 0, 0, NULL, NULL, NULL, NULL, NULL, 'value-m1', '2025-01-31 23:00:00+00'),
	('value', '2024-12-01', 1, 'v1', 'purchases', 10, 0.9090909090909091, 1, 1, 1, 2, 2, 'value-m1', '2025-01-31 23:00:00+00'),
	('value', '2024-12-01', 1, 'v1', 'revenue', 10, 0.9090909090909091, 1, 3, 5, 8, 10, 'value-m1', '2025-01-31 23:00:00+00'),
	('value', '2024-12-01', 1, 'v2', 'purchases', 1, 0.09090909090909091, NULL, NULL, NULL, NULL, NULL, 'value-m1', '2025-01-31 23:00:00+00'),
	('value', '2024-12-01', 1, 'v2', 'revenue', 1, 0.09090909090909091, NULL, NULL, NULL, NULL, NULL, 'value-m1', '2025-01-31 23:00:00+00'),
	('visiting', '2024-12-01', 1, 'w0', 'visit_gap', 6, 0.5454545454545454, NULL, NULL, NULL, NULL, NULL, 'visiting-m1', '2025-01-31 23:00:00+00'),
	('visiting', '2024-12-01', 1, 'w0', 'visits', 6, 0.5454545454545454, NULL, NULL, NULL, NULL, NULL, 'visiting-m1', '2025-01-31 23:00:00+00'),
	('visiting', '2024-12-01', 1, 'w1', 'visit_gap', 5, 0.45454545454545453, NULL, NULL, NULL, NULL, NULL, 'visiting-m1', '2025-01-31 23:00:00+00'),
	('visiting', '2024-12-01', 1, 'w1', 'visits', 5, 0.45454545454545453, NULL, NULL, NULL, NULL, NULL, 'visiting-m1', '2025-01-31 23:00:00+00');
INSERT INTO shop.fct_customer_kpi (cadence, as_of, customer_id, age_days, last_seen, purchases, revenue, visit_gap, visits) VALUES
	('monthly', '2024-12-31 23:00:00+00', 'c00', 30, '2024-12-01 00:00:00+00', 1, 0, NULL, 0),
	('monthly', '2024-12-31 23:00:00+00', 'c01', 30, '2024-12-01 00:01:00+00', 2, 1, 7, 1),
	('monthly', '2024-12-31 23:00:00+00', 'c02', 30, '2024-12-01 00:02:00+00', 1, 2, NULL, 0),
	('monthly', '2024-12-31 23:00:00+00', 'c03', 30, '2024-12-01 00:03:00+00', 2, 3, 7, 1),
	('monthly', '2024-12-31 23:00:00+00', 'c04', 30, '2024-12-01 00:04:00+00', 1, 4, NULL, 0),
	('monthly', '2024-12-31 23:00:00+00', 'c05', 30, '2024-12-01 00:05:00+00', 2, 5, 7, 1),
	('monthly', '2024-12-31 23:00:00+00', 'c06', 30, '2024-12-01 00:06:00+00', 1, 6, NULL, 0),
	('monthly', '2024-12-31 23:00:00+00', 'c07', 30, '2024-12-01 00:07:00+00', 2, 7, 7, 1),
	('monthly', '2024-12-31 23:00:00+00', 'c08', 30, '2024-12-01 00:08:00+00', 1, 8, NULL, 0),
	('monthly', '2024-12-31 23:00:00+00', 'c09', 30, '2024-12-01 00:09:00+00', 2, 9, 7, 1),
	('monthly', '2024-12-31 23:00:00+00', 'c10', 30, '2024-12-01 00:10:00+00', 1, 10, NULL, 0),
	('monthly', '2025-01-31 23:00:00+00', 'c00', 61, '2024-12-01 00:00:00+00', 4, 200, NULL, 0),
	('monthly', '2025-01-31 23:00:00+00', 'c01', 61, '2024-12-01 00:01:00+00', 2, 1, 7, 1),
	('monthly', '2025-01-31 23:00:00+00', 'c02', 61, '2024-12-01 00:02:00+00', 1, 2, NULL, 0),
	('monthly', '2025-01-31 23:00:00+00', 'c03', 61, '2024-12-01 00:03:00+00', 2, 3, 7, 1),
	('monthly', '2025-01-31 23:00:00+00', 'c04', 61, '2024-12-01 00:04:00+00', 1, 4, NULL, 0),
	('monthly', '2025-01-31 23:00:00+00', 'c05', 61, '2024-12-01 00:05:00+00', 2, 5, 7, 1),
	('monthly', '2025-01-31 23:00:00+00', 'c06', 61, '2024-12-01 00:06:00+00', 1, 6, NULL, 0),
	('monthly', '2025-01-31 23:00:00+00', 'c07', 61, '2024-12-01 00:07:00+00', 2, 7, 7, 1),
	('monthly', '2025-01-31 23:00:00+00', 'c08', 61, '2024-12-01 00:08:00+00', 1, 8, NULL, 0),
	('monthly', '2025-01-31 23:00:00+00', 'c09', 61, '2024-12-01 00:09:00+00', 2, 9, 7, 1),
	('monthly', '2025-01-31 23:00:00+00', 'c10', 61, '2024-12-01 00:10:00+00', 1, 10, NULL, 0);
INSERT INTO shop.fct_model_quality (model_id, macro_segment, stratum, algorithm, k, metric, value, standard_error) VALUES
	('value-m1', 'value', 'bought', 'kmeans', 2, 'jaccard', 0.9, NULL),
	('visiting-m1', 'visiting', 'bought', 'kmeans', 2, 'jaccard', 0.9, NULL);
INSERT INTO shop.fct_segment_event (customer_id, macro_segment, occurred_at, from_key, to_key, reason, boundary_noise, run_id) VALUES
	('c00', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', 'new', false, 'shop/monthly/2025-01-01'),
	('c01', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', 'new', false, 'shop/monthly/2025-01-01'),
	('c02', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', 'new', false, 'shop/monthly/2025-01-01'),
	('c03', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', 'new', false, 'shop/monthly/2025-01-01'),
	('c04', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', 'new', false, 'shop/monthly/2025-01-01'),
	('c05', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', 'new', false, 'shop/monthly/2025-01-01'),
	('c06', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', 'new', false, 'shop/monthly/2025-01-01'),
	('c07', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', 'new', false, 'shop/monthly/2025-01-01'),
	('c08', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', 'new', false, 'shop/monthly/2025-01-01'),
	('c09', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', 'new', false, 'shop/monthly/2025-01-01'),
	('c10', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', 'new', false, 'shop/monthly/2025-01-01'),
	('c00', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w0', 'new', false, 'shop/monthly/2025-01-01'),
	('c01', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w1', 'new', false, 'shop/monthly/2025-01-01'),
	('c02', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w0', 'new', false, 'shop/monthly/2025-01-01'),
	('c03', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w1', 'new', false, 'shop/monthly/2025-01-01'),
	('c04', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w0', 'new', false, 'shop/monthly/2025-01-01'),
	('c05', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w1', 'new', false, 'shop/monthly/2025-01-01'),
	('c06', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w0', 'new', false, 'shop/monthly/2025-01-01'),
	('c07', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w1', 'new', false, 'shop/monthly/2025-01-01'),
	('c08', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w0', 'new', false, 'shop/monthly/2025-01-01'),
	('c09', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w1', 'new', false, 'shop/monthly/2025-01-01'),
	('c10', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w0', 'new', false, 'shop/monthly/2025-01-01'),
	('c00', 'value', '2025-01-31 23:00:00+00', 'v1', 'v2', 'ageing', false, 'shop/monthly/2025-02-01');
INSERT INTO shop.fct_segment_label (cadence, as_of, macro_segment, customer_id, stratum, segment_key, micro_key, margin, raw_key, held_from, remeasured_key, previous_model_key, scores, cell) VALUES
	('monthly', '2024-12-31 23:00:00+00', 'value', 'c00', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'c01', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'c02', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'c03', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'c04', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'c05', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'c06', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'c07', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'c08', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'c09', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'c10', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'c00', 'silent', 'w0', NULL, NULL, 'w0', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'c01', 'visitor', 'w1', NULL, NULL, 'w1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'c02', 'silent', 'w0', NULL, NULL, 'w0', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'c03', 'visitor', 'w1', NULL, NULL, 'w1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'c04', 'silent', 'w0', NULL, NULL, 'w0', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'c05', 'visitor', 'w1', NULL, NULL, 'w1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'c06', 'silent', 'w0', NULL, NULL, 'w0', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'c07', 'visitor', 'w1', NULL, NULL, 'w1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'c08', 'silent', 'w0', NULL, NULL, 'w0', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'c09', 'visitor', 'w1', NULL, NULL, 'w1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'c10', 'silent', 'w0', NULL, NULL, 'w0', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'c00', 'bought', 'v2', NULL, 0.5, 'v2', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'c01', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'c02', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'c03', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'c04', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'c05', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'c06', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'c07', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'c08', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'c09', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'c10', 'bought', 'v1', NULL, 0.5, 'v1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'c00', 'silent', 'w0', NULL, NULL, 'w0', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'c01', 'visitor', 'w1', NULL, NULL, 'w1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'c02', 'silent', 'w0', NULL, NULL, 'w0', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'c03', 'visitor', 'w1', NULL, NULL, 'w1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'c04', 'silent', 'w0', NULL, NULL, 'w0', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'c05', 'visitor', 'w1', NULL, NULL, 'w1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'c06', 'silent', 'w0', NULL, NULL, 'w0', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'c07', 'visitor', 'w1', NULL, NULL, 'w1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'c08', 'silent', 'w0', NULL, NULL, 'w0', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'c09', 'visitor', 'w1', NULL, NULL, 'w1', NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'c10', 'silent', 'w0', NULL, NULL, 'w0', NULL, NULL, NULL, NULL, NULL);
INSERT INTO shop.fct_segment_membership (customer_id, macro_segment, valid_from, valid_to, segment_key, micro_key, entered_reason, run_id) VALUES
	('c01', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c02', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c03', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c04', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c05', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c06', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c07', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c08', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c09', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c10', 'value', '2024-12-31 23:00:00+00', NULL, 'v1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c00', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w0', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c01', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c02', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w0', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c03', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c04', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w0', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c05', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c06', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w0', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c07', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c08', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w0', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c09', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c10', 'visiting', '2024-12-31 23:00:00+00', NULL, 'w0', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c00', 'value', '2024-12-31 23:00:00+00', '2025-01-31 23:00:00+00', 'v1', NULL, 'new', 'shop/monthly/2025-01-01'),
	('c00', 'value', '2025-01-31 23:00:00+00', NULL, 'v2', NULL, 'ageing', 'shop/monthly/2025-02-01');
INSERT INTO shop.fct_segment_migration (cadence, as_of, macro_segment, from_key, to_key, previous_as_of, customers, share, activity, ageing, late_data, refit, boundary_noise) VALUES
	('monthly', '2025-01-31 23:00:00+00', 'value', 'v1', 'v2', '2024-12-31 23:00:00+00', 1, 0.09090909090909091, 0, 1, 0, 0, 0),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'v1', 'v1', '2024-12-31 23:00:00+00', 10, 0.9090909090909091, 0, 0, 0, 0, 0),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'w0', 'w0', '2024-12-31 23:00:00+00', 6, 1, 0, 0, 0, 0, 0),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'w1', 'w1', '2024-12-31 23:00:00+00', 5, 1, 0, 0, 0, 0, 0);
INSERT INTO shop.fct_segment_profile (cadence, as_of, macro_segment, segment_key, parent_key, kpi, customers, total, share_of_total, nonzero_share, nulls, min, p05, p25, p50, p75, p95, max, mean, band) VALUES
	('monthly', '2024-12-31 23:00:00+00', 'value', 'v0', NULL, 'purchases', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'v0', NULL, 'revenue', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'v1', NULL, 'purchases', 11, 16.00, 1, 1, 0, 1, 1, 1, 1, 2, 2, 2, 1.4545454545454546, 'Some'),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'v1', NULL, 'revenue', 11, 55.00, 1, 0.9090909090909091, 0, 0, 0, 2, 5, 8, 10, 10, 5, 'Low'),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'v2', NULL, 'purchases', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'v2', NULL, 'revenue', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'w0', NULL, 'visit_gap', 6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'w0', NULL, 'visits', 6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'w1', NULL, 'visit_gap', 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'w1', NULL, 'visits', 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'v0', NULL, 'purchases', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'v0', NULL, 'revenue', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'v1', NULL, 'purchases', 10, 15.00, 0.7894736842105263, 1, 0, 1, 1, 1, 1, 2, 2, 2, 1.5, 'Some'),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'v1', NULL, 'revenue', 10, 55.00, 0.21568627450980393, 1, 0, 1, 1, 3, 5, 8, 10, 10, 5.5, 'Low'),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'v2', NULL, 'purchases', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'v2', NULL, 'revenue', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'w0', NULL, 'visit_gap', 6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'w0', NULL, 'visits', 6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'w1', NULL, 'visit_gap', 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'w1', NULL, 'visits', 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO shop.fct_segment_size (cadence, as_of, macro_segment, segment_key, parent_key, model_id, customers, share, entered, "left", suppressed, run_id) VALUES
	('monthly', '2024-12-31 23:00:00+00', 'value', 'v0', NULL, 'value-m1', 0, 0, NULL, NULL, true, 'shop/monthly/2025-01-01'),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'v1', NULL, 'value-m1', 11, 1, NULL, NULL, false, 'shop/monthly/2025-01-01'),
	('monthly', '2024-12-31 23:00:00+00', 'value', 'v2', NULL, 'value-m1', 0, 0, NULL, NULL, true, 'shop/monthly/2025-01-01'),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'w0', NULL, 'visiting-m1', 6, 0.5454545454545454, NULL, NULL, true, 'shop/monthly/2025-01-01'),
	('monthly', '2024-12-31 23:00:00+00', 'visiting', 'w1', NULL, 'visiting-m1', 5, 0.45454545454545453, NULL, NULL, true, 'shop/monthly/2025-01-01'),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'v0', NULL, 'value-m1', 0, 0, 0, 0, true, 'shop/monthly/2025-02-01'),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'v1', NULL, 'value-m1', 10, 0.9090909090909091, 0, 1, false, 'shop/monthly/2025-02-01'),
	('monthly', '2025-01-31 23:00:00+00', 'value', 'v2', NULL, 'value-m1', 1, 0.09090909090909091, 1, 0, true, 'shop/monthly/2025-02-01'),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'w0', NULL, 'visiting-m1', 6, 0.5454545454545454, 0, 0, true, 'shop/monthly/2025-02-01'),
	('monthly', '2025-01-31 23:00:00+00', 'visiting', 'w1', NULL, 'visiting-m1', 5, 0.45454545454545453, 0, 0, true, 'shop/monthly/2025-02-01');
INSERT INTO shop.segmentation_check (run_id, cadence, as_of, status, gates, checked_at) VALUES
	('shop/monthly/2025-01-01', 'monthly', '2024-12-31 23:00:00+00', 'published', '[{"name": "populations_reconcile", "found": "the population has 11 customers, each once", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}, {"name": "populations_reconcile", "found": "its 3 segments have 11 customers together, as the population", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "populations_reconcile", "found": "its 2 segments have 11 customers together, as the population", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "populations_reconcile", "found": "the same 11 customers are measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "populations_reconcile", "found": "11 customer months measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "populations_reconcile", "found": "the same 11 customers are measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "populations_reconcile", "found": "11 customer months measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "labels_known", "found": "1 of the 3 segments of model value-m1 have customers", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "labels_known", "found": "1 of the 3 segments of model value-m1 have customers in cohort months", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "labels_known", "found": "2 of the 2 segments of model visiting-m1 have customers", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "labels_known", "found": "2 of the 2 segments of model visiting-m1 have customers in cohort months", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "sizes_differ", "found": "no two of 2 macro segments have the same sizes", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}, {"name": "names_agree", "found": "all 0 claims of names and aliases hold", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "names_agree", "found": "all 0 claims of names and aliases hold", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "row_counts", "found": "no run of this cadence was published before", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}, {"name": "freshness", "found": "extract ''orders'' has no data", "allowed": "2024-12-31 23:00 UTC or later", "verdict": "warn", "approved_by": "", "macro_segment": ""}, {"name": "freshness", "found": "the last customer was seen 30 days before as_of", "allowed": "up to 3 days", "verdict": "warn", "approved_by": "", "macro_segment": ""}, {"name": "quarantine", "found": "at most 0.0% of an extract''s rows are held in quarantine", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}]', '2026-12-01 04:11:13.877753+00'),
	('shop/monthly/2025-02-01', 'monthly', '2025-01-31 23:00:00+00', 'published', '[{"name": "populations_reconcile", "found": "the population has 11 customers, each once", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}, {"name": "populations_reconcile", "found": "its 3 segments have 11 customers together, as the population", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "populations_reconcile", "found": "its 2 segments have 11 customers together, as the population", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "populations_reconcile", "found": "the same 11 customers are measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "populations_reconcile", "found": "11 customer months measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "populations_reconcile", "found": "the same 11 customers are measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "populations_reconcile", "found": "11 customer months measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "labels_known", "found": "2 of the 3 segments of model value-m1 have customers", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "labels_known", "found": "2 of the 3 segments of model value-m1 have customers in cohort months", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "labels_known", "found": "2 of the 2 segments of model visiting-m1 have customers", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "labels_known", "found": "2 of the 2 segments of model visiting-m1 have customers in cohort months", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "sizes_differ", "found": "no two of 2 macro segments have the same sizes", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}, {"name": "names_agree", "found": "all 0 claims of names and aliases hold", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "names_agree", "found": "all 0 claims of names and aliases hold", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "row_counts", "found": "11 customers, 11 since 2025-01-01; the rows of 0 extracts are like then", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}, {"name": "freshness", "found": "extract ''orders'' has no data", "allowed": "2025-01-31 23:00 UTC or later", "verdict": "warn", "approved_by": "", "macro_segment": ""}, {"name": "freshness", "found": "the last customer was seen 61 days before as_of", "allowed": "up to 3 days", "verdict": "warn", "approved_by": "", "macro_segment": ""}, {"name": "quarantine", "found": "at most 0.0% of an extract''s rows are held in quarantine", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}]', '2026-12-01 04:11:15.987108+00');
INSERT INTO shop.segmentation_run (run_id, profile, cadence, as_of, is_primary, status, look_ahead, customers, unknown_rows, quarantined, rows, complete_through, models, follows, fingerprints, is_stale, kpis, analytics, gates, drift, versions, started_at, finished_at, seconds) VALUES
	('shop/monthly/2025-01-01', 'shop', 'monthly', '2024-12-31 23:00:00+00', true, 'published', false, 11, 7, 0, '{"orders": {"accepted": 0, "quarantined": 0}}', '{"orders": null}', '{"value": "value-m1", "visiting": "visiting-m1"}', '{}', '{"value": "1", "visiting": "1"}', false, '{"visits": {"goal": "", "unit": "visits", "label": "Visits", "owner": "", "window": "lifetime", "direction": "more", "indicator": "", "rule_only": true, "definition": "Visits.", "resolution": 1, "macro_segment": "visiting", "matures_after": 0, "undefined_when": null}, "revenue": {"goal": "", "unit": "EUR", "label": "Revenue", "owner": "", "window": "trailing 30d", "direction": "more", "indicator": "", "rule_only": false, "definition": "Paid.", "resolution": 0.01, "macro_segment": "value", "matures_after": 0, "undefined_when": null}, "purchases": {"goal": "", "unit": "orders", "label": "Purchases", "owner": "", "window": "lifetime", "direction": "more", "indicator": "", "rule_only": false, "definition": "Orders.", "resolution": 1, "macro_segment": "value", "matures_after": 0, "undefined_when": null}, "visit_gap": {"goal": "", "unit": "days", "label": "Gap", "owner": "", "window": "lifetime", "direction": "more", "indicator": "", "rule_only": false, "definition": "Days.", "resolution": 0.5, "macro_segment": "visiting", "matures_after": 0, "undefined_when": "visits = 0"}}', '{}', '[{"name": "populations_reconcile", "found": "the population has 11 customers, each once", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}, {"name": "populations_reconcile", "found": "its 3 segments have 11 customers together, as the population", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "populations_reconcile", "found": "its 2 segments have 11 customers together, as the population", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "populations_reconcile", "found": "the same 11 customers are measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "populations_reconcile", "found": "11 customer months measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "populations_reconcile", "found": "the same 11 customers are measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "populations_reconcile", "found": "11 customer months measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "labels_known", "found": "1 of the 3 segments of model value-m1 have customers", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "labels_known", "found": "1 of the 3 segments of model value-m1 have customers in cohort months", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "labels_known", "found": "2 of the 2 segments of model visiting-m1 have customers", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "labels_known", "found": "2 of the 2 segments of model visiting-m1 have customers in cohort months", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "sizes_differ", "found": "no two of 2 macro segments have the same sizes", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}, {"name": "names_agree", "found": "all 0 claims of names and aliases hold", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "names_agree", "found": "all 0 claims of names and aliases hold", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "row_counts", "found": "no run of this cadence was published before", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}, {"name": "freshness", "found": "extract ''orders'' has no data", "allowed": "2024-12-31 23:00 UTC or later", "verdict": "warn", "approved_by": "", "macro_segment": ""}, {"name": "freshness", "found": "the last customer was seen 30 days before as_of", "allowed": "up to 3 days", "verdict": "warn", "approved_by": "", "macro_segment": ""}, {"name": "quarantine", "found": "at most 0.0% of an extract''s rows are held in quarantine", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}]', '[]', '{"code": "0.1.0", "numpy": "2.4.6", "duckdb": "1.5.6", "tables": "1d5cd6e3e8c3", "psycopg": "3.3.9", "pyarrow": "26.0.1", "deltalake": "1.6.6", "scikit-learn": "1.9.1"}', '2026-12-01 04:11:11.126427+00', '2026-12-01 04:11:13.981782+00', 2.853),
	('shop/monthly/2025-02-01', 'shop', 'monthly', '2025-01-31 23:00:00+00', true, 'published', false, 11, 7, 0, '{"orders": {"accepted": 0, "quarantined": 0}}', '{"orders": null}', '{"value": "value-m1", "visiting": "visiting-m1"}', '{}', '{"value": "1", "visiting": "1"}', true, '{"visits": {"goal": "", "unit": "visits", "label": "Visits", "owner": "", "window": "lifetime", "direction": "more", "indicator": "", "rule_only": true, "definition": "Visits.", "resolution": 1, "macro_segment": "visiting", "matures_after": 0, "undefined_when": null}, "revenue": {"goal": "", "unit": "EUR", "label": "Revenue", "owner": "", "window": "trailing 30d", "direction": "more", "indicator": "", "rule_only": false, "definition": "Paid.", "resolution": 0.01, "macro_segment": "value", "matures_after": 0, "undefined_when": null}, "purchases": {"goal": "", "unit": "orders", "label": "Purchases", "owner": "", "window": "lifetime", "direction": "more", "indicator": "", "rule_only": false, "definition": "Orders.", "resolution": 1, "macro_segment": "value", "matures_after": 0, "undefined_when": null}, "visit_gap": {"goal": "", "unit": "days", "label": "Gap", "owner": "", "window": "lifetime", "direction": "more", "indicator": "", "rule_only": false, "definition": "Days.", "resolution": 0.5, "macro_segment": "visiting", "matures_after": 0, "undefined_when": "visits = 0"}}', '{}', '[{"name": "populations_reconcile", "found": "the population has 11 customers, each once", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}, {"name": "populations_reconcile", "found": "its 3 segments have 11 customers together, as the population", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "populations_reconcile", "found": "its 2 segments have 11 customers together, as the population", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "populations_reconcile", "found": "the same 11 customers are measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "populations_reconcile", "found": "11 customer months measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "populations_reconcile", "found": "the same 11 customers are measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "populations_reconcile", "found": "11 customer months measured and labelled", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "labels_known", "found": "2 of the 3 segments of model value-m1 have customers", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "labels_known", "found": "2 of the 3 segments of model value-m1 have customers in cohort months", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "labels_known", "found": "2 of the 2 segments of model visiting-m1 have customers", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "labels_known", "found": "2 of the 2 segments of model visiting-m1 have customers in cohort months", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "sizes_differ", "found": "no two of 2 macro segments have the same sizes", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}, {"name": "names_agree", "found": "all 0 claims of names and aliases hold", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "value"}, {"name": "names_agree", "found": "all 0 claims of names and aliases hold", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": "visiting"}, {"name": "row_counts", "found": "11 customers, 11 since 2025-01-01; the rows of 0 extracts are like then", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}, {"name": "freshness", "found": "extract ''orders'' has no data", "allowed": "2025-01-31 23:00 UTC or later", "verdict": "warn", "approved_by": "", "macro_segment": ""}, {"name": "freshness", "found": "the last customer was seen 61 days before as_of", "allowed": "up to 3 days", "verdict": "warn", "approved_by": "", "macro_segment": ""}, {"name": "quarantine", "found": "at most 0.0% of an extract''s rows are held in quarantine", "allowed": "", "verdict": "pass", "approved_by": "", "macro_segment": ""}]', '[]', '{"code": "0.1.0", "numpy": "2.4.6", "duckdb": "1.5.6", "tables": "1d5cd6e3e8c3", "psycopg": "3.3.9", "pyarrow": "26.0.1", "deltalake": "1.6.6", "scikit-learn": "1.9.1"}', '2026-12-01 04:11:14.193259+00', '2026-12-01 04:11:16.18261+00', 1.987);
ALTER TABLE ONLY shop.customer_analytics_record
    ADD CONSTRAINT customer_analytics_record_pkey PRIMARY KEY (customer_id);
ALTER TABLE ONLY shop.dim_customer
    ADD CONSTRAINT dim_customer_pkey PRIMARY KEY (customer_id);
ALTER TABLE ONLY shop.dim_figure
    ADD CONSTRAINT dim_figure_pkey PRIMARY KEY (figure, measure);
ALTER TABLE ONLY shop.dim_grid_cell
    ADD CONSTRAINT dim_grid_cell_pkey PRIMARY KEY (model_id, cell);
ALTER TABLE ONLY shop.dim_kpi
    ADD CONSTRAINT dim_kpi_pkey PRIMARY KEY (kpi, valid_from);
ALTER TABLE ONLY shop.dim_model
    ADD CONSTRAINT dim_model_pkey PRIMARY KEY (model_id);
ALTER TABLE ONLY shop.dim_score_class
    ADD CONSTRAINT dim_score_class_pkey PRIMARY KEY (model_id, score, class);
ALTER TABLE ONLY shop.dim_segment
    ADD CONSTRAINT dim_segment_pkey PRIMARY KEY (segment_key, valid_from);
ALTER TABLE ONLY shop.fct_cohort_segment
    ADD CONSTRAINT fct_cohort_segment_pkey PRIMARY KEY (macro_segment, cohort, month, segment_key, kpi);
ALTER TABLE ONLY shop.fct_customer_kpi
    ADD CONSTRAINT fct_customer_kpi_pkey PRIMARY KEY (cadence, as_of, customer_id);
ALTER TABLE ONLY shop.fct_figure
    ADD CONSTRAINT fct_figure_pkey PRIMARY KEY (cadence, as_of, figure, "row", "column", measure);
ALTER TABLE ONLY shop.fct_funnel
    ADD CONSTRAINT fct_funnel_pkey PRIMARY KEY (cadence, as_of, macro_segment, segment_key, step);
ALTER TABLE ONLY shop.fct_grid_cell
    ADD CONSTRAINT fct_grid_cell_pkey PRIMARY KEY (cadence, as_of, macro_segment, row_class, column_class, segment_key);
ALTER TABLE ONLY shop.fct_grid_profile
    ADD CONSTRAINT fct_grid_profile_pkey PRIMARY KEY (cadence, as_of, macro_segment, cell, kpi);
ALTER TABLE ONLY shop.fct_grid_quality
    ADD CONSTRAINT fct_grid_quality_pkey PRIMARY KEY (cadence, as_of, macro_segment, metric, kpi);
ALTER TABLE ONLY shop.fct_list_member
    ADD CONSTRAINT fct_list_member_pkey PRIMARY KEY (cadence, as_of, list, customer_id);
ALTER TABLE ONLY shop.fct_list_reason
    ADD CONSTRAINT fct_list_reason_pkey PRIMARY KEY (cadence, as_of, list, reason);
ALTER TABLE ONLY shop.fct_model_quality
    ADD CONSTRAINT fct_model_quality_pkey PRIMARY KEY (model_id, stratum, algorithm, k, metric);
ALTER TABLE ONLY shop.fct_persona
    ADD CONSTRAINT fct_persona_pkey PRIMARY KEY (cadence, as_of, persona);
ALTER TABLE ONLY shop.fct_segment_demographic
    ADD CONSTRAINT fct_segment_demographic_pkey PRIMARY KEY (cadence, as_of, macro_segment, segment_key, report, dimension, value);
ALTER TABLE ONLY shop.fct_segment_event
    ADD CONSTRAINT fct_segment_event_pkey PRIMARY KEY (customer_id, macro_segment, occurred_at);
ALTER TABLE ONLY shop.fct_segment_label
    ADD CONSTRAINT fct_segment_label_pkey PRIMARY KEY (cadence, as_of, macro_segment, customer_id);
ALTER TABLE ONLY shop.fct_segment_membership
    ADD CONSTRAINT fct_segment_membership_pkey PRIMARY KEY (customer_id, macro_segment, valid_from);
ALTER TABLE ONLY shop.fct_segment_migration
    ADD CONSTRAINT fct_segment_migration_pkey PRIMARY KEY (cadence, as_of, macro_segment, from_key, to_key);
ALTER TABLE ONLY shop.fct_segment_profile
    ADD CONSTRAINT fct_segment_profile_pkey PRIMARY KEY (cadence, as_of, macro_segment, segment_key, kpi);
ALTER TABLE ONLY shop.fct_segment_size
    ADD CONSTRAINT fct_segment_size_pkey PRIMARY KEY (cadence, as_of, macro_segment, segment_key);
ALTER TABLE ONLY shop.fct_signal
    ADD CONSTRAINT fct_signal_pkey PRIMARY KEY (run_id, label, landmark, kpi);
ALTER TABLE ONLY shop.fct_segment_membership
    ADD CONSTRAINT one_segment_at_a_time EXCLUDE USING gist (hashtextextended(((macro_segment || ' '::text) || customer_id), (0)::bigint) WITH =, tstzrange(valid_from, valid_to) WITH &&);
ALTER TABLE ONLY shop.segmentation_check
    ADD CONSTRAINT segmentation_check_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY shop.segmentation_run
    ADD CONSTRAINT segmentation_run_cadence_as_of_key UNIQUE (cadence, as_of);
ALTER TABLE ONLY shop.segmentation_run
    ADD CONSTRAINT segmentation_run_pkey PRIMARY KEY (run_id);
CREATE INDEX fct_customer_kpi_by_customer ON shop.fct_customer_kpi USING btree (customer_id, as_of);
CREATE INDEX fct_segment_event_by_time ON shop.fct_segment_event USING btree (occurred_at, macro_segment);
CREATE INDEX fct_segment_label_by_customer ON shop.fct_segment_label USING btree (customer_id, as_of);
CREATE INDEX fct_segment_membership_current ON shop.fct_segment_membership USING btree (macro_segment, segment_key) WHERE (valid_to IS NULL);
