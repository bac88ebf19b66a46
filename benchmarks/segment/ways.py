"""Cluster the learners with one method, in a separate process.

Usage: python -m benchmarks.segment.ways <way> [<macro segment>]    (prints JSON; the lake is SEGMENTATION_LAKE)

``fit`` is the project's own stage: it reads the measured customers, separates the strata, chooses k and freezes the
model. The other methods receive its results: the customers of each clustered stratum, in the scaled space, and k.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.machine import read_peak_mb
from benchmarks.segment.learners import MACROS, Floats, draw_sparse_counts, make_bench_run
from include.segmentation.artifacts import MeasureArtifacts
from include.segmentation.model.model import Model
from include.segmentation.model.timeline import find_effective_model
from include.segmentation.segment import fit
from include.segmentation.segment.cluster.kmeans import KMeans
from include.segmentation.segment.space.distinct_vectors import collapse_stratum
from include.segmentation.segment.space.kpi_axes import scale_values
from include.segmentation.segment.space.nearest_prototype import find_nearest, read_rule
from include.segmentation.segment.space.principal_components import NO_COMPONENTS, project_points
from include.segmentation.segment.space.thread_limit import limit_to_one_thread
from include.segmentation.segment.stratum_assignment import read_matrix

OURS, LLOYD, MINI_BATCH, ORIGINALS = "this project", "KMeans", "MiniBatchKMeans", "k-means + full silhouette"
STARTS = 10
SILHOUETTE_CUSTOMERS = 20_000
KS = range(2, 7)
SPARSE_ROWS, SPARSE_K = 13_000_000, 6


@dataclass(frozen=True)
class FittedStratum:
    """The customers of a clustered stratum.

    Attributes:
        points: float64[customers, KPIs], in the scaled space of the clustering.
        inertia: the inertia of the project's segments.
        k: the number of segments.
    """

    name: str
    points: Floats
    inertia: float
    k: int


def fit_with_project(macro_segment: str) -> dict[str, Any]:
    """Fit one macro segment with the project; return the evidence about each clustered stratum."""
    run = make_bench_run()
    summary = fit(run, macro_segment)
    model, _ = find_effective_model(run.lake, macro_segment, run.as_of)
    return {
        "seconds": summary["seconds"],
        "strata": [_describe_stratum(model, stratum.name) for stratum in _cut(model)],
    }


def fit_with_lloyd() -> dict[str, Any]:
    """Run scikit-learn's KMeans on all customers, on both cores; keep the best of ten starts."""
    from sklearn.cluster import KMeans as Everybody

    return _each(lambda k: Everybody(k, n_init=STARTS, random_state=0))


def fit_with_mini_batch() -> dict[str, Any]:
    """Run scikit-learn's MiniBatchKMeans on all customers; keep the best of ten starts."""
    from sklearn.cluster import MiniBatchKMeans

    return _each(lambda k: MiniBatchKMeans(k, n_init=STARTS, random_state=0))


