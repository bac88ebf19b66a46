"""The table that the originals published, put through the gates of a run: its mistakes are found."""

import csv
from collections import defaultdict

import pytest
from originals import THRESHOLDS, needs

from include.segmentation.publish.gates import check_size_copies, check_size_totals

LEARNERS = 33_280


@pytest.fixture(scope="module")
def months() -> dict[int, dict[str, dict[str, int]]]:
    """Month -> macro segment -> cluster -> learners."""
    found: dict[int, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    with THRESHOLDS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[int(row["month"])][row["macro_segment"]][row["cluster"]] = int(row["learners"])
    return found


@needs(THRESHOLDS)
def test_n2_both_wrong_totals_stop(months: dict[int, dict[str, dict[str, int]]]) -> None:
    wrong = {
        (month, verdict.macro_segment): (verdict.verdict, verdict.found)
        for month, sizes in months.items()
        for verdict in check_size_totals(LEARNERS, sizes)
        if verdict.verdict != "pass"
    }
    said = ("stop", "33013 customers are labelled but the population has 33280")
    assert wrong == {(2, "engagement"): said, (2, "value"): said}


@needs(THRESHOLDS)
def test_n2_the_pasted_month_stops(months: dict[int, dict[str, dict[str, int]]]) -> None:
    found = {month: check_size_copies(sizes) for month, sizes in months.items()}
    assert {month: {verdict.verdict for verdict in verdicts} for month, verdicts in found.items()} == {
        1: {"pass"}, 2: {"stop"}, 3: {"pass"}, 4: {"pass"},
    }  # fmt: skip
    assert [str(verdict) for verdict in found[2]] == [
        "sizes_differ: macro segment 'interest': its segments have the same sizes as those of 'loyalty' "
        "(31501, 647, 474, 353, 267, 38); one may be a copy of the other",
        "sizes_differ: macro segment 'value': its segments have the same sizes as those of 'engagement' "
        "(31501, 647, 474, 353, 38); one may be a copy of the other",
    ]


def test_sizes_in_another_order_are_the_same() -> None:
    (verdict,) = check_size_copies({"one": {"a": 5, "b": 3, "c": 2, "d": 0}, "other": {"x": 2, "y": 5, "z": 3}}, "warn")
    assert (verdict.verdict, verdict.macro_segment) == ("warn", "other")


@pytest.mark.parametrize("other", [{"x": 5, "y": 4, "z": 1}, {"x": 5, "y": 3, "z": 1, "w": 1}])
def test_other_sizes_of_the_same_people_pass(other: dict[str, int]) -> None:
    assert [verdict.verdict for verdict in check_size_copies({"one": {"a": 5, "b": 3, "c": 2}, "other": other})] == [
        "pass"
    ]


def test_two_sizes_may_be_equal_by_chance() -> None:
    halves = {"a": 6, "b": 4, "c": 0}
    assert [verdict.verdict for verdict in check_size_copies({"one": halves, "other": dict(halves)})] == ["pass"]


def test_strata_without_clusters_may_mean_the_same() -> None:
    sizes = {"one": {"a": 5, "b": 3, "c": 2}, "other": {"x": 5, "y": 3, "z": 2}}
    assert [verdict.verdict for verdict in check_size_copies(sizes, uncut={"one", "other"})] == ["pass"]
    assert [verdict.verdict for verdict in check_size_copies(sizes, uncut={"one"})] == ["stop"]
