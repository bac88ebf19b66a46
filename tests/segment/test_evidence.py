"""What stands beside k: each number tells what it says it tells."""

import numpy as np
import pyarrow as pa
import pytest
from segment_vectors import macro_of, vectors_of

from include.segmentation.profile.strata import ClusterChoice
from include.segmentation.segment.cluster.kmeans import KMeans
from include.segmentation.segment.evidence import gaussian_null
from include.segmentation.segment.evidence.cluster_count import choose_cluster_count
from include.segmentation.segment.evidence.cluster_explanation import explain_clusters
from include.segmentation.segment.evidence.knee import find_knee
from include.segmentation.segment.evidence.sort_baseline import SortBaseline, find_sort_baseline
from include.segmentation.segment.space.thread_limit import limit_to_one_thread
from include.segmentation.segment.stratum_cut import cut_stratum

pytestmark = pytest.mark.slow


def crowds(*centers, size=400, seed=0):
    draw = np.random.default_rng(seed)
    return np.concatenate([draw.normal(center, 1, (size, len(center))) for center in centers])


def test_the_knee_is_where_the_curve_bends():
    assert find_knee([1, 2, 3, 4, 5, 6], [100, 60, 20, 18, 16, 14]) == 3
    assert find_knee([1, 2, 3], [100, 50, 0]) is None  # a straight line
    assert find_knee([1, 2], [100, 10]) is None


def test_the_baseline_shares_out_a_part_of_the_customer_at_the_edge():
    ranked = SortBaseline("revenue", np.array([0.0, 10.0, 90.0]), np.array([8, 1, 1]))
    assert ranked.sorting_share == pytest.approx(1)
    assert SortBaseline("revenue", np.array([1.0, 9.0]), np.array([5, 5])).sorting_share == pytest.approx(27 / 50)
    assert ranked.compute_cluster_share(np.array([0, 0, 1])) == pytest.approx((90 + 10 * 2 / 9) / 100)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([("days", "less"), ("visits", "more"), ("EUR", "more")], "kpi_2"),  # money first
        ([("days", "less"), ("visits", "more"), ("topics", "more")], "kpi_1"),
        ([("days", "less"), ("EUR", "neutral")], None),
    ],
)
def test_customers_are_sorted_by_money_else_by_the_first_kpi_of_which_more_is_better(said, expected):
    people = vectors_of(np.random.default_rng(0).integers(0, 9, (50, len(said))).astype(float))
    for (name, kpi), (unit, direction) in zip(list(people.kpis.items()), said, strict=True):
        people.kpis[name] = kpi.model_copy(update={"unit": unit, "direction": direction})
    found = find_sort_baseline(people)
    assert (found and found.kpi) == expected


@pytest.mark.parametrize(
    ("people", "k", "separated", "beats_gaussian"),
    [
        (crowds((0, 0), (9, 0), (0, 9)), 3, True, True),
        (crowds((0, 0, 0), size=1200), 3, False, False),
        (np.random.default_rng(0).uniform(size=(1500, 2)), 4, False, True),  # no peak, and no gap either
        (crowds((0, 0), (9, 0)), 4, False, True),  # each crowd was cut again
    ],
)
def test_the_verdict_against_one_gaussian(people, k, separated, beats_gaussian):
    vectors = vectors_of(np.round(people, 3))
    vectors.kpis.update({name: kpi.model_copy(update={"resolution": 0.001}) for name, kpi in vectors.kpis.items()})
    with limit_to_one_thread():
        found = gaussian_null.judge_separation(
            vectors, KMeans(vectors.points, vectors.counts).make_partition(k), "kmeans"
        )
    assert found.is_separated == separated
    assert (found.p <= 0.05) == beats_gaussian


