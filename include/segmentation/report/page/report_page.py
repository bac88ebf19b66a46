"""Put the page together."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from include.segmentation.report import formatting
from include.segmentation.report.page.page_data import build_page_data
from include.segmentation.report.queries.answers import read_answers
from include.segmentation.report.queries.customer_queries import write_identity_query
from include.segmentation.report.sections import verdict_section
from include.segmentation.report.sections.figure_section import make_figure_tables
from include.segmentation.report.sections.ga4_limits_section import make_limit_rows
from include.segmentation.report.sections.headline import list_facts, write_headline
from include.segmentation.report.sections.list_section import make_lists
from include.segmentation.report.sections.macro_segment_section import MacroSegmentSection
from include.segmentation.report.sections.movement_section import REASONS
from include.segmentation.report.sections.past_run_figures import PastRunTexts
from include.segmentation.report.sections.people_section import PeopleView
from include.segmentation.report.sections.segment_cards import make_cards
from include.segmentation.report.sections.signal_section import make_landmarks
from include.segmentation.run import Run

SCRIPT = (Path(__file__).parent / "page.js").read_text(encoding="utf-8")
"""What the page can do beyond being read; a reader without it misses no figure."""


def render_report(run: Run) -> str:
    """The run's page: one HTML document that needs nothing else.

    Raises:
        DataError: the run has not been published.
    """
    answers = read_answers(run)
    zone = run.profile.time_zone
    worth = [name for name in run.profile.worth if name in answers.now.kpis]
    sections = [
        MacroSegmentSection(name, declared, answers, zone, run.profile.gates.drift, worth, run.profile.demographics)
        for name, declared in run.profile.macro_segments.items()
        if name in answers.now.models
    ]
    past = PastRunTexts(answers, zone)
    found = verdict_section.make_gate_rows(answers.now.gates)
    here = Path(__file__).parent
    sections_folder = here.parent / "sections"
    environment = Environment(
        loader=FileSystemLoader([here, sections_folder]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": formatting.format_count,
        "share": formatting.format_share,
        "fidelity": formatting.format_fidelity,
    }
    return environment.get_template("template.html.j2").render(
        style=Markup((here / "style.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        script=Markup(SCRIPT),  # noqa: S704 - our own file
        run=run,
        now=answers.now,
        before=answers.before,
        sections=sections,
        worth_kpis=worth,
        lists=make_lists(answers.reasons, worth, answers.now.kpis),
        figures=make_figure_tables(answers.figures, run.profile.figures),
        people=PeopleView(answers, run.profile),
        signals=make_landmarks(answers.signals, run.profile.signals),
        day=formatting.format_day(answers.now.as_of, zone),
        day_before=formatting.format_day(answers.before.as_of, zone) if answers.before else "",
        headline=write_headline(sections, answers, run.profile),
        facts=list_facts(sections, answers, run.profile),
        complete_through=_times(answers.now.complete_through),
        gates=found,
        checks=verdict_section.summarise_gates(found),
        limits=make_limit_rows(answers.now.analytics),
        cards={section.name: make_cards(section, past) for section in sections},
        reasons=REASONS,
        data=build_page_data(sections, answers, past),
        who_is=write_identity_query(run),
        suppressed=formatting.SUPPRESSED,
    )


def _times(through: dict[str, Any]) -> dict[str, str]:
    return {name: str(at)[:16].replace("T", " ") if at else "never pulled" for name, at in sorted(through.items())}
