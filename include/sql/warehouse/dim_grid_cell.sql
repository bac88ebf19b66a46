CREATE TABLE IF NOT EXISTS dim_grid_cell (
    model_id text NOT NULL,
    macro_segment text NOT NULL,
    cell text NOT NULL,
    position integer NOT NULL,
    label text NOT NULL,
    description text NOT NULL,
    row_score text NOT NULL,
    row_from integer NOT NULL,
    row_to integer NOT NULL,
    column_score text NOT NULL,
    column_from integer NOT NULL,
    column_to integer NOT NULL,
    recommended_action text NOT NULL,
    owner text NOT NULL,
    PRIMARY KEY (model_id, cell)
);

COMMENT ON TABLE dim_grid_cell IS 'One row per model and named cell of its grid: a rectangle of classes of two scores. The cells of a grid take every pair of classes once.';
COMMENT ON COLUMN dim_grid_cell.model_id IS 'The model; see dim_model. The one of a run is in segmentation_run.models.';
COMMENT ON COLUMN dim_grid_cell.macro_segment IS 'The macro segment that the grid stands beside.';
COMMENT ON COLUMN dim_grid_cell.cell IS 'The name of the cell.';
COMMENT ON COLUMN dim_grid_cell.position IS 'Its place in the profile, from 1.';
COMMENT ON COLUMN dim_grid_cell.label IS 'The words a reader sees.';
COMMENT ON COLUMN dim_grid_cell.description IS 'Who these customers are, in a sentence.';
COMMENT ON COLUMN dim_grid_cell.row_score IS 'The score of the rows; see dim_score_class.';
COMMENT ON COLUMN dim_grid_cell.row_from IS 'Its first class in the cell.';
COMMENT ON COLUMN dim_grid_cell.row_to IS 'Its last class in the cell (inclusive).';
COMMENT ON COLUMN dim_grid_cell.column_score IS 'The score of the columns; see dim_score_class.';
COMMENT ON COLUMN dim_grid_cell.column_from IS 'Its first class in the cell.';
COMMENT ON COLUMN dim_grid_cell.column_to IS 'Its last class in the cell (inclusive).';
COMMENT ON COLUMN dim_grid_cell.recommended_action IS 'What to do with these customers; as the profile says it today.';
COMMENT ON COLUMN dim_grid_cell.owner IS 'Who does it.';
