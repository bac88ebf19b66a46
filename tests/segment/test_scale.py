"""Transforms and scales: frozen from weighted customers, applied value by value."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segment_vectors import macro_of, vectors_of

from include.segmentation.errors import DataError
from include.segmentation.segment.space.kpi_axes import fit_axes, scale_values

VALUES = np.array([0, 0, 0, 1, 2, 4, 10, 100], dtype=float)


def axis_of(values, transform, scale="none", weights=None):
    distinct, counts = np.unique(values, return_counts=True)
    macro = macro_of(1, transform, scale, weights)
    (axis,), _ = fit_axes(distinct[:, None], counts, ["kpi_0"], macro, "all")
    return axis


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        ("none", VALUES),
        ("log1p", np.log1p(VALUES)),
        ("asinh", np.arcsinh(VALUES)),
        ("sqrt", np.sqrt(VALUES)),
        ({"clip": [1, 10]}, np.clip(VALUES, 1, 10)),
        ("quantile", np.array([1.5, 1.5, 1.5, 3.5, 4.5, 5.5, 6.5, 7.5]) / 8),
    ],
    ids=str,
)
def test_a_transform_is_what_it_is_called(transform, expected):
    found = scale_values(VALUES[:, None], [axis_of(VALUES, transform)])[:, 0]
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("scale", "center", "spread"),
    [("none", 0, 1), ("standard", VALUES.mean(), VALUES.std()), ("minmax", 0, 100), ("robust", 1, 4)],
)
def test_a_scale_counts_every_customer(scale, center, spread):
    axis = axis_of(VALUES, "none", scale)
    assert (axis.center, axis.spread) == pytest.approx((center, spread))


def test_a_weight_stretches_what_is_scaled():
    assert scale_values(VALUES[:, None], [axis_of(VALUES, "none", "minmax", [3])]).max() == 3


@settings(max_examples=30, deadline=None)
@given(
    people=st.lists(st.integers(-50, 50), min_size=2, max_size=400).filter(lambda people: len(set(people)) > 1),
    later=st.lists(st.floats(-80, 80), min_size=1, max_size=50),
)
def test_quantiles_rise_between_0_and_1_also_for_values_never_seen(people, later):
    axis = axis_of(np.array(people, dtype=float), "quantile")
    found = scale_values(np.sort(np.array(later))[:, None], [axis])[:, 0]
    assert ((found > 0) & (found < 1)).all()
    assert (np.diff(found) >= 0).all()


def test_many_values_are_kept_as_about_a_hundred_cut_points():
    values = np.random.default_rng(0).lognormal(size=20_000)
    axis = axis_of(values, "quantile")
    assert len(axis.cuts) == len(axis.shares) <= 101
    found = scale_values(np.sort(values)[:, None], [axis])[:, 0]
    assert np.abs(found - (np.arange(20_000) + 0.5) / 20_000).max() < 0.01


@pytest.mark.parametrize("transform", ["none", "log1p", "asinh", "sqrt", "quantile", {"clip": [1, 40]}], ids=str)
def test_no_chunk_changes_a_bit(transform):
    draw = np.random.default_rng(1)
    values = draw.lognormal(2, 1, 3001)
    axis = axis_of(values, transform, "standard")
    whole = scale_values(values[:, None], [axis])
    edges = [0, 1, 2, 5, 12, 29, 1000, 1001, 3001]
    parts = np.concatenate([scale_values(values[a:b, None], [axis]) for a, b in pairwise(edges)])
    assert parts.tobytes() == whole.tobytes()


def test_half_of_the_customers_with_one_value_can_not_be_scaled_by_quartiles():
    with pytest.raises(
        DataError,
        match=r"stratum 'all': KPI 'kpi_0' has an interquartile range of 0, "
        r"so scale: robust cannot be used; allowed: standard, minmax, none",
    ):
        axis_of(np.array([0, 0, 0, 0, 0, 0, 0, 5], dtype=float), "none", "robust")


@pytest.mark.parametrize("transform", [{"clip": [10, 20]}, "quantile"], ids=str)
def test_a_kpi_that_does_not_vary_is_dropped(transform):
    values = np.array([[1.0, 1.0], [1.0, 2.0]])
    axes, constant = fit_axes(values, np.array([3, 4]), ["kpi_0", "kpi_1"], macro_of(2, transform), "all")
    expected = ["kpi_0", "kpi_1"] if transform != "quantile" else ["kpi_0"]
    assert constant == expected
    assert len(axes) == 2 - len(expected)


def test_principal_components_turn_the_space_and_keep_distances():
    draw = np.random.default_rng(2)
    values = draw.normal(size=(300, 3)) @ np.array([[3, 1, 0], [0, 1, 0.5], [0, 0, 0.1]])
    all_three = vectors_of(values, pca=3)
    before, after = all_three.points, all_three.projected
    assert np.linalg.norm(after[0] - after[1]) == pytest.approx(np.linalg.norm(before[0] - before[1]))
    spread = after.var(axis=0)
    assert (np.diff(spread) < 0).all()
    held = spread.cumsum() / spread.sum()
    assert vectors_of(values, pca=float(held[0]) + 0.001).projected.shape[1] == 2
    assert np.allclose(vectors_of(values, pca=2).projected, after[:, :2])


def test_customers_behind_a_vector_weigh_in_its_components():
    draw = np.random.default_rng(3)
    people = draw.integers(0, 4, (500, 2)).astype(float) @ np.array([[2, 1], [0, 1]])
    found = vectors_of(people, pca=2)
    everybody = np.repeat(found.points, found.counts, axis=0)
    spread = np.linalg.eigvalsh(np.cov(everybody.T, bias=True))[::-1]
    assert np.repeat(found.projected, found.counts, axis=0).var(axis=0) == pytest.approx(spread)