def test_a_cluster_that_nobody_in_the_sample_has_is_not_said_to_stand_apart():
    people = np.concatenate([crowds((0,), (9,), size=5000), [[900.0]]])
    vectors = vectors_of(np.round(people, 1))
    with limit_to_one_thread():
        found = gaussian_null.judge_separation(
            vectors, KMeans(vectors.points, vectors.counts).make_partition(2), "kmeans"
        )
    assert found.p <= 0.05
    assert (found.apart, found.is_separated) == (1, False)


@pytest.mark.parametrize("algorithm", ["kmeans", "ward"])
def test_few_who_are_different_are_no_cluster_and_no_crash(algorithm):
    """Those who are not 0 are in hardly a sample."""
    customers = pa.table({"age_days": np.zeros(10_003), "kpi_0": [0.0] * 10_000 + [1.0, 2.0, 3.0]})
    macro = macro_of(1)
    stratum = macro.strata[0].model_copy(update={"cluster": ClusterChoice(algorithm=algorithm)})
    with limit_to_one_thread():
        found = cut_stratum(customers, macro, stratum, customers.num_rows)
    assert found.is_whole
    assert found.note.startswith("not cut: k = 2: ")
    places = [(row.algorithm, row.k, row.metric) for row in found.evidence]
    assert len(set(places)) == len(places)


def test_a_tree_tells_clusters_that_lie_along_the_kpis_and_says_how_well():
    values = np.array([[x, y] for x in range(10) for y in range(10)], dtype=float)
    counts = np.arange(1, 101)
    labels = (values[:, 0] >= 5).astype(np.int64)
    found = explain_clusters(values, counts, labels)
    assert found.fidelity == 1
    assert found.tree.get_depth() == 1
    wrong = labels.copy()
    wrong[7] = 1
    assert (
        explain_clusters(values, np.ones(100, dtype=np.int64), (values.sum(axis=1) % 2).astype(np.int64)).fidelity < 0.8
    )
    assert explain_clusters(values, counts, wrong).fidelity == 1  # four questions are enough for one odd vector


def test_clusters_that_no_small_tree_tells_end_the_walk():
    draw = np.random.default_rng(0)
    people = draw.normal(size=(2000, 1)) + 2.5 * draw.normal(size=(2000, 30))  # one trait, spread over thirty KPIs
    with limit_to_one_thread():
        choice = choose_cluster_count("trait", vectors_of(people), ClusterChoice(k_max=2))
    assert choice.partition is None
    assert choice.note.startswith("not cut: k = 2: 4 questions in a row tell the cluster of ")
    stable = {row.metric: row.value for row in choice.evidence if row.k == 2}
    assert stable["jaccard_min"] > 0.75
    assert stable["fidelity"] < 0.8


def test_what_a_sample_costs_is_evidence(monkeypatch):
    monkeypatch.setattr("include.segmentation.segment.space.distinct_vectors.MAX_VECTORS", 600)
    values = np.round(crowds((3, 3), (12, 12), size=700) + 5, 4)
    customers = pa.table({"age_days": np.zeros(1400), "kpi_0": values[:, 0], "kpi_1": values[:, 1]})
    macro = macro_of(2)
    with limit_to_one_thread():
        found = cut_stratum(customers, macro, macro.strata[0], 1400)
    said = {row.metric: row.value for row in found.evidence if row.k == len(found.sizes)}
    assert found.note.startswith("fitted on 600 of 1400 distinct vectors, chosen by hash")
    assert sorted(found.sizes.tolist()) == [700, 700]
    assert said["fitted_share"] == pytest.approx(600 / 1400)
    assert abs(said["inertia_gap"]) < 0.2


def test_fewer_vectors_than_a_fixed_k_leave_the_stratum_whole():
    values = np.repeat([1.0, 2.0, 3.0], 200)
    customers = pa.table({"age_days": np.zeros(600), "kpi_0": values})
    macro = macro_of(1)
    stratum = macro.strata[0].model_copy(update={"cluster": ClusterChoice(k=4)})
    with limit_to_one_thread():
        found = cut_stratum(customers, macro, stratum, 600)
    assert found.is_whole
    assert found.note == "not cut: k = 4: only 3 distinct vectors"
