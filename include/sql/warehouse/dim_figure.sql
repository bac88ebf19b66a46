CREATE TABLE IF NOT EXISTS dim_figure (
    figure text NOT NULL,
    measure text NOT NULL,
    label text NOT NULL,
    definition text NOT NULL,
    row_label text NOT NULL,
    column_label text NOT NULL,
    measure_label text NOT NULL,
    unit text NOT NULL,
    PRIMARY KEY (figure, measure)
);

COMMENT ON TABLE dim_figure IS 'One row per figure and value of it, as the profile of the run that was published last declares them.';
COMMENT ON COLUMN dim_figure.figure IS 'The figure.';
COMMENT ON COLUMN dim_figure.measure IS 'The value.';
COMMENT ON COLUMN dim_figure.label IS 'The words a reader sees for the figure.';
COMMENT ON COLUMN dim_figure.definition IS 'What is counted.';
COMMENT ON COLUMN dim_figure.row_label IS 'What its rows are.';
COMMENT ON COLUMN dim_figure.column_label IS 'What its columns are; empty where it has none.';
COMMENT ON COLUMN dim_figure.measure_label IS 'The words a reader sees for the value.';
COMMENT ON COLUMN dim_figure.unit IS 'What one unit of the value is; share: from 0 to 1.';
