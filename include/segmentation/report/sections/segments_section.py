"""The segments: a card each, and every KPI of every segment and micro segment."""

from dataclasses import dataclass

from include.segmentation.report import formatting
from include.segmentation.report.queries.run_queries import PublishedSegment, SegmentSize
from include.segmentation.report.sections import demographics_section, worth_section
from include.segmentation.report.sections.earlier_runs import EarlierRuns, SegmentFigures
from include.segmentation.report.sections.macro_segment_view import MacroSegmentView
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template
from include.segmentation.report.sections.table_rows import ReportedKpi, TableCell

_TRAITS = 3
_VALUES = 3


@dataclass(frozen=True)
class SegmentCard:
    """One segment at a glance.

    Attributes:
        share: 0 to 1.
        traits: label and range of the KPIs that distinguish it most, and of those that measure its value.
        steps: label and share of each step of the funnel.
        attributes: label and largest values of each demographic.
    """

    segment: PublishedSegment
    colour: str
    share: float
    figures: SegmentFigures
    traits: list[tuple[str, str]]
    steps: list[tuple[str, str]]
    attributes: list[tuple[str, str]]


def make_segments_part(view: MacroSegmentView) -> Part:
    """Show the segments of the run."""
    kpis = view.shown_kpis
    body = render_template(
        __file__,
        view=view,
        cards=_make_cards(view),
        rows=[
            view.make_row(size, [_make_change_cell(view, size), *(view.make_spread_cell(size, kpi) for kpi in kpis)])
            for size in view.sizes
        ],
        micro_rows=[
            view.make_row(size, [view.make_spread_cell(size, kpi) for kpi in kpis]) for size in view.micro_sizes
        ],
    )
    return Part(f"{view.name}-segments", "Segments", body)


def _make_cards(view: MacroSegmentView) -> list[SegmentCard]:
    past = EarlierRuns(view.answers, view.report.profile.time_zone)
    demographics = demographics_section.make_demographic_columns(view)
    return [
        SegmentCard(
            segment=view.find_segment(size.segment_key),
            colour=view.colours[size.segment_key],
            share=size.share,
            figures=past.make_figures(size.segment_key, size.as_of),
            traits=[*_list_traits(view, size), *_list_worth(view, size)],
            steps=_list_steps(view, size),
            attributes=[] if size.suppressed else _list_attributes(demographics, size),
        )
        for size in view.sizes
    ]


def _make_change_cell(view: MacroSegmentView, size: SegmentSize) -> TableCell:
    before = view.answers.before
    if before is None:
        return TableCell(formatting.DASH, "first run")
    earlier = [s for s in view.answers.sizes if s.as_of == before.as_of and s.segment_key == size.segment_key]
    if not earlier:
        return TableCell(formatting.DASH, "new segment")
    flows = f"{formatting.format_change(size.entered or 0)} in\n{formatting.format_change(-(size.left or 0))} out"
    return TableCell(formatting.format_change(size.customers - earlier[0].customers), flows)


def _list_traits(view: MacroSegmentView, size: SegmentSize) -> list[tuple[str, str]]:
    measured = [kpi for kpi in view.shown_kpis if view.find_median(size, kpi) is not None]
    most_distinct = sorted(measured, key=lambda kpi: -_measure_distinctness(view, size, kpi))[:_TRAITS]
    return [(kpi.label, _describe_range(view, size, kpi)) for kpi in most_distinct]


def _measure_distinctness(view: MacroSegmentView, size: SegmentSize, kpi: ReportedKpi) -> float:
    """Measure how far a segment's median is from the mean of all medians, as a share of their range."""
    medians = {other.segment_key: view.find_median(other, kpi) for other in view.sizes}
    scaled = {key: kpi.scale_value(median) for key, median in medians.items() if median is not None}
    width = max(scaled.values()) - min(scaled.values())
    return abs(scaled[size.segment_key] - sum(scaled.values()) / len(scaled)) / width if width else 0.0


def _describe_range(view: MacroSegmentView, size: SegmentSize, kpi: ReportedKpi) -> str:
    spread = view.answers.spreads[size.segment_key, kpi.name]
    band = f" ({spread.band})" if spread.band else ""
    return f"{formatting.format_range(spread.p25, spread.p75, kpi.resolution)} {kpi.unit}{band}"


def _list_worth(view: MacroSegmentView, size: SegmentSize) -> list[tuple[str, str]]:
    texts = [cell.text for cell in worth_section.make_segment_cells(view, size.segment_key)]
    lines = []
    for place, name in enumerate(view.report.worth_kpis):
        total, share, mean = texts[3 * place : 3 * place + 3]
        kpi = view.answers.now.kpis[name]
        if total != formatting.DASH:
            lines.append((kpi["label"], f"{total} {kpi['unit']}, {share} of the total, {mean} per customer"))
    return lines


def _list_steps(view: MacroSegmentView, size: SegmentSize) -> list[tuple[str, str]]:
    steps = [step for step in view.answers.funnel if step.segment_key == size.segment_key]
    return [(step.label, formatting.format_share(step.share)) for step in steps if step.share is not None]


def _list_attributes(
    demographics: list[demographics_section.DemographicColumns], size: SegmentSize
) -> list[tuple[str, str]]:
    lines = []
    for table in demographics:
        shares = list(zip(table.values, table.cells[size.segment_key], strict=True))[: table.named]
        texts = [f"{value} {cell.text}" for value, cell in shares if cell.text != formatting.DASH]
        lines.append((table.label, ", ".join(texts[:_VALUES])))
    return [(label, values) for label, values in lines if values]
