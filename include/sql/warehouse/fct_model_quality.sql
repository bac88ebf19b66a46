CREATE TABLE IF NOT EXISTS fct_model_quality (
    model_id text NOT NULL,
    macro_segment text NOT NULL,
    stratum text NOT NULL,
    algorithm text NOT NULL,
    k integer NOT NULL,
    metric text NOT NULL,
    value double precision,
    standard_error double precision,
    PRIMARY KEY (model_id, stratum, algorithm, k, metric)
);

COMMENT ON TABLE fct_model_quality IS 'One row per model, stratum, algorithm, number of clusters and metric that was tried: the evidence for the cut.';
COMMENT ON COLUMN fct_model_quality.model_id IS 'The model; see dim_model.';
COMMENT ON COLUMN fct_model_quality.macro_segment IS 'The macro segment that it cuts.';
COMMENT ON COLUMN fct_model_quality.stratum IS 'The stratum that was cut; with the number of a segment, repeat.02, where that was cut into micro segments.';
COMMENT ON COLUMN fct_model_quality.algorithm IS 'The algorithm that was tried.';
COMMENT ON COLUMN fct_model_quality.k IS 'The number of clusters that was tried.';
COMMENT ON COLUMN fct_model_quality.metric IS 'What was measured.';
COMMENT ON COLUMN fct_model_quality.value IS 'The value; NULL where it could not be measured.';
COMMENT ON COLUMN fct_model_quality.standard_error IS 'Its standard error; NULL where it has none.';
