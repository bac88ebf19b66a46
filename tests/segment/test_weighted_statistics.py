"""Statistics of customers behind distinct values, against the same statistics on one row per customer."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import silhouette_samples

from include.segmentation.segment.evidence.silhouette import compute_silhouette, compute_silhouettes
from include.segmentation.segment.space.weighted_statistics import find_quantiles


def find_exact_quantile(values, counts, percent):
    """The smallest value that at least ``percent`` of the customers do not exceed, without floating point."""
    total = int(counts.sum())
    reached = 0
    for value, count in sorted(zip(values.tolist(), counts.tolist(), strict=True)):
        reached += count
        if Fraction(reached, total) >= Fraction(percent, 100):
            return value
    raise AssertionError("the last value reaches 100%")


def test_quantiles_follow_their_definition_on_3000_tries():
    draw = np.random.default_rng(0)
    for _ in range(3_000):
        rows = int(draw.integers(1, 30))
        values = draw.integers(-3, int(draw.choice([1, 5, 100])), rows) / 2  # with ties, or all equal
        counts = draw.integers(1, int(draw.choice([2, 5, 1_000_000])), rows)
        percents = draw.integers(1, 101, 6)
        quantiles = find_quantiles(values, counts, percents / 100)
        assert quantiles == [find_exact_quantile(values, counts, int(percent)) for percent in percents]


@pytest.mark.parametrize("total", [4, 20, 100, 12_000, 13_000_000])
def test_a_share_at_an_exact_step_takes_the_lower_value(total):
    for percent in range(5, 100, 5):
        below = total * percent // 100
        if below * 100 != total * percent:
            continue
        values, counts = np.array([1.0, 2.0]), np.array([below, total - below])
        assert find_quantiles(values, counts, [percent / 100]) == [1.0]
        assert find_quantiles(values, counts + np.array([-1, 1]), [percent / 100]) == [2.0]


@st.composite
def clustered_vectors(draw):
    """Vectors, possibly equal ones, with customers and labels; each label is in use."""
    k, dimensions = draw(st.integers(2, 5)), draw(st.integers(1, 3))
    rows = draw(st.integers(k + 1, 25))
    coordinate = st.integers(-20, 20)
    vectors = st.lists(st.lists(coordinate, min_size=dimensions, max_size=dimensions), min_size=rows, max_size=rows)
    labels = [*range(k), *draw(st.lists(st.integers(0, k - 1), min_size=rows - k, max_size=rows - k))]
    counts = draw(st.lists(st.integers(1, 6), min_size=rows, max_size=rows))
    return np.array(draw(vectors)) / 4, np.array(counts), np.array(labels)


@settings(max_examples=100, deadline=None)
@given(clustered_vectors())
def test_silhouettes_equal_those_of_scikit_learn_on_one_row_per_customer(clusters):
    points, counts, labels = clusters
    expected = silhouette_samples(np.repeat(points, counts, axis=0), np.repeat(labels, counts))
    assert np.repeat(compute_silhouettes(points, counts, labels), counts) == pytest.approx(expected, abs=1e-6)
    assert compute_silhouette(points, counts, labels) == pytest.approx(expected.mean(), abs=1e-6)
