"""The head of the page: what happened since the previous run, in one sentence, and a few facts."""

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from include.segmentation.profile.strata import Stratum
from include.segmentation.report import formatting
from include.segmentation.report.sections.macro_segment_view import MacroSegmentView, list_macro_segments
from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.run_section import summarise_gates
from include.segmentation.report.sections.section_template import render_template

_CLAUSES = 3


def render_overview(report: ReportContext, days: Sequence[str]) -> Markup:
    """Render the head of the page.

    Args:
        report: the run.
        days: of this run and earlier ones, for the period filter.
    """
    views = list_macro_segments(report)
    return render_template(
        __file__,
        report=report,
        now=report.answers.now,
        views=views,
        days=days,
        headline=_write_headline(views, report),
        facts=_list_facts(views, report),
        checks=summarise_gates(report.answers.now.gates),
    )


def _write_headline(views: Sequence[MacroSegmentView], report: ReportContext) -> str:
    """Describe who entered which stratum since the previous run, the largest group first, and new models.

    Strata are the profile's own kinds of customers, so entering one is an event that readers understand. Where the
    profile words some of these events (``became``), only those are reported.
    """
    noun = report.profile.customers
    if report.answers.before is None:
        segments = sum(len(view.sizes) for view in views)
        return f"First run: {formatting.format_count(report.answers.now.customers)} {noun} in {segments} segments."
    events = _list_events(views)
    if events:
        (largest, phrase), *others = events
        clauses = [f"{formatting.format_count(largest)} {noun} {phrase}"]
        clauses += [f"{formatting.format_count(customers)} {phrase}" for customers, phrase in others]
        text = ", ".join(clauses)
    else:
        moved = max(sum(move.customers for move in view.movers) for view in views)
        text = f"{formatting.format_count(moved) if moved else 'No'} {noun} moved to another segment"
    refitted = [view.label for view in views if view.is_refitted]
    return f"{text}; {'new model of ' + ' and '.join(refitted) if refitted else 'models unchanged'}."


def _list_facts(views: Sequence[MacroSegmentView], report: ReportContext) -> list[str]:
    """List the number of customers, the largest segment and the largest move."""
    top = max(views, key=lambda view: view.largest.share)
    name = top.find_segment(top.largest.segment_key).name
    facts = [
        f"{formatting.format_count(report.answers.now.customers)} {report.profile.customers} in total.",
        f"The largest segment is “{name}” ({top.label}) with {formatting.format_share(top.largest.share)} of them.",
    ]
    if report.answers.before is None:
        return [*facts, "This is the first run of its cadence, so nobody can have moved yet."]
    moves = [(view, move) for view in views for move in view.movers[:1]]
    if not moves:
        return [*facts, f"Nobody has moved to another segment since {report.day_before}."]
    view, move = max(moves, key=lambda pair: pair[1].customers)
    source, target = (view.find_segment(key).name for key in (move.from_key, move.to_key))
    customers = formatting.format_count(move.customers)
    return [
        *facts,
        f"The largest move since {report.day_before}: {customers} went from “{source}” to “{target}” ({view.label}).",
    ]


def _list_events(views: Sequence[MacroSegmentView]) -> list[tuple[int, str]]:
    """List how many customers entered a stratum and how to say it, the largest group first."""
    is_worded = any(stratum.became for view in views for stratum in view.declared.strata)
    events = []
    for view in views:
        entered = _count_entered(view)
        of_view = [
            (entered[stratum.name], _describe_event(stratum, view))
            for stratum in view.declared.strata
            if entered[stratum.name] and (stratum.became or not is_worded)
        ]
        events += of_view if is_worded else sorted(of_view, reverse=True)[:1]
    return sorted(events, key=lambda event: (-event[0], event[1]))[:_CLAUSES]


def _count_entered(view: MacroSegmentView) -> Counter[str]:
    """Count who entered each stratum from another one, by activity or because time passed."""
    entered: Counter[str] = Counter()
    for move in view.movers:
        source, target = (view.find_segment(key).stratum for key in (move.from_key, move.to_key))
        if source != target:
            entered[target] += move.customers - move.refit - move.late_data
    return entered


def _describe_event(stratum: Stratum, view: MacroSegmentView) -> str:
    return stratum.became or f"moved to “{stratum.label}” ({view.label})"
