"""Signals: what predicts each label, one part per landmark."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from include.segmentation.profile.signals import ALL_KPIS, Signals
from include.segmentation.report import formatting
from include.segmentation.report.queries.signal_queries import PublishedSignal
from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.section import Part, Sheet
from include.segmentation.report.sections.section_template import render_template

_STRONGEST = 3
_WITHOUT_RULE = {
    "nobody": "No customers have been observed for long enough yet.",
    "one_cohort": "All customers registered on the same day, so there are no later ones to test a rule on.",
    "already": "All earlier customers, or all later ones, already had the label by that day.",
    "never": "None of the earlier customers, or none of the later ones, got the label.",
    "always": "All of the earlier customers, or all of the later ones, got the label.",
    "no_rule": "No rule that matches enough customers predicts the label.",
    "too_few": "The rule cannot be measured: too few later customers match it, or too few do not.",
}


@dataclass(frozen=True)
class RuleFigures:
    """How a rule performs on later customers, as texts."""

    precision: str
    recall: str
    lift: str
    interval: str


@dataclass(frozen=True)
class LabelForecast:
    """What predicts one label: the rule over all KPIs, and the strongest KPIs alone.

    Attributes:
        base_rate: the share of customers who got the label; a dash where nobody was observed.
        labelled, customers: the counts behind it.
        rule: in words, or why there is none.
        figures: how the rule performs; None where it was not measured.
        is_doubtful: whether chance explains the rule.
        strongest: rules over one KPI that beat chance, and how each performs.
    """

    label: str
    definition: str
    base_rate: str
    labelled: int
    customers: int
    rule: str
    figures: RuleFigures | None
    is_doubtful: bool
    strongest: list[tuple[str, RuleFigures]]


def make_signals_sheet(report: ReportContext) -> list[Sheet]:
    """Show what predicts each label; nothing where the profile or the run has no signals."""
    declared = report.profile.signals
    if declared is None or not report.answers.signals:
        return []
    lead = (
        "The KPIs that are known some days after registration and predict who gets a label in the "
        f"following {declared.horizon} days. Customers who already have the label are left out. Rules are learned from "
        "customers who registered earlier and measured on customers who registered later. A signal is not necessarily "
        "a cause."
    )
    landmarks = groupby(report.answers.signals, key=lambda signal: signal.landmark)
    parts = [_make_landmark(days, list(signals), declared) for days, signals in landmarks]
    return [Sheet("signals", "Signals: what predicts a label", lead, parts=parts)]


def _make_landmark(days: int, signals: Sequence[PublishedSignal], declared: Signals) -> Part:
    holdout = next((signal.holdout_from for signal in signals if signal.holdout_from), None)
    forecasts = []
    for name, label in declared.labels.items():
        rows = [signal for signal in signals if signal.label == name]
        forecasts += [_make_forecast(label.label, label.definition, row, rows) for row in rows if row.kpi == ALL_KPIS]
    span = f"{days} {'day' if days == 1 else 'days'}"
    body = render_template(
        __file__,
        span=span,
        horizon=declared.horizon,
        holdout_from=formatting.format_date(holdout) if holdout else "",
        forecasts=forecasts,
    )
    return Part(f"signals-{days}", f"{span} after registration", body)


def _make_forecast(
    label: str, definition: str, overall: PublishedSignal, signals: Sequence[PublishedSignal]
) -> LabelForecast:
    figures = _format_figures(overall)
    alone = [signal for signal in signals if signal.is_better_than_chance and signal is not overall]
    alone.sort(key=lambda signal: (-(signal.lift_low or 0), signal.kpi))
    base_rate = formatting.format_share(overall.labelled / overall.customers) if overall.customers else formatting.DASH
    return LabelForecast(
        label=label,
        definition=definition,
        base_rate=base_rate,
        labelled=overall.labelled,
        customers=overall.customers,
        rule=(overall.rule if figures else None) or _WITHOUT_RULE[overall.outcome],
        figures=figures,
        is_doubtful=figures is not None and not overall.is_better_than_chance,
        strongest=[(signal.rule or "", f) for signal in alone[:_STRONGEST] if (f := _format_figures(signal))],
    )


def _format_figures(signal: PublishedSignal) -> RuleFigures | None:
    if None in (signal.precision, signal.recall, signal.lift, signal.lift_low, signal.lift_high):
        return None
    return RuleFigures(
        precision=formatting.format_share(signal.precision or 0.0),
        recall=formatting.format_share(signal.recall or 0.0),
        lift=f"{signal.lift:.1f} times",
        interval=f"{signal.lift_low:.1f}{formatting.DASH}{signal.lift_high:.1f}",
    )
