"""Rules in words: short, and as right as they say."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from segment_cuts import cut_of, strata

from include.segmentation.profile.kpis import Kpi
from include.segmentation.segment.naming.condition_words import describe_condition
from include.segmentation.segment.naming.rule_words import describe_rules

pytestmark = pytest.mark.slow


def rules_of(cut):
    return describe_rules(cut, cut.vectors.kpis)


def holds(part, cut):
    """Read one range, as a person would."""
    found = re.fullmatch(
        r"Kpi ([A-Z]) (?:([\d.]+)(?: days)? or more|(?:([\d.]+) to |up to )?(below )?([\d.]+)(?: days)?)", part
    )
    assert found, part
    kpi, least, low, below, high = found.groups()
    values = cut.vectors.values[:, ord(kpi) - ord("A")]
    if least:
        return values >= float(least)
    if below:
        return (values >= float(low or 0)) & (values < float(high))
    alone = "up to" not in part and not low
    return (values >= float(high if alone else low or 0)) & (values <= float(high))


@settings(max_examples=40, deadline=None)
@given(strata())
def test_whatever_is_written_is_as_right_as_it_says(cut):
    for ordinal, wording in enumerate(rules_of(cut)):
        subject, _, text = wording.words.partition(": ")
        assert subject == "Here (Kpi A 0 days or more)"
        paths = [path.split(", ") for path in text.split("; or ")]
        assert len(paths) <= 3
        if wording.fidelity is None:
            assert text == "no few words tell its customers from the others"
            continue
        told = np.any([np.all([holds(part, cut) for part in path], axis=0) for path in paths], axis=0)
        members = cut.labels == ordinal
        counts = cut.vectors.counts
        both, either = counts[told & members].sum(), counts[told | members].sum()
        assert wording.fidelity == pytest.approx(both / either, abs=1e-4)


def test_what_can_be_said_is_said_in_one_range_per_kpi():
    grid = np.array([(a, b) for a in range(20) for b in range(20)])
    labels = np.where((grid[:, 0] >= 5) & (grid[:, 0] < 12) & (grid[:, 1] >= 3), 0, 1)
    inside, _ = rules_of(cut_of(grid, np.ones(400, int), labels, [[5], [5]], resolution=1))
    assert inside.words == "Here (Kpi A 0 days or more): Kpi A 5 to 11 days, Kpi B 3 days or more"
    assert inside.fidelity == 1


def test_two_ways_into_a_segment_are_joined_by_or():
    values = np.arange(30)[:, None]
    ends, middle = rules_of(cut_of(values, np.ones(30, int), [*[0] * 10, *[1] * 10, *[0] * 10], [[5]], resolution=1))
    assert ends.words.endswith(": Kpi A up to 9 days; or Kpi A 20 days or more")
    assert middle.words.endswith(": Kpi A 10 to 19 days")
    assert (ends.fidelity, middle.fidelity) == (1, 1)


def test_what_changes_little_is_left_out_and_measured():
    """One customer in a hundred would need another bound."""
    values = np.array([(a, b) for a in range(10) for b in range(10)])
    labels = (values[:, 0] >= 5).astype(int)
    labels[99] = 0  # (9, 9)
    low, high = rules_of(cut_of(values, np.ones(100, int), labels, [[5], [5]], resolution=1))
    assert low.words.endswith(": Kpi A up to 4 days")
    assert high.words.endswith(": Kpi A 5 days or more")
    assert (low.fidelity, high.fidelity) == (pytest.approx(50 / 51, abs=1e-4), pytest.approx(49 / 50))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("visits = 0", "Visits 0"),
        ("visits >= 2 AND age_days < 7", "Visits 2 or more, Age below 7 days"),
        ("gap > 1.5 OR gap IS NULL", "Interval more than 1.5 days or Interval undefined"),
        ("(visits = 1 OR visits > 5) AND gap <= 30", "(Visits 1 or Visits more than 5), Interval up to 30 days"),
        ("NOT (gap IS NULL)", "Interval defined"),
        ("gap IS NOT NULL AND NOT visits > 3", "Interval defined, not (Visits more than 3)"),
        ("visits BETWEEN 2 AND 4", "Visits 2 to 4"),
        ("visits IN (1, 3)", "Visits 1 or 3"),
        ("7 <= gap", "Interval 7 days or more"),
        ("(gap) > 7 AND 7 < (gap)", "Interval more than 7 days, Interval more than 7 days"),
        ("gap <> -2", "Interval other than -2"),
        ("true", "everyone"),
    ],
)
def test_conditions_in_words(condition, words):
    assert describe_condition(condition, {"visits": kpi("Visits", "visits"), "gap": kpi("Interval", "days")}) == words


def kpi(label, unit):
    return Kpi(label=label, definition="", unit=unit, window="lifetime", rule_only=True)
