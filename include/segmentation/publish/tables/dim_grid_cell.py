"""The named cells of grids."""

from include.segmentation.publish.common_columns import MODEL_ID
from include.segmentation.publish.grid_rows import make_cell_definitions
from include.segmentation.warehouse.published_table import Column, PublishedTable

DIM_GRID_CELL = PublishedTable(
    name="dim_grid_cell",
    comment=(
        "One row per model and named cell of its grid: a rectangle of classes of two scores. The cells of a "
        "grid cover every pair of classes exactly once."
    ),
    columns=(
        MODEL_ID,
        Column("macro_segment", "text", "The macro segment that the grid belongs to."),
        Column("cell", "text", "The name of the cell."),
        Column("position", "integer", "The cell's place in the profile, from 1."),
        Column("label", "text", "The cell's title for readers."),
        Column("description", "text", "Who these customers are, in one sentence."),
        Column("row_score", "text", "The score on the rows; see dim_score_class."),
        Column("row_from", "integer", "The first class of the row score in the cell."),
        Column("row_to", "integer", "The last class of the row score in the cell (inclusive)."),
        Column("column_score", "text", "The score on the columns; see dim_score_class."),
        Column("column_from", "integer", "The first class of the column score in the cell."),
        Column("column_to", "integer", "The last class of the column score in the cell (inclusive)."),
        Column("recommended_action", "text", "What to do with these customers, according to the current profile."),
        Column("owner", "text", "Who is responsible for that."),
    ),
    primary_key=("model_id", "cell"),
    replaces=("macro_segment",),
    make_rows=make_cell_definitions,
)
