"""One label at one landmark: a rule per KPI and one over all KPIs, learned on earlier cohorts, tested on later ones.

A rule is chosen where it separates best, so its lift among the customers it was learned from is too high. All values
are therefore measured on the hold-out: customers who registered later than all those the rule was learned from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt

from include.segmentation.common.arrays import Booleans, Floats
from include.segmentation.common.suppression import SUPPRESS_BELOW
from include.segmentation.measure.signals.rule_lift import compute_lift
from include.segmentation.model.decision_tree import Path, describe_path, grow_tree, list_paths, match_paths
from include.segmentation.profile.gates import compute_smallest_cluster
from include.segmentation.profile.kpis import Kpi
from include.segmentation.profile.signals import ALL_KPIS

RULE_DEPTH = 2

LabelOutcome = Literal["measured", "nobody", "already", "one_cohort", "never", "always", "no_rule", "too_few"]
DayArray = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class KpiFinding:
    """What one KPI tells about one label at one landmark.

    Attributes:
        kpi: its name, or ``TOGETHER``.
        outcome: ``measured``, or the reason why not: no customer was followed long enough (``nobody``); all registered
            on one day; in the earlier or the later cohorts everyone had the label already, or it never or always came
            true; no rule separates and selects enough customers; the rule selects, or leaves out, fewer than ten
            customers of the hold-out.
        learned_from, learned_labelled: customers of the earlier cohorts, and how many of them got the label.
        customers, labelled: the same for the hold-out.
        holdout_from: the first day of registration of the hold-out.
        rule: in words.
        direction: whether the label goes with ``more`` or ``less`` of the KPI.
        taken, taken_labelled: customers of the hold-out that the rule selects, and how many of them got the label.
        lift, lift_low, lift_high, p: see ``RuleLift``.
        precision: the share of selected customers who got the label.
        recall: the share of customers with the label whom the rule selects.
    """

    kpi: str
    outcome: LabelOutcome
    learned_from: int
    learned_labelled: int
    customers: int
    labelled: int
    holdout_from: date | None = None
    rule: str | None = None
    direction: str | None = None
    taken: int | None = None
    taken_labelled: int | None = None
    lift: float | None = None
    lift_low: float | None = None
    lift_high: float | None = None
    p: float | None = None
    precision: float | None = None
    recall: float | None = None


def find_holdout_start(cohorts: DayArray, share: float) -> np.datetime64 | None:
    """Find the first of the newest registration days that together hold at most a share of the customers.

    Args:
        cohorts: datetime64[D][customers], the day of registration.
        share: 0 to 1.

    Returns:
        The day: at least the last one, even if it holds more. None if all customers registered on one day.
    """
    days, counts = np.unique(cohorts, return_counts=True)
    if len(days) < 2:
        return None
    shares = np.cumsum(counts[::-1])[::-1] / counts.sum()
    within = np.flatnonzero(shares[1:] <= share) + 1
    return np.datetime64(days[within[0] if len(within) else -1])


@dataclass(frozen=True)
class _Part:
    """The earlier or the later cohorts."""

    values: Floats
    labelled: Booleans

    def __len__(self) -> int:
        return len(self.labelled)

    @property
    def positives(self) -> int:
        return int(self.labelled.sum())


def study_label(
    cohorts: DayArray, values: Floats, had: Booleans, got: Booleans, kpis: Mapping[str, Kpi], holdout: float
) -> list[KpiFinding]:
    """Measure what each KPI, and all KPIs together, tell about a label.

    Args:
        cohorts: datetime64[D][customers], the day of registration.
        values: float64[customers, KPIs], as of the landmark; NaN where undefined.
        had: bool[customers], whether they had the label by the landmark. These customers are left out.
        got: bool[customers], whether the label came true after it.
        kpis: the KPIs of the columns.
        holdout: the share of the customers that rules are tested on: those who registered last.

    Returns:
        One finding per KPI, in their order, and one for all together.
    """
    begins = find_holdout_start(cohorts, holdout)
    is_later = cohorts >= begins if begins is not None else np.zeros(len(cohorts), dtype=np.bool_)
    earlier, later = (_Part(values[part], got[part]) for part in (~had & ~is_later, ~had & is_later))
    blank = KpiFinding("", "measured", len(earlier), earlier.positives, len(later), later.positives)
    if begins is not None:
        blank = replace(blank, holdout_from=begins.astype(date))
    columns = {name: [column] for column, name in enumerate(kpis)} | {ALL_KPIS: list(range(len(kpis)))}
    outcome = _find_outcome_without_rules(len(had), begins, earlier, later)
    if outcome:
        return [replace(blank, kpi=name, outcome=outcome) for name in columns]
    return [
        _test_rule(replace(blank, kpi=name), earlier, later, own, [list(kpis.values())[column] for column in own])
        for name, own in columns.items()
    ]


def _find_outcome_without_rules(
    followed: int, begins: np.datetime64 | None, earlier: _Part, later: _Part
) -> LabelOutcome | None:
    if not followed:
        return "nobody"
    if begins is None:
        return "one_cohort"
    if not len(earlier) or not len(later):
        return "already"
    if not earlier.positives or not later.positives:
        return "never"
    if earlier.positives == len(earlier) or later.positives == len(later):
        return "always"
    return None


def _test_rule(blank: KpiFinding, earlier: _Part, later: _Part, columns: list[int], kpis: Sequence[Kpi]) -> KpiFinding:
    rule = _learn_rule(earlier, columns, kpis)
    if not rule:
        return replace(blank, outcome="no_rule")
    selected = match_paths(rule, later.values[:, columns], kpis)
    size, hits = int(selected.sum()), int(later.labelled[selected].sum())
    finding = replace(
        blank,
        rule="; or ".join(describe_path(path, kpis) for path in rule),
        direction=_find_direction(rule, len(columns)),
    )
    if min(size, len(later) - size) < SUPPRESS_BELOW:
        return replace(finding, outcome="too_few")
    lift = compute_lift(size, hits, len(later), later.positives)
    return replace(
        finding,
        taken=size,
        taken_labelled=hits,
        lift=lift.ratio,
        lift_low=lift.low,
        lift_high=lift.high,
        p=lift.p,
        precision=hits / size,
        recall=hits / later.positives,
    )


def _learn_rule(earlier: _Part, columns: list[int], kpis: Sequence[Kpi]) -> list[Path]:
    """Return the paths of a tree to leaves where the label is more frequent than among all customers.

    A rule never selects customers for whom one of its KPIs is undefined. A single KPI is learned from the customers
    for whom it is defined. Together with others, an undefined KPI counts as less than every value, so that the tree
    can ask whether it is defined.
    """
    values = earlier.values[:, columns]
    alone = len(columns) == 1
    rows = ~np.isnan(values[:, 0]) if alone else np.ones(len(values), dtype=np.bool_)
    labels = earlier.labelled[rows].astype(np.int64)
    if len(set(labels.tolist())) < 2:
        return []
    below = np.nan_to_num(np.fmin.reduce(values)) - [kpi.resolution for kpi in kpis]
    filled = np.where(np.isnan(values), below, values)[rows]
    tree = grow_tree(
        filled, labels, depth=1 if alone else RULE_DEPTH, leaf=compute_smallest_cluster(len(earlier)), balanced=True
    )
    paths = list_paths(tree, kpis).get(1, [])
    return [path for path in paths if match_paths([path], values, kpis).any()]


def _find_direction(rule: Sequence[Path], columns: int) -> str | None:
    """Return the direction of a rule over one KPI, which has one threshold."""
    return ("more" if rule[0][0].is_low else "less") if columns == 1 else None
