CREATE TABLE IF NOT EXISTS fct_figure (
    cadence text NOT NULL,
    as_of timestamptz NOT NULL,
    figure text NOT NULL,
    row_position integer NOT NULL,
    "row" text NOT NULL,
    column_position integer NOT NULL,
    "column" text NOT NULL,
    measure text NOT NULL,
    value double precision,
    PRIMARY KEY (cadence, as_of, figure, "row", "column", measure)
);

COMMENT ON TABLE fct_figure IS 'One row per run and value of a figure: small tables about the business as a whole, such as sales by month. What they mean is in dim_figure.';
COMMENT ON COLUMN fct_figure.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN fct_figure.as_of IS 'The moment, exclusive, up to which the figure was measured.';
COMMENT ON COLUMN fct_figure.figure IS 'The figure; see dim_figure.';
COMMENT ON COLUMN fct_figure.row_position IS 'The order of its rows, from 1.';
COMMENT ON COLUMN fct_figure."row" IS 'What the row is about: a month, a country, a customer.';
COMMENT ON COLUMN fct_figure.column_position IS 'The order of its columns, from 1.';
COMMENT ON COLUMN fct_figure."column" IS 'What the column is about, of a figure by two; else empty.';
COMMENT ON COLUMN fct_figure.measure IS 'What was measured; see dim_figure.';
COMMENT ON COLUMN fct_figure.value IS 'The value; NULL where it is undefined. Shares are from 0 to 1.';
