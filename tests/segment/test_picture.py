"""The picture of a stratum: a few of its customers, each where it belongs, and a plane that is never the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.decomposition import PCA

from include.segmentation.model.model import Model
from include.segmentation.model.timeline import find_effective_model
from include.segmentation.segment import fit
from include.segmentation.segment.scoring import score_batch
from include.segmentation.segment.space.principal_components import find_plane
from include.segmentation.segment.space.thread_limit import limit_to_one_thread

pytestmark = pytest.mark.slow


@settings(max_examples=30, deadline=None)
@given(
    points=arrays(np.float64, (12, 4), elements=st.integers(-50, 50).map(float), unique=True),
    counts=arrays(np.int64, 12, elements=st.integers(1, 5)),
)
def test_the_plane_is_that_of_every_customer(points: np.ndarray, counts: np.ndarray) -> None:
    with limit_to_one_thread():
        flat = find_plane(points, counts)
    theirs = PCA(2).fit(np.repeat(points, counts, axis=0))
    # scikit-learn's ratio divides by n - 1 above and below; signs mean nothing, and equal components have no order.
    assert flat.variance == pytest.approx(theirs.explained_variance_ratio_)
    assert np.average(flat.points, axis=0, weights=counts) == pytest.approx([0, 0], abs=1e-9)
    assert flat.loadings @ flat.loadings.T == pytest.approx(np.eye(2), abs=1e-9)


@pytest.fixture
def fitted(make_profile, at, put):
    """Two heaps of 1,500 and 500, cut by two KPIs, and 50 who never came."""
    draw = np.random.default_rng(8)
    visits = np.concatenate([draw.integers(1, 6, 1500), draw.integers(20, 25, 500)]).astype(float)
    gap = np.concatenate([draw.integers(20, 30, 1500), draw.integers(1, 4, 500)]).astype(float)
    run = at(make_profile())
    table = put(run, "habit", {"visits": [0.0] * 50 + visits.tolist(), "gap": [None] * 50 + gap.tolist()})
    fit(run, "habit")
    return find_effective_model(run.lake, "habit", run.as_of)[0], table


def test_a_cut_stratum_is_drawn_and_a_whole_one_is_not(fitted: tuple[Model, object]) -> None:
    never, active = fitted[0].strata
    assert never.picture is None
    picture = active.picture
    assert picture is not None
    assert len(picture.points) == len(picture.segments) <= 600
    assert set(picture.segments) == set(range(len(active.segments)))
    assert sum(picture.variance) == pytest.approx(1), "two KPIs lie in a plane"
    assert picture.silhouette_in_plane == pytest.approx(picture.silhouette)
    assert sum(map(len, picture.silhouettes)) == pytest.approx(400, abs=len(active.segments))
    assert len(picture.silhouettes) == len(active.segments)
    assert all(falling == sorted(falling, reverse=True) for falling in picture.silhouettes)
    assert np.mean(np.concatenate(picture.silhouettes)) == pytest.approx(picture.silhouette, abs=0.005)


def test_a_picture_labels_nobody(fitted: tuple[Model, object]) -> None:
    model, table = fitted
    blind = model.model_copy(update={"strata": [s.model_copy(update={"picture": None}) for s in model.strata]})
    assert score_batch(blind, table).equals(score_batch(model, table))
