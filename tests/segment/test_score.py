"""Scoring: the label of a customer depends on that customer alone, and the published SQL says the same."""

from datetime import UTC, datetime
from itertools import pairwise

import duckdb
import numpy as np
import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segment_vectors import macro_of
from threadpoolctl import threadpool_limits

from include.segmentation.artifacts import MeasureArtifacts
from include.segmentation.errors import DataError
from include.segmentation.model.model import Model
from include.segmentation.model.timeline import find_effective_model, read_timeline
from include.segmentation.segment import fit
from include.segmentation.segment.naming.rule_sql import write_rule_sql
from include.segmentation.segment.scoring import LABELS, score_batch, score_table
from include.segmentation.segment.space.kpi_axes import fit_axes
from include.segmentation.segment.space.nearest_prototype import NearestRule, find_nearest

pytestmark = pytest.mark.slow

SHARED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def people():
    """900 customers on a lattice, so that some lie exactly between two centroids, and 50 who never came."""
    draw = np.random.default_rng(4)
    visits = np.concatenate([draw.integers(1, 6, 450), draw.integers(20, 25, 450)]).astype(float)
    gap = np.concatenate([draw.integers(20, 30, 450), draw.integers(1, 4, 450)]).astype(float)
    return {"visits": [0.0] * 50 + visits.tolist(), "gap": [None] * 50 + gap.tolist()}


@pytest.fixture
def fitted(make_profile, at, put, people):
    run = at(make_profile())
    table = put(run, "habit", people)
    fit(run, "habit")
    return find_effective_model(run.lake, "habit", run.as_of)[0], table


@pytest.fixture
def postgres(postgres_server):
    address = postgres_server.write_uri().replace("postgres://", "postgresql://") + "postgres"
    with psycopg.connect(address) as warehouse, warehouse.cursor() as cursor:
        yield cursor


def test_any_order_and_any_chunks_give_the_same_bytes(make_profile, at, put, fitted):
    model, table = fitted

    @SHARED
    @given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(1, table.num_rows - 1), max_size=6, unique=True))
    def check(seed, cuts):
        order = np.random.default_rng(seed).permutation(table.num_rows)
        shuffled = table.take(pa.array(order))
        edges = [0, *sorted(cuts), table.num_rows]
        parts = [score_batch(model, shuffled.slice(a, b - a)) for a, b in pairwise(edges)]
        expected = score_table(model, table).take(pa.array(order))
        assert pa.concat_tables(parts).combine_chunks().equals(expected.combine_chunks())

    check()


@pytest.fixture
def refitted(make_profile, at, put, people, lake_root, monkeypatch):
    """Fit a profile on the same people in another order, in chunks, with so many threads allowed around it."""

    def fitted_again(macros, seed, threads):
        monkeypatch.setenv("SEGMENTATION_LAKE", str(lake_root / f"lake of {seed}"))
        run = at(make_profile(macros))
        table = put(run, "habit", people)
        shuffled = table.take(pa.array(np.random.default_rng(seed).permutation(table.num_rows)))
        chunks = [shuffled.slice(start, 97) for start in range(0, table.num_rows, 97)]
        MeasureArtifacts(run).locate_kpis("habit").write_table(pa.concat_tables(chunks))
        with threadpool_limits(threads):
            fit(run, "habit")
        return read_timeline(run.lake, "habit")[0].model

    return fitted_again


def _changed(habit, how):
    for old, new in how.items():
        assert old in habit
        habit = habit.replace(old, new)
    return habit


ALGORITHMS = pytest.mark.parametrize(
    "how",
    [
        {},
        {"{k_max: 4}": "{algorithm: ward, k: 3}", "transform: log1p": "transform: quantile"},
        {"{k_max: 4}": "{k: 3, pca: 1}", "scale: standard": "scale: robust"},
    ],
    ids=["k-means", "ward", "principal components"],
)


@ALGORITHMS
def test_rows_in_any_order_chunks_and_threads_give_the_same_bytes_of_a_model(refitted, habit, how):
    first, second = (refitted(_changed(habit, how), seed, threads) for seed, threads in ((1, 1), (2, 4)))
    assert len(first.strata[1].segments) > 1
    assert first.model_dump_json() == second.model_dump_json()


def test_a_model_survives_its_json_byte_for_byte(fitted):
    model, table = fitted
    again = Model.model_validate_json(model.model_dump_json())
    assert again.model_dump_json() == model.model_dump_json()
    assert score_batch(again, table).equals(score_batch(model, table))


