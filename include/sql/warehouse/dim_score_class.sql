CREATE TABLE IF NOT EXISTS dim_score_class (
    model_id text NOT NULL,
    macro_segment text NOT NULL,
    score text NOT NULL,
    class integer NOT NULL,
    position integer NOT NULL,
    label text NOT NULL,
    kpi text NOT NULL,
    at_least double precision,
    below double precision,
    customers_at_fit bigint NOT NULL,
    PRIMARY KEY (model_id, score, class)
);

COMMENT ON TABLE dim_score_class IS 'One row per model, score of its grid and class: the stored cut points. Equal values are always in one class.';
COMMENT ON COLUMN dim_score_class.model_id IS 'The model; see dim_model. The one of a run is in segmentation_run.models.';
COMMENT ON COLUMN dim_score_class.macro_segment IS 'The macro segment that the grid stands beside.';
COMMENT ON COLUMN dim_score_class.score IS 'The score, such as r.';
COMMENT ON COLUMN dim_score_class.class IS 'The class, from 1 for the worst customers.';
COMMENT ON COLUMN dim_score_class.position IS 'Which digit of fct_segment_label.scores it is, from 1.';
COMMENT ON COLUMN dim_score_class.label IS 'The words a reader sees.';
COMMENT ON COLUMN dim_score_class.kpi IS 'The KPI that is cut; see dim_kpi.';
COMMENT ON COLUMN dim_score_class.at_least IS 'The lowest value in the class; NULL where it is open.';
COMMENT ON COLUMN dim_score_class.below IS 'The lowest value above the class; NULL where it is open. Both are NULL for a class that there were too few values for.';
COMMENT ON COLUMN dim_score_class.customers_at_fit IS 'Customers in the class when the cut points were fitted.';
