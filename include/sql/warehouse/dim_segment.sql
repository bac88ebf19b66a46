CREATE TABLE IF NOT EXISTS dim_segment (
    segment_key text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
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
    model_id text NOT NULL,
    PRIMARY KEY (segment_key, valid_from)
);

COMMENT ON TABLE dim_segment IS 'One row per segment or micro segment and validity: what a segment key means. A new accepted model that changes the name, the rule or the place of a segment begins a new row; the key stays.';
COMMENT ON COLUMN dim_segment.segment_key IS 'The segment: opaque, stable across models, never reused.';
COMMENT ON COLUMN dim_segment.valid_from IS 'effective_from of the accepted model that brought this version (inclusive).';
COMMENT ON COLUMN dim_segment.valid_to IS 'effective_from of the accepted model that changed or dropped it (exclusive); NULL while it holds.';
COMMENT ON COLUMN dim_segment.is_current IS 'Whether the newest accepted model has this version.';
COMMENT ON COLUMN dim_segment.macro_segment IS 'The macro segment that the segment belongs to.';
COMMENT ON COLUMN dim_segment.stratum IS 'The stratum, set apart by a rule before any clustering.';
COMMENT ON COLUMN dim_segment.stratum_label IS 'The words of the stratum.';
COMMENT ON COLUMN dim_segment.parent_key IS 'The segment that a micro segment is inside; NULL for a segment.';
COMMENT ON COLUMN dim_segment.path IS 'Where the segment stands, for display only: value.repeat.02.';
COMMENT ON COLUMN dim_segment.name IS 'The name, fixed when the model was accepted and checked on every run; unique inside a macro segment.';
COMMENT ON COLUMN dim_segment.alias IS 'A name given by people in the profile, checked on every run by its rule there; NULL where there is none.';
COMMENT ON COLUMN dim_segment.description IS 'What its customers have in common.';
COMMENT ON COLUMN dim_segment.rule_sql IS 'The exact rule, a SQL condition over the columns of customer_analytics_record.';
COMMENT ON COLUMN dim_segment.rule_words IS 'The rule for people: ranges of KPIs, at most three ways into the segment joined by or.';
COMMENT ON COLUMN dim_segment.fidelity IS 'How right rule_words is: of the customers whom the words or the exact rule put into the segment, the share that both do, measured at the fit; NULL where it was not measured.';
COMMENT ON COLUMN dim_segment.recommended_action IS 'What the profile says should be done for these customers, of the segment or else of its stratum.';
COMMENT ON COLUMN dim_segment.owner IS 'Who answers for the segment, or else for its stratum.';
COMMENT ON COLUMN dim_segment.model_id IS 'The accepted model that brought this version; see dim_model.';