def fit_as_originals() -> dict[str, Any]:
    """Run k-means and the full silhouette for each k, on a sample of a feasible size."""
    from sklearn.cluster import KMeans as Everybody
    from sklearn.metrics import silhouette_score

    stratum = next(_strata())
    points = stratum.points[:: max(len(stratum.points) // SILHOUETTE_CUSTOMERS, 1)][:SILHOUETTE_CUSTOMERS]
    began = time.perf_counter()
    for k in KS:
        silhouette_score(points, Everybody(k, n_init=STARTS, random_state=0).fit_predict(points))
    return {"seconds": time.perf_counter() - began, "customers": len(points), "stratum": stratum.name}


def fit_sparse_counts() -> dict[str, Any]:
    """Compare clustering of distinct vectors with Lloyd on every row (one start), on sparse counts."""
    from sklearn.cluster import KMeans as Everybody
    from sklearn.cluster import MiniBatchKMeans

    rows = draw_sparse_counts(SPARSE_ROWS)
    names = [f"count_{column}" for column in range(rows.shape[1])]
    table = pa.table(dict(zip(names, rows.T, strict=True)))
    points = _standardised(rows)
    del rows
    began = time.perf_counter()
    vectors = collapse_stratum(table, "true", names)
    grouped = time.perf_counter()
    distinct = np.log1p(vectors.values)
    mean = (distinct * vectors.counts[:, None]).sum(axis=0) / vectors.counts.sum()
    spread = np.sqrt(((distinct - mean) ** 2 * vectors.counts[:, None]).sum(axis=0) / vectors.counts.sum())
    with limit_to_one_thread():
        ours = KMeans((distinct - mean) / spread, vectors.counts).make_partition(SPARSE_K)
    ended = time.perf_counter()
    results: dict[str, Any] = {
        "vectors": len(vectors.counts),
        "group_seconds": grouped - began,
        "fit_seconds": ended - grouped,
    }
    for way, make in ((LLOYD, Everybody), (MINI_BATCH, MiniBatchKMeans)):
        began = time.perf_counter()
        labels = make(SPARSE_K, n_init=1, random_state=0).fit_predict(points)
        results[way] = {
            "seconds": time.perf_counter() - began,
            "inertia_of_ours": _inertia(points, labels, SPARSE_K) / ours.inertia,
        }
    return results


def _each(make: Callable[[int], Any]) -> dict[str, Any]:
    strata, seconds = [], 0.0
    for stratum in _strata():
        began = time.perf_counter()
        labels = make(stratum.k).fit_predict(stratum.points)
        seconds += time.perf_counter() - began
        inertia = _inertia(stratum.points, labels, stratum.k)
        strata.append({"stratum": stratum.name, "inertia_of_ours": inertia / stratum.inertia})
    return {"seconds": seconds, "strata": strata}


def _strata() -> Iterator[FittedStratum]:
    """Yield every clustered stratum with all its customers."""
    run = make_bench_run()
    for name in MACROS:
        model, _ = find_effective_model(run.lake, name, run.as_of)
        for stratum in _cut(model):
            columns = ", ".join(stratum.kpis)
            with duckdb.connect() as connection:
                source = MeasureArtifacts(run).locate_kpis(name).uri
                rows = connection.execute(f"SELECT {columns} FROM '{source}' WHERE {stratum.when}").to_arrow_table()
            values = read_matrix(rows, stratum.kpis)
            rule = read_rule(stratum)
            points = project_points(
                scale_values(values, stratum.axes), rule.components if len(rule.components) else NO_COMPONENTS
            )
            labels, k = find_nearest(rule, values)[0], len(stratum.segments)
            yield FittedStratum(f"{name}.{stratum.name}", points, _inertia(points, labels, k), k)


def _cut(model: Model) -> list[Any]:
    return [stratum for stratum in model.strata if stratum.axes]


def _describe_stratum(model: Model, name: str) -> dict[str, Any]:
    """Describe one stratum of a model by its evidence."""
    (stratum,) = [stratum for stratum in model.strata if stratum.name == name]
    metrics = {
        row.metric: row.value for row in model.evidence if row.stratum == name and row.k == len(stratum.segments)
    }
    return {
        "stratum": f"{model.macro_segment}.{name}",
        "customers": sum(segment.customers_at_fit for segment in stratum.segments),
        "k": len(stratum.segments),
        **{metric: metrics.get(metric) for metric in ("fitted_share", "inertia_gap", "jaccard_min", "fidelity")},
    }


def _inertia(points: Floats, labels: Any, k: int) -> float:
    """Compute the sum of squared distances to the cluster means, in the same way for every method."""
    total = 0.0
    for cluster in range(k):
        members = points[labels == cluster]
        total += float(((members - members.mean(axis=0)) ** 2).sum()) if len(members) else 0.0
    return total


def _standardised(rows: Floats) -> Floats:
    moved = np.log1p(rows)
    return np.asarray((moved - moved.mean(axis=0)) / moved.std(axis=0))


WAYS: dict[str, Callable[..., dict[str, Any]]] = {
    "fit": fit_with_project,
    "lloyd": fit_with_lloyd,
    "mini_batch": fit_with_mini_batch,
    "originals": fit_as_originals,
    "sparse": fit_sparse_counts,
}


if __name__ == "__main__":
    result = WAYS[sys.argv[1]](*sys.argv[2:])
    times = os.times()
    versions = {name: version(name) for name in ("scikit-learn", "duckdb", "numpy")}
    print(json.dumps(result | {"peak_mb": read_peak_mb(), "cpu": times.user + times.system, "versions": versions}))
