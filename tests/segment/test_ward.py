"""Ward: the tree of customers, and prototypes that label as it does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cut_tree, linkage
from segment_vectors import vectors_of
from sklearn.metrics import adjusted_rand_score

from include.segmentation.segment.cluster.ward import PROTOTYPES, WARD_CUSTOMERS, Ward

pytestmark = pytest.mark.slow


def crowds(sizes, seed=0):
    draw = np.random.default_rng(seed)
    return np.concatenate([draw.normal(8 * at, 1, (size, 2)) for at, size in enumerate(sizes)]).round(1)


def test_vectors_weigh_as_the_customers_behind_them():
    draw = np.random.default_rng(5)
    people = np.concatenate([draw.integers(0, 3, (200, 2)), draw.integers(4, 9, (100, 2))]).astype(float)
    found = vectors_of(people)
    everybody = np.repeat(found.points, found.counts, axis=0)
    expected = cut_tree(linkage(everybody, "ward"), 3)[:, 0]
    assert (
        adjusted_rand_score(expected, np.repeat(Ward(found.points, found.counts).compute_labels(3), found.counts)) == 1
    )


@settings(max_examples=30, deadline=None)
@given(
    people=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=6, max_size=60).filter(
        lambda people: len({x for x, _ in people}) > 1 and len({y for _, y in people}) > 1
    ),
    k=st.integers(2, 8),
)
def test_there_are_as_many_clusters_as_asked_for_also_among_ties(people, k):
    found = vectors_of(np.array(people, dtype=float))
    labels = Ward(found.points, found.counts).compute_labels(k)
    assert len(labels) == len(found.counts)
    assert sorted(set(labels)) == list(range(min(k, len(found.counts))))


def test_prototypes_label_separated_crowds_as_the_tree_does():
    found = vectors_of(crowds([300, 200, 100]))
    ward = Ward(found.points, found.counts)
    frozen = ward.make_partition(3)
    assert frozen.agreement == 1
    assert frozen.labels.tolist() == ward.compute_labels(3).tolist()
    assert frozen.k == 3
    assert len(frozen.prototypes) <= 3 * PROTOTYPES
    assert (np.diff(frozen.owners) >= 0).all()


def test_of_a_large_stratum_the_tree_holds_every_nth_customer():
    found = vectors_of(crowds([9_000, 6_000]))
    frozen = Ward(found.points, found.counts).make_partition(2)
    assert found.customers > WARD_CUSTOMERS
    assert np.bincount(frozen.labels, weights=found.counts).tolist() == [9_000, 6_000]


def test_fewer_vectors_than_prototypes_freeze_all_of_them():
    found = vectors_of(np.array([[0.0, 0], [0, 1], [5, 5], [5, 6]] * 30))
    frozen = Ward(found.points, found.counts).make_partition(2)
    assert len(frozen.prototypes) == 4
    assert frozen.agreement == 1
    assert frozen.inertia == pytest.approx(4 * 30 * (found.points[1, 1] - found.points[0, 1]) ** 2 / 4)
