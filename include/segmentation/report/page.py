"""Put the page together."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from include.segmentation.report import verdicts, words
from include.segmentation.report.answers import read_answers
from include.segmentation.report.cards import cards
from include.segmentation.report.customers import who_is
from include.segmentation.report.extras import data
from include.segmentation.report.figures import tables
from include.segmentation.report.headline import facts, headline
from include.segmentation.report.limits import limits
from include.segmentation.report.lists import lists
from include.segmentation.report.look_back import LookBack
from include.segmentation.report.movement import REASONS
from include.segmentation.report.people import People
from include.segmentation.report.section import Section
from include.segmentation.report.signals import landmarks
from include.segmentation.run import Run

SCRIPT = (Path(__file__).parent / "page.js").read_text(encoding="utf-8")
"""What the page can do beyond being read; a reader without it misses no figure."""


def render(run: Run) -> str:
    """The run's page: one HTML document that needs nothing else.

    Raises:
        DataError: the run has not been published.
    """
    answers = read_answers(run)
    zone = run.profile.time_zone
    worth = [name for name in run.profile.worth if name in answers.now.kpis]
    sections = [
        Section(name, declared, answers, zone, run.profile.gates.drift, worth, run.profile.demographics)
        for name, declared in run.profile.macro_segments.items()
        if name in answers.now.models
    ]
    past = LookBack(answers, zone)
    found = verdicts.gates(answers.now.gates)
    here = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(here), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"count": words.count, "share": words.share, "fidelity": words.fidelity}
    return environment.get_template("template.html.j2").render(
        style=Markup((here / "style.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        script=Markup(SCRIPT),  # noqa: S704 - our own file
        run=run,
        now=answers.now,
        before=answers.before,
        sections=sections,
        worth_kpis=worth,
        lists=lists(answers.reasons, worth, answers.now.kpis),
        figures=tables(answers.figures, run.profile.figures),
        people=People(answers, run.profile),
        signals=landmarks(answers.signals, run.profile.signals),
        day=words.day(answers.now.as_of, zone),
        day_before=words.day(answers.before.as_of, zone) if answers.before else "",
        headline=headline(sections, answers, run.profile),
        facts=facts(sections, answers, run.profile),
        complete_through=_times(answers.now.complete_through),
        gates=found,
        checks=verdicts.summary(found),
        limits=limits(answers.now.analytics),
        cards={section.name: cards(section, past) for section in sections},
        reasons=REASONS,
        data=data(sections, answers, past),
        who_is=who_is(run),
        suppressed=words.SUPPRESSED,
    )


def _times(through: dict[str, Any]) -> dict[str, str]:
    return {name: str(at)[:16].replace("T", " ") if at else "never pulled" for name, at in sorted(through.items())}
