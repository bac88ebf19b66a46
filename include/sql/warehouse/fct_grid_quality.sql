CREATE TABLE IF NOT EXISTS fct_grid_quality (
    cadence text NOT NULL,
    as_of timestamptz NOT NULL,
    macro_segment text NOT NULL,
    metric text NOT NULL,
    kpi text NOT NULL,
    value double precision NOT NULL,
    PRIMARY KEY (cadence, as_of, macro_segment, metric, kpi)
);

COMMENT ON TABLE fct_grid_quality IS 'One row per run and metric: a grid beside the segments of the same customers, and both beside sorting by one KPI.';
COMMENT ON COLUMN fct_grid_quality.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_grid_quality.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN fct_grid_quality.macro_segment IS 'The macro segment that the grid stands beside.';
COMMENT ON COLUMN fct_grid_quality.metric IS 'adjusted_rand_index: how far cells and segments are the same division, 1 the same, 0 as by chance. top_30_by_sorting: the share of the KPI that the top 30% of the customers by the KPI itself hold; top_30_by_cells, top_30_by_segments: what as many hold who are taken from the cells, or segments, with the highest means; lift_of_cells, lift_of_segments: that share divided by the one of sorting.';
COMMENT ON COLUMN fct_grid_quality.kpi IS 'The KPI; empty for the index. KPIs with negative values have no rows.';
COMMENT ON COLUMN fct_grid_quality.value IS 'The value.';
