"""The segments as a tree: all customers, strata, segments, micro segments."""

from include.segmentation.report.charts.dendrogram import DendrogramBranch, DendrogramJoin, draw_dendrogram
from include.segmentation.report.queries.model_queries import PublishedCut
from include.segmentation.report.sections.macro_segment_view import MacroSegmentView
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template


def make_tree_part(view: MacroSegmentView) -> Part:
    """Show which segments and micro segments are alike."""
    cuts = [cut for cut in view.answers.cuts if cut.macro_segment == view.name]
    micro_cuts = {cut.parent_key: cut for cut in cuts if cut.parent_key}
    shares = {size.segment_key: size.share for size in [*view.sizes, *view.micro_sizes]}

    def make_stratum(cut: PublishedCut) -> DendrogramBranch:
        branches = [make_segment(key, f"{cut.label}, ", micro_cuts.get(key)) for key in cut.keys]
        if len(branches) == 1:
            return branches[0]
        return DendrogramBranch(cut.label, sum(branch.share for branch in branches), branches, _list_joins(cut))

    def make_segment(key: str, prefix: str, micro: PublishedCut | None = None) -> DendrogramBranch:
        """Make a branch, without the start of its name that repeats its parent's name."""
        branches = [make_segment(part, f"{micro.label}: ") for part in micro.keys] if micro else []
        label = view.find_segment(key).name.removeprefix(prefix)
        return DendrogramBranch(label, shares.get(key, 0.0), branches, _list_joins(micro) if micro else [])

    strata = [make_stratum(cut) for cut in cuts if not cut.parent_key]
    title = f"{view.label}: from all customers to the strata, their segments and micro segments, with their shares"
    chart = draw_dendrogram(DendrogramBranch("All customers", 1.0, strata), title)
    return Part(f"{view.name}-tree", "Which segments are alike", render_template(__file__, chart=chart))


def _list_joins(cut: PublishedCut) -> list[DendrogramJoin]:
    return [DendrogramJoin(**join) for join in cut.joins]
