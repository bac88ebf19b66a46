"""What the KPIs are for: from goals to indicators to KPIs."""

from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template


def make_goals_part(report: ReportContext) -> Part | None:
    """Show every KPI that has a goal, grouped by goal and indicator in the profile's order."""
    kpis = {name: kpi for name, kpi in report.answers.now.kpis.items() if kpi.get("goal")}
    if not kpis:
        return None
    in_profile = [name for name in report.profile.kpis if name in kpis]
    rows = [kpis[name] for name in [*in_profile, *sorted(kpis.keys() - set(in_profile))]]
    goals = [row["goal"] for row in rows]
    chains = [(row["goal"], row["indicator"]) for row in rows]
    rows.sort(key=lambda row: (goals.index(row["goal"]), chains.index((row["goal"], row["indicator"]))))
    return Part("people-goals", "What the KPIs are for", render_template(__file__, kpis=rows))
