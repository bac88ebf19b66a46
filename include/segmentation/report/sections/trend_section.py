"""The segments' shares over the runs."""

from include.segmentation.report import formatting
from include.segmentation.report.charts import colours, line_charts
from include.segmentation.report.sections.macro_segment_view import MacroSegmentView
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template


def make_trend_part(view: MacroSegmentView) -> Part:
    """Show the share of each segment at every run so far."""
    ever = {size.segment_key for size in view.answers.sizes if size.macro_segment == view.name and size.customers}
    gone = len(ever - {size.segment_key for size in view.sizes})
    chart = _draw_chart(view) if view.answers.before else ""
    body = render_template(__file__, chart=chart, gone=gone, cadence=view.report.run.cadence, day=view.report.day)
    return Part(f"{view.name}-trend", "Sizes over time", body)


def _draw_chart(view: MacroSegmentView) -> str:
    shares = ", ".join(
        f"{view.find_segment(size.segment_key).name} {formatting.format_share(size.share)}" for size in view.sizes
    )
    lines = [
        line_charts.TrendLine(
            label=view.write_chart_label(size),
            colour=view.colours[size.segment_key],
            is_dashed=i >= len(colours.LINE_COLOURS),
            points=[(at.as_of, at.share) for at in view.answers.sizes if at.segment_key == size.segment_key],
        )
        for i, size in enumerate(view.sizes)
    ]
    title = f"{view.label}: share of customers per segment over the runs. Now: {shares}"
    return line_charts.draw_trend(lines, view.report.profile.time_zone, title)
