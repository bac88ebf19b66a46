"""N6: the card holders' numbers, through the profile's own extract of the file, its KPIs and its fit."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from originals import CARDS, needs
from segment_vectors import vectors_of
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

from demo.credit_card import read_holders
from include.segmentation.model.model import Model
from include.segmentation.model.timeline import find_effective_model
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.strata import ClusterChoice
from include.segmentation.run import Run
from include.segmentation.segment import fit
from include.segmentation.segment.evidence.cluster_count import choose_cluster_count
from include.segmentation.segment.scoring import score_batch
from include.segmentation.segment.space.thread_limit import limit_to_one_thread

pytestmark = [pytest.mark.slow, needs(CARDS)]


@pytest.fixture(scope="module")
def holders() -> pa.Table:
    return read_holders(CARDS)


@pytest.fixture
def people(holders: pa.Table, lake_root: Path, at: Callable[..., Run], put: Callable[..., pa.Table]) -> pa.Table:
    """The holders as the measure stage would leave them: rounded, nothing filled."""
    profile = load_profile("credit_card")
    kpis = profile.macro_segments["overall"].kpis
    columns = {name: rounded(holders[name], kpi.resolution) for name, kpi in kpis.items()}
    return put(at(profile, "2018-02-01"), "overall", columns)


@pytest.fixture
def overall(people: pa.Table, at: Callable[..., Run]) -> Model:
    """The model of the macro segment as the profile declares it."""
    run = at(load_profile("credit_card"), "2018-02-01")
    fit(run, "overall")
    return find_effective_model(run.lake, "overall", run.as_of)[0]


def rounded(column: pa.ChunkedArray, resolution: float) -> list[float | None]:
    return [None if value is None else round(float(value) / resolution) * resolution for value in column.to_pylist()]


def of(model: Model, algorithm: str, metric: str) -> float | None:
    return next(e.value for e in model.evidence if (e.algorithm, e.k, e.metric) == (algorithm, 4, metric))


def test_the_profiles_own_four_are_those_of_n6(overall: Model, people: pa.Table) -> None:
    everyone = overall.strata[0]
    sizes = sorted(segment.customers_at_fit for segment in everyone.segments)
    assert sizes == pytest.approx([409, 1197, 3367, 3977], abs=12)
    assert of(overall, "kmeans", "silhouette") == pytest.approx(0.198, abs=0.006), "of 2,000 of the holders"
    values = np.column_stack([np.nan_to_num(people[kpi].to_numpy(zero_copy_only=False)) for kpi in everyone.kpis])
    _, labels = np.unique(score_batch(overall, people)["segment_key"].to_pylist(), return_inverse=True)
    assert silhouette_score(StandardScaler().fit_transform(values), labels) == pytest.approx(0.198, abs=0.0005)
    assert of(overall, "kmeans", "separated") == 0, "a continuum, cut"


def test_what_a_score_in_two_components_hides(overall: Model) -> None:
    """The original clustered in the plane and scored there: 0.40; the same clusters in all 17 columns: 0.18."""
    assert of(overall, "kmeans_in_plane", "silhouette_in_plane") == pytest.approx(0.40, abs=0.02)
    assert of(overall, "kmeans_in_plane", "silhouette") == pytest.approx(0.18, abs=0.02)
    picture = overall.strata[0].picture
    assert picture is not None
    assert sum(picture.variance) == pytest.approx(0.476, abs=0.0015)
    assert picture.silhouette_in_plane == pytest.approx(0.384, abs=0.015)


def test_who_lacks_a_minimum_paid_nothing(holders: pa.Table) -> None:
    lacks = np.array([value is None for value in holders["minimum_payments"].to_pylist()])
    idle = np.array([value == 0 for value in holders["payments"].to_pylist()])
    assert (lacks.sum(), (lacks & idle).sum(), (idle & ~lacks).sum()) == (313, 240, 0)


def test_n6b_the_walk_over_the_columns_of_cash_advance_ends_at_five(holders: pa.Table) -> None:
    columns = ("cash_advance", "cash_advance_frequency", "cash_advance_trx")
    values = np.column_stack([holders[name].cast(pa.float64()).to_numpy() for name in columns])
    with limit_to_one_thread():
        choice = choose_cluster_count("all", vectors_of(values, "log1p", "none"), ClusterChoice(), 1)
    assert choice.partition is not None
    assert choice.partition.k == 5
