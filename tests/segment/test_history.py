"""What a run takes from the published run before: two more keys of every customer, and hysteresis."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.segmentation.artifacts import (
    LabelSummary,
    MeasureArtifacts,
    PopulationSummary,
    PublishSummary,
    SegmentArtifacts,
    find_previous_run,
)
from include.segmentation.model.timeline import find_effective_model
from include.segmentation.profile.macro_segments import Hysteresis
from include.segmentation.segment import accept_model, fit, segment
from include.segmentation.segment.hysteresis import choose_published_keys, fingerprint_labels
from include.segmentation.segment.previous_labels import PreviousLabels
from include.segmentation.segment.scoring import score_table

pytestmark = pytest.mark.slow

ONE = """
  habit:
    label: Habit
    kpis:
      visits: {label: Visits, definition: "", unit: visits, window: trailing 30d, bands: [5], band_words: [Few, Many]}
    strata:
      - {name: never, label: Never came, when: visits = 0}
      - {name: some, label: Came, when: visits >= 1, kpis: [visits], cluster: {k: 2}}
"""
CROWD = [10.0] * 200 + [30.0] * 200


def labels_of(run):
    return SegmentArtifacts(run).locate_labels("habit").read_table()


def column(run, name):
    return labels_of(run)[name].to_pylist()


@pytest.fixture
def publishes(put):
    """Measure, label and record as published: a month of customers given by their visits."""

    def at(run, visits, reach=None):
        put(run, "habit", {"visits": visits})
        segment(run, "habit")
        PublishSummary(reach=reach or {}).write_to(run)

    return at


@pytest.fixture
def months(make_profile, at, put):
    """January to April of a profile with a model of two clusters, borders at 20 visits; with other YAML on demand."""

    def make(yaml=ONE):
        profile = make_profile(yaml)
        runs = [at(profile, f"2025-0{month}-01") for month in (2, 3, 4, 5)]
        put(runs[0], "habit", {"visits": CROWD})
        fit(runs[0], "habit")
        return runs

    return make


def test_a_first_run_follows_nothing(months, publishes):
    first = months()[0]
    publishes(first, CROWD)
    assert LabelSummary.read_from(first, "habit").follows == {}
    assert labels_of(first)["remeasured_key"].null_count == labels_of(first)["previous_model_key"].null_count == 400
    assert column(first, "raw_key") == column(first, "segment_key")


def test_a_run_follows_the_newest_published_one_of_its_cadence(months, publishes, put):
    first, second, third, _ = months()
    publishes(first, CROWD)
    put(second, "habit", {"visits": CROWD})
    segment(second, "habit")  # labelled, but never published
    publishes(third, CROWD)
    model = find_effective_model(first.lake, "habit", first.as_of)[0].model_id
    assert find_previous_run(third) == first
    assert LabelSummary.read_from(third, "habit").follows == {"run_id": first.run_id, "model_id": model}


def test_after_a_refit_the_key_under_the_earlier_model_is_kept(months, publishes, put):
    first, second, third, _ = months()
    publishes(first, CROWD)
    moved = [10.0] * 200 + [90.0] * 200  # the border goes from 20 to 50 visits
    put(second, "habit", {"visits": moved})
    refit = fit(second, "habit")
    if refit["status"] == "candidate":
        accept_model(second.profile, refit["model_id"], "ada")
    publishes(second, [10.0, 30.0, 90.0])
    few, many = column(first, "segment_key")[0], column(first, "segment_key")[-1]
    assert column(second, "previous_model_key") == [few, many, many]
    assert column(second, "raw_key") == [few, few, many]
    publishes(third, [10.0, 30.0, 90.0])
    assert labels_of(third)["previous_model_key"].null_count == 3  # the same model again


def test_the_earlier_as_of_is_labelled_again_where_it_was_measured_again(months, publishes, put):
    first, second, _, _ = months()
    publishes(first, CROWD)
    before = put(second, "habit", {"visits": [30.0, 10.0]})
    MeasureArtifacts(second).locate_previous_kpis("habit").write_table(before.slice(1))
    publishes(second, [10.0, 10.0, 10.0])
    assert column(second, "remeasured_key") == [None, None, None]  # not of this run's population
    population = PopulationSummary(
        customers=3,
        unknown_rows=0,
        attributes=[],
        customer_id_type="VARCHAR",
        path="",
        previous=first.as_of.isoformat(),
    )
    population.write_to(second)
    publishes(second, [10.0, 10.0, 10.0])
    assert column(second, "remeasured_key") == [None, column(first, "segment_key")[0], None]


def test_hysteresis_is_off_by_default(months, publishes):
    first, second, _, _ = months()
    publishes(first, CROWD)
    publishes(second, [30.0, 10.0])
    assert column(second, "segment_key") == column(second, "raw_key")
    assert labels_of(second)["held_from"].null_count == 2
    assert LabelSummary.read_from(second, "habit").held_back == 0


def with_hysteresis(rule):
    return ONE + f"    hysteresis: {rule}\n"


def test_so_many_runs_in_a_row_move_a_customer(months, publishes):
    """The one crosses and stays; the other comes back; the third changes stratum, which is at once."""
    runs = months(with_hysteresis("{as_ofs: 2}"))
    stories = [[10, 10, 10], [30, 30, 0], [30, 10, 30], [30, 30, 30]]
    found = []
    for run, visits in zip(runs, stories, strict=True):
        publishes(run, [*map(float, visits), *CROWD])
        found.append(column(run, "segment_key")[:3])
    few, many, never = found[0][0], column(runs[0], "raw_key")[-1], found[1][2]
    assert list(zip(*found, strict=True)) == [(few, few, many, many), (few,) * 4, (few, never, many, many)]
    assert column(runs[1], "raw_key")[:3] == [many, many, never]
    assert column(runs[1], "held_from")[:3] == [runs[0].as_of, runs[0].as_of, None]
    assert LabelSummary.read_from(runs[1], "habit").held_back == 2
    assert column(runs[3], "held_from")[1] == runs[2].as_of


def test_a_margin_moves_a_customer_once_it_is_clear(months, publishes):
    runs = months(with_hysteresis("{margin: 0.5}"))
    found = []
    for run, visits in zip(runs, (10.0, 20.5, 21.0, 29.0), strict=True):
        publishes(run, [visits, *CROWD])
        found.append(column(run, "segment_key")[0])
    few, many = found[0], column(runs[0], "raw_key")[-1]
    assert found == [few, few, few, many]
    assert [column(run, "held_from")[0] for run in runs] == [None, runs[0].as_of, runs[0].as_of, None]


def test_a_run_that_is_repeated_says_the_same(months, publishes):
    first, second, third, _ = months(with_hysteresis("{as_ofs: 2}"))
    for run in (first, second, third):
        publishes(run, [10.0 if run is first else 30.0, *CROWD])
    once = [labels_of(run) for run in (first, second, third)]
    for run in (third, first, second, second, third):
        publishes(run, [10.0 if run is first else 30.0, *CROWD])
    assert [labels_of(run) for run in (first, second, third)] == once


def test_an_earlier_run_that_changed_is_seen_by_the_next_and_repeating_in_order_settles_it(months, publishes):
    runs = months(with_hysteresis("{as_ofs: 2}"))[:3]
    visits = (10.0, 30.0, 30.0)
    for run, of_one in zip(runs, visits, strict=True):
        publishes(run, [of_one, *CROWD])
    in_order = [labels_of(run) for run in runs]

    publishes(runs[1], [10.0, *CROWD])
    follows, second = (LabelSummary.read_from(run, "habit") for run in (runs[2], runs[1]))
    assert follows.follows["fingerprint"] != second.fingerprint  # which makes the third stale when published
    publishes(runs[2], [30.0, *CROWD])
    assert column(runs[2], "segment_key")[0] != in_order[2]["segment_key"][0].as_py()

    for run, of_one in zip(runs[1:], visits[1:], strict=True):
        publishes(run, [of_one, *CROWD])
    assert [labels_of(run) for run in runs] == in_order


def test_a_new_model_moves_everybody_at_once(months, publishes, put):
    first, second, third, _ = months(with_hysteresis("{as_ofs: 5}"))
    publishes(first, [10.0, *CROWD])
    publishes(second, [30.0, *CROWD])
    assert column(second, "held_from")[0] == first.as_of
    put(third, "habit", {"visits": [*CROWD, 11.0]})
    assert fit(third, "habit")["status"] == "accepted"
    publishes(third, [30.0, *CROWD])
    assert column(third, "segment_key") == column(third, "raw_key")


def test_labels_of_a_version_without_hysteresis_hold_nobody(months, publishes):
    first, second, _, _ = months(with_hysteresis("{as_ofs: 2}"))
    publishes(first, [10.0, *CROWD])
    old = labels_of(first).select(["customer_id", "stratum", "segment_key", "micro_key", "margin"])
    SegmentArtifacts(first).locate_labels("habit").write_table(old)
    publishes(second, [30.0, *CROWD])
    assert column(second, "segment_key")[0] == column(first, "segment_key")[0]


KEYS = st.sampled_from(["a", "b", "c"])
MONTH = st.lists(st.none() | st.tuples(KEYS, st.floats(0, 1)), min_size=4, max_size=4)
RULES = st.sampled_from([{"as_ofs": 2}, {"as_ofs": 3}, {"margin": 0.4}])


@dataclass(frozen=True)
class Remembered(PreviousLabels):
    """A run before whose labels are at hand."""

    kept: pa.Table

    def read_labels(self):
        return self.kept


@settings(max_examples=60, deadline=None)
@given(history=st.lists(MONTH, min_size=1, max_size=7), rule=RULES, data=st.data())
def test_any_history_follows_the_rule_whatever_the_order_of_rows(history, rule, data):
    """Against the rule in words, customer by customer; a customer may be absent at any run."""
    before, expected = None, {}
    for month, row in enumerate(history):
        order = data.draw(st.permutations(range(4)))
        there = [i for i in order if row[i] is not None]
        columns = {"customer_id": [str(i) for i in there], "stratum": ["s"] * len(there)}
        columns |= {"segment_key": [row[i][0] for i in there], "micro_key": [None] * len(there)}
        columns = {name: pa.chunked_array([pa.array(values, pa.string())]) for name, values in columns.items()}
        columns["margin"] = pa.chunked_array([pa.array([row[i][1] for i in there], pa.float64())])
        found = choose_published_keys(pa.table(columns), before, Hysteresis(**rule), "m")
        expected = {i: word(row[i], expected.get(i), rule) for i in there}
        assert found["segment_key"].to_pylist() == [expected[i][0] for i in there]
        assert found["raw_key"].to_pylist() == [row[i][0] for i in there]
        held = np.array(found["segment_key"].to_pylist()) != np.array(found["raw_key"].to_pylist())
        assert [value is not None for value in found["held_from"].to_pylist()] == held.tolist()
        assert fingerprint_labels(found) == fingerprint_labels(
            found.take(pa.array(range(len(there))[::-1], pa.int64()))
        )
        before = Remembered(FakeRun(month), "habit", LabelSummary(model_id="m", look_ahead=False), None, found)


class FakeRun:
    """As much of a run as hysteresis asks for."""

    def __init__(self, month):
        self.as_of = datetime(2025, month + 1, 1, tzinfo=UTC)


def word(label, before, rule):
    """(published key, raw key, how many times in a row) by the rule in words."""
    raw, margin = label
    if before is None:
        return raw, raw, 0
    key, last, times = before
    times = times + 1 if raw == last else 1
    moves = raw == key or (times >= rule["as_ofs"] if "as_ofs" in rule else margin >= rule["margin"])
    return raw if moves else key, raw, times


def test_score_and_labels_agree_where_nobody_is_held(months, publishes):
    first = months()[0]
    publishes(first, CROWD)
    model = find_effective_model(first.lake, "habit", first.as_of)[0]
    measured = MeasureArtifacts(first).locate_kpis("habit").read_table()
    assert score_table(model, measured)["segment_key"].to_pylist() == column(first, "raw_key")
