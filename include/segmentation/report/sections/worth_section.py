"""What the customers of a segment or a cell are worth: totals, their shares, and per head."""

from collections.abc import Mapping, Sequence
from typing import Any

from include.segmentation.report import formatting
from include.segmentation.report.charts import colours
from include.segmentation.report.queries.grid_queries import PartWorth
from include.segmentation.report.sections.table_rows import TableCell

KpiTexts = Mapping[str, Mapping[str, Any]]
"""KPI -> its definition at the run: label, unit, resolution."""


def make_worth_cells(found: Sequence[PartWorth], part: str, kpis: Sequence[str], said: KpiTexts) -> list[TableCell]:
    """Per KPI the total, its share and the mean per head.

    Args:
        found: of one macro segment.
        part: the key of a segment, or the name of a cell.
        kpis: those that say what customers are worth.
        said: what the run says of them.
    """
    mine = {worth.kpi: worth for worth in found if worth.part == part}
    return [cell for kpi in kpis for cell in _of_kpi(mine.get(kpi), float(said[kpi]["resolution"]))]


def describe_worth(found: Sequence[PartWorth], names: Mapping[str, str], kpis: Sequence[str], said: KpiTexts) -> str:
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
            sizes[most.part] = formatting.format_share(most.customers / customers)
            held.setdefault(most.part, []).append(
                f"{formatting.format_share(most.share_of_total or 0)} of {said[kpi]['label']}"
            )
    return " ".join(
        f"{names[part]}: {sizes[part]} of the customers, {' and '.join(shares)}." for part, shares in held.items()
    )


def _of_kpi(worth: PartWorth | None, resolution: float) -> list[TableCell]:
    if worth is None or worth.total is None or worth.mean is None:
        few = formatting.SUPPRESSED if worth and worth.customers else ""
        return [TableCell(formatting.DASH, few), TableCell(formatting.DASH), TableCell(formatting.DASH)]
    share = worth.share_of_total
    held = (
        TableCell(formatting.DASH)
        if share is None
        else TableCell(formatting.format_share(share), style=colours.choose_cell_style(share))
    )
    return [
        TableCell(formatting.format_value(worth.total, 1)),
        held,
        TableCell(formatting.format_value(worth.mean, resolution)),
    ]
