"""Put the page together."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from include.segmentation.report import verdicts, words
from include.segmentation.report.answers import Answers, read_answers
from include.segmentation.report.limits import limits
from include.segmentation.report.movement import REASONS
from include.segmentation.report.people import People
from include.segmentation.report.section import Section
from include.segmentation.report.signals import landmarks
from include.segmentation.run import Run


def render(run: Run) -> str:
    """The run's page: one HTML document that needs nothing else.

    Raises:
        DataError: the run has not been published.
    """
    answers = read_answers(run)
    zone = run.profile.time_zone
    sections = [
        Section(name, declared, answers, zone, run.profile.gates.drift, run.profile.demographics)
        for name, declared in run.profile.macro_segments.items()
        if name in answers.now.models
    ]
    found = verdicts.gates(answers.now.gates)
    here = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(here), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"count": words.count, "share": words.share, "fidelity": words.fidelity}
    return environment.get_template("template.html.j2").render(
        style=Markup((here / "style.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        run=run,
        now=answers.now,
        before=answers.before,
        sections=sections,
        people=People(answers, run.profile),
        signals=landmarks(answers.signals, run.profile.signals),
        day=words.day(answers.now.as_of, zone),
        day_before=words.day(answers.before.as_of, zone) if answers.before else "",
        headline=headline(sections, answers, zone),
        complete_through=_times(answers.now.complete_through),
        gates=found,
        checks=verdicts.summary(found),
        limits=limits(answers.now.analytics),
        reasons=REASONS,
        suppressed=words.SUPPRESSED,
    )


def headline(sections: list[Section], answers: Answers, zone: str) -> list[str]:
    """What a reader should know first, in a few sentences: how many, the largest segment, what moved, the models."""
    largest = max(sections, key=lambda section: section.largest.share)
    size = largest.largest
    name = largest.segment(size.segment_key).name
    said = [
        f"{words.count(answers.now.customers)} customers.",
        f"The largest segment is “{name}” ({largest.label}) with {words.share(size.share)} of them.",
    ]
    if answers.before is None:
        return [*said, "This is the first run of its cadence, so nothing can have moved yet."]
    since = words.day(answers.before.as_of, zone)
    moved = [(section, move) for section in sections for move in section.movers[:1]]
    if moved:
        section, move = max(moved, key=lambda pair: pair[1].customers)
        ends = [section.segment(key).name for key in (move.from_key, move.to_key)]
        said.append(
            f"The largest move since {since}: {words.count(move.customers)} went from “{ends[0]}” to “{ends[1]}” "
            f"({section.label})."
        )
    else:
        said.append(f"Nobody changed their segment since {since}.")
    refitted = [section.label for section in sections if section.refitted]
    return [*said, f"New model: {', '.join(refitted)}." if refitted else "The models are unchanged."]


def _times(through: dict[str, Any]) -> dict[str, str]:
    return {name: str(at)[:16].replace("T", " ") if at else "never pulled" for name, at in sorted(through.items())}
