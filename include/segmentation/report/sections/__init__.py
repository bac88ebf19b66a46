"""The sections of the page.

A section is one module, with its template beside it where it needs one, and one line in a list below. The order of a
list is the order on the page. A section that has nothing to show returns nothing and leaves no trace.
"""

from functools import partial

from include.segmentation.report.sections.analytics_section import make_analytics_sheet
from include.segmentation.report.sections.cohort_section import make_cohorts_part
from include.segmentation.report.sections.customers_section import make_customers_sheet
from include.segmentation.report.sections.definitions_section import make_definitions_part
from include.segmentation.report.sections.demographics_section import (
    make_demographics_part,
    make_segment_demographics_part,
)
from include.segmentation.report.sections.drift_section import make_drift_part
from include.segmentation.report.sections.everyone_section import make_everyone_sheet
from include.segmentation.report.sections.evidence_section import make_evidence_part
from include.segmentation.report.sections.figure_section import make_figures_sheet
from include.segmentation.report.sections.funnel_section import make_funnel_part, make_segment_funnel_part
from include.segmentation.report.sections.goals_section import make_goals_part
from include.segmentation.report.sections.grid_section import make_grid_part
from include.segmentation.report.sections.heatmap_section import make_heatmap_part
from include.segmentation.report.sections.list_section import make_lists_sheet
from include.segmentation.report.sections.macro_segments_section import make_macro_segment_sheets
from include.segmentation.report.sections.movement_section import make_movement_part
from include.segmentation.report.sections.personas_section import make_personas_part
from include.segmentation.report.sections.run_section import make_run_sheet
from include.segmentation.report.sections.section import MacroSegmentPart, ReportPart, Section
from include.segmentation.report.sections.segments_section import make_segments_part
from include.segmentation.report.sections.signal_section import make_signals_sheet
from include.segmentation.report.sections.tree_section import make_tree_part
from include.segmentation.report.sections.trend_section import make_trend_part
from include.segmentation.report.sections.worth_section import make_worth_part

EVERYONE_PARTS: list[ReportPart] = [
    make_personas_part,
    make_funnel_part,
    make_demographics_part,
    make_goals_part,
]
MACRO_SEGMENT_PARTS: list[MacroSegmentPart] = [
    make_segments_part,
    make_worth_part,
    make_grid_part,
    make_trend_part,
    make_heatmap_part,
    make_movement_part,
    make_cohorts_part,
    make_segment_funnel_part,
    make_segment_demographics_part,
    make_evidence_part,
    make_tree_part,
    make_drift_part,
    make_definitions_part,
]
SECTIONS: list[Section] = [
    partial(make_everyone_sheet, makers=EVERYONE_PARTS),
    partial(make_macro_segment_sheets, makers=MACRO_SEGMENT_PARTS),
    make_lists_sheet,
    make_figures_sheet,
    make_signals_sheet,
    make_customers_sheet,
    make_analytics_sheet,
    make_run_sheet,
]
