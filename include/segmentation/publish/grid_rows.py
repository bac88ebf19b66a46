"""Rows of grids: their cells and cut points by model, and a run's customers in them."""

from collections.abc import Iterator
from decimal import Decimal

import numpy as np
from sklearn.metrics import adjusted_rand_score

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.common.statistics import compute_top_share
from include.segmentation.common.suppression import SUPPRESS_BELOW
from include.segmentation.model.grid_model import GridModel
from include.segmentation.publish.distribution_rows import write_total_sql
from include.segmentation.publish.publish_inputs import PublishInputs
from include.segmentation.warehouse.published_table import Row


def make_cell_definitions(inputs: PublishInputs) -> Iterator[Row]:
    """Make the rows of every model's grid cells; actions and owners come from the current profile."""
    for macro, model_id, grid in _list_all_grids(inputs):
        declared = inputs.run.profile.macro_segments[macro].grid
        cells = {cell.name: cell for cell in declared.cells} if declared else {}
        for position, cell in enumerate(grid.cells, start=1):
            yield {
                "model_id": model_id,
                "macro_segment": macro,
                "cell": cell.name,
                "position": position,
                "label": cell.label,
                "description": cell.description,
                "row_score": grid.rows,
                "row_from": cell.rows[0],
                "row_to": cell.rows[1],
                "column_score": grid.columns,
                "column_from": cell.columns[0],
                "column_to": cell.columns[1],
                "recommended_action": cells[cell.name].recommended_action if cell.name in cells else "",
                "owner": cells[cell.name].owner if cell.name in cells else "",
            }


def make_class_definitions(inputs: PublishInputs) -> Iterator[Row]:
    """Make the rows of every model's cut points."""
    for macro, model_id, grid in _list_all_grids(inputs):
        for position, score in enumerate(grid.scores, start=1):
            for number, (at_least, below) in enumerate(score.bounds, start=1):
                yield {
                    "model_id": model_id,
                    "macro_segment": macro,
                    "score": score.name,
                    "class": number,
                    "position": position,
                    "label": score.label,
                    "kpi": score.kpi,
                    "at_least": at_least,
                    "below": below,
                    "customers_at_fit": score.customers[number - 1],
                }


def make_grid_cell_rows(inputs: PublishInputs) -> Iterator[Row]:
    """Make the rows of ``fct_grid_cell``."""
    for macro, grid in _list_grids(inputs).items():
        row, column = (grid.locate_cell(side) + 1 for side in (grid.rows, grid.columns))
        result = inputs.engine.execute(
            f"SELECT CAST(substr(scores, {row}, 1) AS INTEGER) AS row_class, "
            f"CAST(substr(scores, {column}, 1) AS INTEGER) AS column_class, segment_key, cell, count(*) AS customers "
            f"FROM label_{macro} WHERE cell IS NOT NULL GROUP BY ALL ORDER BY ALL"
        )
        for counts in result.fetch_table().to_pylist():
            yield {"macro_segment": macro} | counts


def make_grid_profile_rows(inputs: PublishInputs) -> Iterator[Row]:
    """Make the rows of ``fct_grid_profile``, including cells without customers."""
    for macro, grid in _list_grids(inputs).items():
        (customers_in_grid,) = inputs.fetch_one(f"SELECT count(cell) FROM label_{macro}")
        for kpi in inputs.run.profile.worth:
            rows = _total_cells(inputs, macro, kpi)
            grand_total = sum((row["total"] or 0 for row in rows.values()), Decimal(0))
            for cell in grid.cells:
                row = rows.get(cell.name, {"customers": 0})
                customers = row["customers"]
                figures: Row = dict.fromkeys(("total", "share_of_total", "mean"))
                if customers >= SUPPRESS_BELOW and row["total"] is not None:
                    share = float(row["total"] / grand_total) if grand_total > 0 else None
                    mean = float(row["total"] / row["defined"])
                    figures = {"total": row["total"], "share_of_total": share, "mean": mean}
                place = {"macro_segment": macro, "cell": cell.name, "kpi": kpi}
                yield place | {"customers": customers, "share": customers / max(customers_in_grid, 1)} | figures


