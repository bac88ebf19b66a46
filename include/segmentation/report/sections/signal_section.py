"""What goes before each label, as the page shows it: one table per landmark."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from include.segmentation.profile.signals import ALL_KPIS, Signals
from include.segmentation.report import formatting
from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection
from include.segmentation.warehouse.queries import query_objects

MAY_BE_CHANCE = 0.05
STRONGEST = 3
_WITHOUT_RULE = {
    "nobody": "Nobody has been followed for long enough yet.",
    "one_cohort": "All registered on one day: there are no later ones to test a rule on.",
    "already": "Everyone of the earlier or of the later ones had become it by then.",
    "never": "Nobody of the earlier or of the later ones has become it.",
    "always": "Everyone of the earlier or of the later ones has become it.",
    "no_rule": "No rule that takes enough customers tells who.",
    "too_few": "The rule takes, or leaves, too few of the later customers to tell.",
}


@dataclass(frozen=True)
class PublishedSignal:
    """A row of ``fct_signal``; see its comments."""

    label: str
    landmark: int
    kpi: str
    outcome: str
    holdout_from: date | None
    customers: int
    labelled: int
    rule: str | None
    lift: float | None
    lift_low: float | None
    lift_high: float | None
    q: float | None
    precision: float | None
    recall: float | None

    @property
    def stands(self) -> bool:
        """Whether more of those whom the rule takes got the label, and more than chance explains."""
        return self.lift is not None and self.lift > 1 and self.q is not None and self.q <= MAY_BE_CHANCE

    @property
    def figures(self) -> "RuleFigures | None":
        """Precision, recall and lift in words; None unless they were measured."""
        if None in (self.precision, self.recall, self.lift, self.lift_low, self.lift_high):
            return None
        return RuleFigures(
            right=formatting.format_share(self.precision or 0.0),
            found=formatting.format_share(self.recall or 0.0),
            lift=f"{self.lift:.1f} times",
            interval=f"{self.lift_low:.1f}{formatting.DASH}{self.lift_high:.1f}",
        )


@dataclass(frozen=True)
class RuleFigures:
    """What a rule achieves in the hold-out: the shares that are right and found, and the lift with its interval."""

    right: str
    found: str
    lift: str
    interval: str


@dataclass(frozen=True)
class LabelAnswer:
    """A question and what is known: of the rule over all KPIs together, and of the strongest KPIs alone.

    Attributes:
        label, definition: who is asked for.
        base_rate: the share of all who were asked for whom it came true; a dash where nobody was.
        labelled, customers: how many these are.
        rule: in words, or why there is none.
        figures: what the rule achieves; None without one that was measured.
        doubt: what a reader has to know before using the rule.
        strongest: rules over one KPI that stand, and what each achieves.
    """

    label: str
    definition: str
    base_rate: str
    labelled: int
    customers: int
    rule: str
    figures: RuleFigures | None
    doubt: str
    strongest: list[tuple[str, RuleFigures]]


@dataclass(frozen=True)
class LandmarkView:
    """What is asked so many days after registration."""

    days: int
    holdout_from: str
    answers: list[LabelAnswer]


def read_signals(connection: Connection, run: Run) -> list[PublishedSignal]:
    """The run's rows, by landmark."""
    columns = ", ".join(PublishedSignal.__dataclass_fields__)
    query = f"SELECT {columns} FROM fct_signal WHERE run_id = %(run_id)s ORDER BY landmark, label, kpi"
    return query_objects(connection, PublishedSignal, query, run)


def make_landmarks(found: Sequence[PublishedSignal], declared: Signals | None) -> list[LandmarkView]:
    """One per landmark, its questions in the profile's order; none where the run has no signals."""
    if declared is None:
        return []
    return [_landmark(days, list(rows), declared) for days, rows in groupby(found, key=lambda each: each.landmark)]


def _landmark(days: int, found: list[PublishedSignal], declared: Signals) -> LandmarkView:
    first = next((each.holdout_from for each in found if each.holdout_from), None)
    answers = []
    for name, label in declared.labels.items():
        rows = [each for each in found if each.label == name]
        answers += [_answer(label.label, label.definition, each, rows) for each in rows if each.kpi == ALL_KPIS]
    return LandmarkView(days, formatting.format_date(first) if first else "", answers)


def _answer(label: str, definition: str, together: PublishedSignal, rows: list[PublishedSignal]) -> LabelAnswer:
    figures = together.figures
    alone = sorted((r for r in rows if r.stands and r is not together), key=lambda r: (-(r.lift_low or 0), r.kpi))
    return LabelAnswer(
        label=label,
        definition=definition,
        base_rate=formatting.format_share(together.labelled / together.customers)
        if together.customers
        else formatting.DASH,
        labelled=together.labelled,
        customers=together.customers,
        rule=(together.rule if figures else None) or _WITHOUT_RULE[together.outcome],
        figures=figures,
        doubt="May be chance." if figures and not together.stands else "",
        strongest=[(each.rule or "", each.figures) for each in alone[:STRONGEST] if each.figures],
    )
