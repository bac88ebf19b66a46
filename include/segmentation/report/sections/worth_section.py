"""What the customers of a segment or a cell are worth: totals, their shares, and per head."""

from collections.abc import Mapping, Sequence
from typing import Any

from include.segmentation.report import formatting
from include.segmentation.report.charts import colours
from include.segmentation.report.queries.grid_queries import Worth
from include.segmentation.report.sections.table_rows import Cell

Said = Mapping[str, Mapping[str, Any]]
"""KPI -> its definition at the run: label, unit, resolution."""


def cells(found: Sequence[Worth], part: str, kpis: Sequence[str], said: Said) -> list[Cell]:
    """Per KPI the total, its share and the mean per head.

    Args:
        found: of one macro segment.
        part: the key of a segment, or the name of a cell.
        kpis: those that say what customers are worth.
        said: what the run says of them.
    """
    mine = {worth.kpi: worth for worth in found if worth.part == part}
    return [cell for kpi in kpis for cell in _of_kpi(mine.get(kpi), float(said[kpi]["resolution"]))]


def lead(found: Sequence[Worth], names: Mapping[str, str], kpis: Sequence[str], said: Said) -> str:
    """The parts with the largest share of a KPI, a sentence each.

    Args:
        found: of one macro segment.
        names: what its parts are called, by key; others are left out.
        kpis: those that say what customers are worth.
        said: what the run says of them.
    """
    customers = sum(worth.customers for worth in found if worth.kpi == kpis[0] and worth.part in names)
    held: dict[str, list[str]] = {}
    sizes = {}
    for kpi in kpis:
        mine = [one for one in found if one.kpi == kpi and one.part in names and one.share_of_total is not None]
        if mine:
            most = max(mine, key=lambda one: one.share_of_total or 0)
            sizes[most.part] = formatting.share(most.customers / customers)
            held.setdefault(most.part, []).append(
                f"{formatting.share(most.share_of_total or 0)} of {said[kpi]['label']}"
            )
    return " ".join(
        f"{names[part]}: {sizes[part]} of the customers, {' and '.join(shares)}." for part, shares in held.items()
    )


def _of_kpi(worth: Worth | None, resolution: float) -> list[Cell]:
    if worth is None or worth.total is None or worth.mean is None:
        few = formatting.SUPPRESSED if worth and worth.customers else ""
        return [Cell(formatting.DASH, few), Cell(formatting.DASH), Cell(formatting.DASH)]
    share = worth.share_of_total
    held = Cell(formatting.DASH) if share is None else Cell(formatting.share(share), style=colours.cell(share))
    return [Cell(formatting.value(worth.total, 1)), held, Cell(formatting.value(worth.mean, resolution))]
