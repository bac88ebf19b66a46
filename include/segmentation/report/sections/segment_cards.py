"""A card per segment: what a marketer wants to know of it before anything else."""

from dataclasses import dataclass

from include.segmentation.report import formatting
from include.segmentation.report.queries.run_queries import PublishedSegment, SegmentSize
from include.segmentation.report.sections.macro_segment_section import MacroSegmentSection
from include.segmentation.report.sections.past_run_figures import PastFigures, PastRunTexts
from include.segmentation.report.sections.table_rows import ReportedKpi

_TRAITS = 3
_VALUES = 3


@dataclass(frozen=True)
class SegmentCard:
    """One segment.

    Attributes:
        share: 0 to 1.
        traits: where the middle half lies on the KPIs that set it apart most, with the band: label and range.
        worth: what its customers are worth, by each KPI that says so: its label, and total, share and per head.
        steps: how far its customers came: label and share of each step of the funnel.
        who: label and largest values of each attribute.
    """

    segment: PublishedSegment
    colour: str
    share: float
    figures: PastFigures
    traits: list[tuple[str, str]]
    worth: list[tuple[str, str]]
    steps: list[tuple[str, str]]
    who: list[tuple[str, str]]


def make_cards(section: MacroSegmentSection, past: PastRunTexts) -> list[SegmentCard]:
    """One card per segment of the run, in the order of the page."""
    return [
        SegmentCard(
            segment=section.find_segment(size.segment_key),
            colour=section.colours[size.segment_key],
            share=size.share,
            figures=past.list_figures(size.segment_key, size.as_of),
            traits=_traits(section, size),
            worth=_worth(section, size),
            steps=_steps(section, size),
            who=_who(section, size),
        )
        for size in section.sizes
    ]


def _traits(section: MacroSegmentSection, size: SegmentSize) -> list[tuple[str, str]]:
    known = [kpi for kpi in section.shown_kpis if section.find_median(size, kpi) is not None]
    apart = sorted(known, key=lambda kpi: -_apart(section, size, kpi))[:_TRAITS]
    return [(kpi.label, _range(section, size, kpi)) for kpi in apart]


def _apart(section: MacroSegmentSection, size: SegmentSize, kpi: ReportedKpi) -> float:
    """How far a segment's median is from the mean of all medians, as a share of the distance of the extremes."""
    medians = {other.segment_key: section.find_median(other, kpi) for other in section.sizes}
    known = {key: kpi.scale_value(median) for key, median in medians.items() if median is not None}
    width = max(known.values()) - min(known.values())
    return abs(known[size.segment_key] - sum(known.values()) / len(known)) / width if width else 0.0


def _range(section: MacroSegmentSection, size: SegmentSize, kpi: ReportedKpi) -> str:
    spread = section.answers.spreads[size.segment_key, kpi.name]
    band = f" ({spread.band})" if spread.band else ""
    return f"{formatting.format_range(spread.p25, spread.p75, kpi.resolution)} {kpi.unit}{band}"


def _worth(section: MacroSegmentSection, size: SegmentSize) -> list[tuple[str, str]]:
    texts = [cell.text for cell in section.make_worth_cells(size.segment_key)]
    told = []
    for place, name in enumerate(section.worth_kpis):
        total, share, each = texts[3 * place : 3 * place + 3]
        kpi = section.answers.now.kpis[name]
        if total != formatting.DASH:
            told.append((kpi["label"], f"{total} {kpi['unit']}, {share} of all, {each} per head"))
    return told


def _steps(section: MacroSegmentSection, size: SegmentSize) -> list[tuple[str, str]]:
    found = [step for step in section.answers.funnel if step.segment_key == size.segment_key]
    return [(step.label, formatting.format_share(step.share)) for step in found if step.share is not None]


def _who(section: MacroSegmentSection, size: SegmentSize) -> list[tuple[str, str]]:
    if size.suppressed:
        return []
    told = []
    for table in section.attributes:
        named = list(zip(table.values, table.cells[size.segment_key], strict=True))[: len(table.values) - 2]
        known = [f"{value} {cell.text}" for value, cell in named if cell.text != formatting.DASH]
        told.append((table.label, ", ".join(known[:_VALUES])))
    return [(label, values) for label, values in told if values]
