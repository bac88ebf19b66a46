"""The personas: named combinations of macro segments."""

from collections.abc import Sequence

from include.segmentation.profile.personas import NO_PERSONA
from include.segmentation.report import formatting
from include.segmentation.report.charts.dendrogram import DendrogramBranch, draw_dendrogram
from include.segmentation.report.queries.people_queries import PersonaSize
from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template


def make_personas_part(report: ReportContext) -> Part | None:
    """Show the personas as a tree and a table; "no persona" only where it has customers."""
    sizes = [size for size in report.answers.personas if size.customers or size.persona != NO_PERSONA]
    if not sizes:
        return None
    depths: dict[str | None, int] = {None: -1}
    for size in sizes:
        depths[size.persona] = depths[size.part_of] + 1
    rows = [(depths[size.persona], size) for size in sizes]
    return Part("people-personas", "Personas", render_template(__file__, chart=_draw_tree(sizes), rows=rows))


def _draw_tree(sizes: Sequence[PersonaSize]) -> str:
    def list_branches(part_of: str | None) -> list[DendrogramBranch]:
        return [
            DendrogramBranch(size.label, size.share, list_branches(size.persona))
            for size in sizes
            if size.part_of == part_of
        ]

    shares = ", ".join(f"{formatting.format_share(size.share)} {size.label}" for size in sizes)
    title = f"From all customers to the personas, with their shares: {shares}"
    return draw_dendrogram(DendrogramBranch("All customers", 1.0, list_branches(None)), title)
