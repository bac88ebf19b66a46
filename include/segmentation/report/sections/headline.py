"""What a reader should know first: what happened since the run before, in one sentence, and a few facts."""

from collections import Counter
from collections.abc import Sequence

from include.segmentation.profile.profile import Profile
from include.segmentation.profile.strata import Stratum
from include.segmentation.report import formatting
from include.segmentation.report.queries.answers import Answers
from include.segmentation.report.sections.macro_segment_section import MacroSegmentSection

_CLAUSES = 3


def write_headline(sections: Sequence[MacroSegmentSection], answers: Answers, profile: Profile) -> str:
    """Who came into which stratum since the run before, the largest group first, and whether a model is new.

    Strata are the profile's own kinds of customers, so coming into one is an event in words that people know. Where
    the profile says for some of them how to tell it (``became``), those alone are told.
    """
    if answers.before is None:
        segments = sum(len(section.sizes) for section in sections)
        customers = f"{formatting.format_count(answers.now.customers)} {profile.customers}"
        return f"{customers} in {segments} segments, for the first time."
    events = _events(sections)
    if events:
        (most, what), *others = events
        told = [
            f"{formatting.format_count(most)} {profile.customers} {what}",
            *(f"{formatting.format_count(n)} {what}" for n, what in others),
        ]
        said = ", ".join(told)
    else:
        moved = max(sum(move.customers for move in section.movers) for section in sections)
        said = f"{formatting.format_count(moved) if moved else 'No'} {profile.customers} changed their segment"
    refitted = [section.label for section in sections if section.refitted]
    return f"{said}; {'new model of ' + ' and '.join(refitted) if refitted else 'models unchanged'}."


def list_facts(sections: Sequence[MacroSegmentSection], answers: Answers, profile: Profile) -> list[str]:
    """How many customers, the largest segment, and the largest move."""
    largest = max(sections, key=lambda section: section.largest.share)
    size = largest.largest
    name = largest.find_segment(size.segment_key).name
    said = [
        f"{formatting.format_count(answers.now.customers)} {profile.customers} in all.",
        f"The largest segment is “{name}” ({largest.label}) with {formatting.format_share(size.share)} of them.",
    ]
    if answers.before is None:
        return [*said, "This is the first run of its cadence, so nothing can have moved yet."]
    since = formatting.format_day(answers.before.as_of, profile.time_zone)
    moved = [(section, move) for section in sections for move in section.movers[:1]]
    if not moved:
        return [*said, f"Nobody changed their segment since {since}."]
    section, move = max(moved, key=lambda pair: pair[1].customers)
    ends = [section.find_segment(key).name for key in (move.from_key, move.to_key)]
    largest_move = f"{formatting.format_count(move.customers)} went from “{ends[0]}” to “{ends[1]}” ({section.label})"
    return [*said, f"The largest move since {since}: {largest_move}."]


def _events(sections: Sequence[MacroSegmentSection]) -> list[tuple[int, str]]:
    """How many customers came into a stratum, and how that is said, the largest first."""
    named = any(stratum.became for section in sections for stratum in section.declared.strata)
    found = []
    for section in sections:
        entered = _entered(section)
        of_section = [
            (entered[stratum.name], _words(stratum, section))
            for stratum in section.declared.strata
            if entered[stratum.name] and (stratum.became or not named)
        ]
        found += of_section if named else sorted(of_section, reverse=True)[:1]
    return sorted(found, key=lambda event: (-event[0], event[1]))[:_CLAUSES]


def _entered(section: MacroSegmentSection) -> Counter[str]:
    """Customers who came into each stratum from another one, because of what they did or because time went by."""
    entered: Counter[str] = Counter()
    for move in section.movers:
        source, target = (section.find_segment(key).stratum for key in (move.from_key, move.to_key))
        if source != target:
            entered[target] += move.customers - move.refit - move.late_data
    return entered


def _words(stratum: Stratum, section: MacroSegmentSection) -> str:
    return stratum.became or f"moved to “{stratum.label}” ({section.label})"
