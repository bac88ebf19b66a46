CREATE TABLE IF NOT EXISTS fct_grid_profile (
    cadence text NOT NULL,
    as_of timestamptz NOT NULL,
    macro_segment text NOT NULL,
    cell text NOT NULL,
    kpi text NOT NULL,
    customers bigint NOT NULL,
    share double precision NOT NULL,
    total numeric,
    share_of_total double precision,
    mean double precision,
    PRIMARY KEY (cadence, as_of, macro_segment, cell, kpi)
);

COMMENT ON TABLE fct_grid_profile IS 'One row per run, named cell of a grid and KPI that says what customers are worth. Every figure but customers and share is NULL for a cell of fewer than 10.';
COMMENT ON COLUMN fct_grid_profile.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_grid_profile.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN fct_grid_profile.macro_segment IS 'The macro segment that the grid stands beside.';
COMMENT ON COLUMN fct_grid_profile.cell IS 'The named cell; see dim_grid_cell. Cells without customers have rows too.';
COMMENT ON COLUMN fct_grid_profile.kpi IS 'The KPI; see dim_kpi.';
COMMENT ON COLUMN fct_grid_profile.customers IS 'Customers in the cell.';
COMMENT ON COLUMN fct_grid_profile.share IS 'Their share of the customers whom the grid takes, 0 to 1.';
COMMENT ON COLUMN fct_grid_profile.total IS 'Sum of the KPI over the cell, exact.';
COMMENT ON COLUMN fct_grid_profile.share_of_total IS 'The cell''s share of the KPI''s sum over the customers whom the grid takes; NULL when that sum is not above 0. Above 1 or below 0 where values are negative.';
COMMENT ON COLUMN fct_grid_profile.mean IS 'Mean of the defined values.';