@ALGORITHMS
def test_the_published_rule_labels_as_score_does(refitted, people, habit, how, postgres):
    model, table = refitted(_changed(habit, how), 0, 1), pa.table(people)
    grid = [(float(v), g / 4) for v in range(1, 40) for g in range(1, 140)]
    wide = pa.table({"visits": pa.array([v for v, _ in grid]), "gap": pa.array([g for _, g in grid])})
    every = pa.concat_tables([table.select(["visits", "gap"]), wide])
    expected = score_batch(model, every)["segment_key"].to_pylist()
    # Each rule gives its key or an empty text: a customer of two segments, or of none, would show.
    cases = " || ".join(f"CASE WHEN {s.rule_sql} THEN '{s.key}' ELSE '' END" for s in model.list_segments())
    with duckdb.connect() as engine:
        engine.register("customers", every.append_column("n", pa.array(range(every.num_rows))))
        found = engine.execute(f"SELECT {cases} FROM customers ORDER BY n").fetchall()
    assert [row[0] for row in found] == expected
    postgres.execute("CREATE TEMP TABLE customers (n bigint, visits double precision, gap double precision)")
    with postgres.copy("COPY customers FROM STDIN") as copy:
        for n, row in enumerate(every.to_pylist()):
            copy.write_row((n, row["visits"], row["gap"]))
    postgres.execute(f"SELECT {cases} FROM customers ORDER BY n")
    assert [row[0] for row in postgres.fetchall()] == expected


COORDINATE = st.integers(-3, 3)


@settings(SHARED, max_examples=60)
@given(
    segments=st.lists(
        st.lists(st.tuples(COORDINATE, COORDINATE), min_size=1, max_size=3, unique=True), min_size=2, max_size=5
    ),
    transform=st.sampled_from(["none", "log1p", "asinh", "sqrt", "quantile", {"clip": [1, 6]}]),
    scale=st.sampled_from(["standard", "minmax", "robust", "none"]),
    weights=st.sampled_from([[1, 1], [3, 0.5]]),
    rows=st.sampled_from([[], [[0.6, 0.8]], [[0.6, 0.8], [0.8, -0.6]]]),
)
def test_the_rule_is_exact_on_ties_too(postgres, segments, transform, scale, weights, rows):
    """Integer points and prototypes tie often; rule and score must still name the same single segment."""
    points = np.array([(x, y) for x in range(8) for y in range(8)], dtype=float)
    macro = macro_of(2, transform, scale, weights)
    axes, _ = fit_axes(points, np.ones(len(points), dtype=np.int64), list(macro.kpis), macro, "all")
    dimensions = len(rows) or 2
    prototypes = [np.array(segment, dtype=float)[:, :dimensions] for segment in segments]
    rule = NearestRule(axes, np.array(rows, dtype=float).reshape(-1, 2), prototypes)
    labels, margin = find_nearest(rule, points)
    rules = ", ".join(write_rule_sql("kpi_0 >= 0", rule, ordinal) for ordinal in range(len(segments)))
    with duckdb.connect() as engine:
        engine.register("customers", pa.table({"n": range(64), "kpi_0": points[:, 0], "kpi_1": points[:, 1]}))
        held = np.array(engine.execute(f"SELECT {rules} FROM customers ORDER BY n").fetchall())
    assert held.sum(axis=1).tolist() == [1] * len(points)
    assert held.argmax(axis=1).tolist() == labels.tolist()
    assert ((margin >= 0) & (margin <= 1)).all()
    x, y = "n / 8", "n % 8"
    lattice = f"SELECT n, ({x})::float8 AS kpi_0, ({y})::float8 AS kpi_1 FROM generate_series(0, 63) AS n"
    postgres.execute(f"SELECT {rules} FROM ({lattice}) AS customers ORDER BY n")
    assert np.array(postgres.fetchall()).tolist() == held.tolist()


def test_an_empty_batch_has_the_labels_columns(fitted):
    model, table = fitted
    assert score_table(model, table.slice(0, 0)).schema.equals(LABELS)


def test_a_kpi_that_is_null_where_it_is_needed_is_refused(fitted):
    model, _ = fitted
    bad = pa.table({"visits": pa.array([3.0]), "gap": pa.array([None], pa.float64())})
    with pytest.raises(DataError, match=r"KPI 'gap' is undefined \(NULL\) for 1 customers of stratum 'active'"):
        score_batch(model, bad)


def test_nan_is_refused_when_scoring(fitted):
    model, _ = fitted
    bad = pa.table({"visits": pa.array([3.0]), "gap": pa.array([float("nan")])})
    with pytest.raises(DataError, match="KPI 'gap': 1 customers have NaN"):
        score_batch(model, bad)


def test_a_model_names_the_time_it_is_effective_from(fitted):
    assert fitted[0].effective_from == datetime(2025, 2, 1, tzinfo=UTC)
    assert fitted[0].windows == {"visits": "trailing 30d", "gap": "trailing 30d"}
    assert fitted[0].resolutions == {"visits": 1, "gap": 1}
