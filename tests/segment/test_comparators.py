"""Comparators: what other algorithms would have found, in scores."""

import numpy as np
import pytest
from segment_vectors import vectors_of

from include.segmentation.segment.cluster.kmeans import KMeans
from include.segmentation.segment.evidence.rival_algorithms import score_rivals
from include.segmentation.segment.space.thread_limit import limit_to_one_thread

pytestmark = pytest.mark.slow


def table(rows):
    found = {}
    for row in rows:
        found.setdefault((row.algorithm, row.k), {})[row.metric] = row.value
    return found


@pytest.fixture(scope="module")
def crowds():
    draw = np.random.default_rng(0)
    people = np.concatenate([draw.normal(8 * at, 1, (size, 2)) for at, size in enumerate([1500, 1000, 500])])
    return vectors_of(people.round(2))


def test_on_separated_crowds_all_agree_at_the_right_k(crowds):
    with limit_to_one_thread():
        labels = KMeans(crowds.projected, crowds.counts).compute_labels(3)
        rows = score_rivals("active", crowds, "kmeans", labels, [2, 3, 4])
    found = table(rows)
    with_k = {"ward", "average_linkage", "gaussian_mixture"}
    assert {algorithm for algorithm, k in found if k == 4} >= with_k
    assert {row.stratum for row in rows} == {"active"}
    for algorithm in (*with_k, "dbscan", "hdbscan"):
        scores = found[algorithm, 3]
        assert scores["adjusted_rand_index"] > 0.8
        assert scores["silhouette"] > 0.7
        assert scores["largest_share"] + scores["noise_share"] == pytest.approx(0.5, abs=0.12)
        assert 0 < scores["smallest_share"] < 0.2
    assert found["ward", 3]["noise_share"] == 0
    assert ("kmeans", 3) not in found


def test_who_is_far_from_everyone_is_noise(crowds):
    stray = np.array([[100.0 * at, -100.0] for at in range(1, 11)])
    people = vectors_of(np.concatenate([np.repeat(crowds.values, crowds.counts, axis=0)[::2], stray]))
    with limit_to_one_thread():
        found = table(score_rivals("active", people, "kmeans", None, [2]))
    (noise,) = (scores["noise_share"] for (algorithm, _), scores in found.items() if algorithm == "dbscan")
    assert noise >= 10 / people.customers


def test_where_ward_publishes_k_means_is_compared(crowds):
    with limit_to_one_thread():
        found = table(score_rivals("active", crowds, "ward", None, [2]))
    assert ("ward", 2) not in found
    assert set(found["kmeans", 2]) == {"silhouette", "smallest_share", "largest_share", "noise_share"}


def test_the_same_customers_give_the_same_rows(crowds):
    with limit_to_one_thread():
        assert score_rivals("a", crowds, "kmeans", None, [2]) == score_rivals("a", crowds, "kmeans", None, [2])


def test_one_cluster_has_no_silhouette_and_few_vectors_no_large_k():
    with limit_to_one_thread():
        found = table(
            score_rivals("a", vectors_of(np.repeat([[0.0], [1.0], [9.0]], 70, axis=0)), "kmeans", None, [2, 3, 4])
        )
    assert max(k for _, k in found) == 3
    assert [scores["silhouette"] for (_, k), scores in found.items() if k < 2] == [None] * sum(k < 2 for _, k in found)


def test_every_row_of_the_table_is_there_once_also_among_ties(lattice):
    """Cut at a tie, a tree has fewer clusters than asked for; its row is that of the k that was tried."""
    with limit_to_one_thread():
        rows = score_rivals("a", lattice, "kmeans", None, [2, 3, 4])
    places = [(row.algorithm, row.k, row.metric) for row in rows]
    assert len(set(places)) == len(places)
    assert {k for algorithm, k in table(rows) if algorithm == "average_linkage"} == {2, 3, 4}


@pytest.fixture(scope="module")
def lattice():
    """Four values at equal distances: any two neighbours join at the same height."""
    return vectors_of(np.repeat([[1.0], [2.0], [3.0], [4.0]], [400, 300, 200, 100], axis=0))


def test_values_that_a_clip_puts_in_one_place_are_neighbours():
    people = vectors_of(np.array([[0.0]] * 500 + [[float(value)] for value in range(1, 60)]), {"clip": [0, 1]})
    with limit_to_one_thread():
        found = table(score_rivals("a", people, "kmeans", None, [2]))
    assert {algorithm for algorithm, _ in found} >= {"dbscan", "hdbscan"}


def test_a_mixture_that_can_not_be_fitted_has_no_row():
    """Two KPIs that say the same, so large that nothing else is left of their covariance."""
    values = np.round(np.random.default_rng(0).exponential(1e6, 1000))
    twice = vectors_of(np.column_stack([values, values]), scale="none")
    with limit_to_one_thread():
        found = table(score_rivals("a", twice, "kmeans", None, [2, 3]))
    assert ("gaussian_mixture", 2) not in found
    assert ("ward", 2) in found


def test_a_sample_without_the_rare_ones_is_not_compared():
    people = vectors_of(np.array([[0.0]] * 50_000 + [[1.0]]))
    with limit_to_one_thread():
        assert score_rivals("a", people, "kmeans", None, [2]) == []
