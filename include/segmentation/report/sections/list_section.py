"""Lists as the page shows them: how many are on each, and the reasons."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.segmentation.report import formatting
from include.segmentation.report.charts import colours
from include.segmentation.report.queries.grid_queries import PublishedReason
from include.segmentation.report.sections.table_rows import TableCell
from include.segmentation.report.sections.worth_section import KpiTexts


@dataclass(frozen=True)
class ListView:
    """One list.

    Attributes:
        lead: how many are on it, and what they are worth.
        rows: per reason, in order: the reason, and the share of each KPI that says what customers are worth.
    """

    name: str
    label: str
    description: str
    owner: str
    lead: str
    rows: list[tuple[PublishedReason, list[TableCell]]]


def make_lists(found: Sequence[PublishedReason], kpis: Sequence[str], said: KpiTexts) -> list[ListView]:
    """Every list of a run.

    Args:
        found: the reasons of all lists.
        kpis: those that say what customers are worth.
        said: what the run says of every KPI.
    """
    names = dict.fromkeys(reason.list for reason in found)
    return [_list([reason for reason in found if reason.list == name], kpis, said) for name in names]


def _list(reasons: Sequence[PublishedReason], kpis: Sequence[str], said: KpiTexts) -> ListView:
    first = reasons[0]
    return ListView(
        name=first.list,
        label=first.list_label,
        description=first.description,
        owner=first.owner,
        lead=_lead([reason for reason in reasons if reason.is_eligible], kpis, said),
        rows=[(reason, [_share(reason, kpi) for kpi in kpis]) for reason in reasons],
    )


def _lead(eligible: Sequence[PublishedReason], kpis: Sequence[str], said: KpiTexts) -> str:
    customers, share = sum(one.customers for one in eligible), sum(one.share for one in eligible)
    sentence = f"{formatting.format_count(customers)} customers are eligible, {formatting.format_share(share)} of all"
    shares = {kpi: [part for one in eligible if (part := _part(one, kpi)) is not None] for kpi in kpis}
    held = [f"{formatting.format_share(sum(parts))} of {said[kpi]['label']}" for kpi, parts in shares.items() if parts]
    is_hidden = any(one.customers and not one.worth for one in eligible)
    hidden = f" without reasons of {formatting.SUPPRESSED}" if is_hidden else ""
    return f"{sentence}, with {' and '.join(held)}{hidden}." if held else f"{sentence}."


def _share(reason: PublishedReason, kpi: str) -> TableCell:
    share = _part(reason, kpi)
    if share is None:
        return TableCell(formatting.DASH, formatting.SUPPRESSED if reason.customers and not reason.worth else "")
    return TableCell(formatting.format_share(share), style=colours.choose_cell_style(share))


def _part(reason: PublishedReason, kpi: str) -> float | None:
    """The share of a KPI that the customers of a reason hold; None where undefined or suppressed."""
    return reason.worth.get(kpi, {}).get("share_of_total")
