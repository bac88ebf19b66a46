CREATE TABLE IF NOT EXISTS fct_grid_cell (
    cadence text NOT NULL,
    as_of timestamptz NOT NULL,
    macro_segment text NOT NULL,
    row_class integer NOT NULL,
    column_class integer NOT NULL,
    segment_key text NOT NULL,
    cell text NOT NULL,
    customers bigint NOT NULL,
    PRIMARY KEY (cadence, as_of, macro_segment, row_class, column_class, segment_key)
);

COMMENT ON TABLE fct_grid_cell IS 'One row per run, pair of classes and segment that has customers there: the grid, and by its sums the named cells beside the segments. Customers whom the grid does not take are left out.';
COMMENT ON COLUMN fct_grid_cell.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_grid_cell.as_of IS 'The moment, exclusive, up to which the customers were measured.';
COMMENT ON COLUMN fct_grid_cell.macro_segment IS 'The macro segment that the grid stands beside.';
COMMENT ON COLUMN fct_grid_cell.row_class IS 'The class of the score of the rows; see dim_score_class.';
COMMENT ON COLUMN fct_grid_cell.column_class IS 'The class of the score of the columns; see dim_score_class.';
COMMENT ON COLUMN fct_grid_cell.segment_key IS 'The segment of the same customers; see dim_segment.';
COMMENT ON COLUMN fct_grid_cell.cell IS 'The named cell; see dim_grid_cell.';
COMMENT ON COLUMN fct_grid_cell.customers IS 'Customers in both.';