def make_grid_quality_rows(inputs: PublishInputs) -> Iterator[Row]:
    """Make the rows of ``fct_grid_quality``; an empty grid has none."""
    for macro in _list_grids(inputs):
        counts = inputs.engine.execute(
            f"SELECT cell, segment_key, count(*) AS customers FROM label_{macro} WHERE cell IS NOT NULL GROUP BY ALL"
        ).fetch_table()
        if not counts.num_rows:
            continue
        customers = counts["customers"].to_numpy()
        codes = (np.unique(counts[name].to_pylist(), return_inverse=True)[1] for name in ("cell", "segment_key"))
        cells, keys = (np.repeat(code.astype(np.int32), customers) for code in codes)
        metrics = [("adjusted_rand_index", "", float(adjusted_rand_score(cells, keys)))]
        for kpi in inputs.run.profile.worth:
            metrics += _measure_concentration(inputs, macro, kpi)
        for metric, kpi, value in metrics:
            yield {"macro_segment": macro, "metric": metric, "kpi": kpi, "value": value}


def _measure_concentration(inputs: PublishInputs, macro: str, kpi: str) -> list[tuple[str, str, float]]:
    """Measure the share of a KPI that the top customers hold, by the KPI itself, by cells and by segments."""
    measured = f"measure_{inputs.run.profile.kpi_macro_segments[kpi]}"
    scored = f"label_{macro} JOIN {measured} USING (customer_id) WHERE cell IS NOT NULL"
    declared = inputs.run.profile.kpis[kpi]
    lowest, sum_of_all = inputs.fetch_one(
        f"SELECT min({quote_identifier(kpi)}), {write_total_sql(kpi, declared)} FROM {scored}"
    )
    if lowest is None or lowest < 0 or not sum_of_all:
        return []  # shares of such a total are meaningless
    shares = {}
    for name, group in (("sorting", quote_identifier(kpi)), ("cells", "cell"), ("segments", "segment_key")):
        result = inputs.engine.execute(
            f"SELECT {group} AS part, coalesce({write_total_sql(kpi, declared)}, 0)::DOUBLE AS total, "
            f"count(*) AS customers FROM {scored} GROUP BY part ORDER BY part"
        ).fetch_table()
        shares[name] = compute_top_share(result["total"].to_numpy(), result["customers"].to_numpy())
    metrics = [(f"top_30_by_{name}", kpi, share) for name, share in shares.items()]
    return metrics + [(f"lift_of_{name}", kpi, shares[name] / shares["sorting"]) for name in ("cells", "segments")]


def _total_cells(inputs: PublishInputs, macro: str, kpi: str) -> dict[str, Row]:
    profile = inputs.run.profile
    total = write_total_sql(kpi, profile.kpis[kpi])
    figures = f"count(*) AS customers, count({quote_identifier(kpi)}) AS defined, {total} AS total"
    result = inputs.engine.execute(
        f"SELECT cell, {figures} FROM label_{macro} JOIN measure_{profile.kpi_macro_segments[kpi]} USING (customer_id) "
        "WHERE cell IS NOT NULL GROUP BY cell"
    )
    return {row["cell"]: row for row in result.fetch_table().to_pylist()}


def _list_grids(inputs: PublishInputs) -> dict[str, GridModel]:
    """Map each macro segment to the grid that the run was labelled with."""
    return {macro: model.grid for macro, model in inputs.models.items() if model.grid}


def _list_all_grids(inputs: PublishInputs) -> Iterator[tuple[str, str, GridModel]]:
    """Yield every grid with its macro segment and its model."""
    for macro, timeline in inputs.timelines.items():
        for entry in timeline:
            if entry.model.grid:
                yield macro, entry.model.model_id, entry.model.grid
