"""Scores of other algorithms, as a comparison with the published one. Their clusters are not frozen.

They see at most ``RIVAL_CUSTOMERS`` customers, every n-th of a larger stratum, in the space of clustering. Silhouettes
are measured in the space of the KPIs, as everywhere. Algorithms that choose the number of clusters themselves have one
row: DBSCAN with a neighbourhood that reaches twice as many customers as there are dimensions (Sander et al. 1998) for
95% of the customers, and HDBSCAN whose smallest cluster is that of a segment. Noise has no silhouette.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.model.model import Evidence
from include.segmentation.segment.cluster.algorithms import AlgorithmName, make_algorithm
from include.segmentation.segment.cluster.kmeans import KMEANS_SEED, KMeans
from include.segmentation.segment.evidence.silhouette import compute_silhouette
from include.segmentation.segment.space.principal_components import find_plane
from include.segmentation.segment.space.stratum_vectors import StratumVectors
from include.segmentation.segment.space.weighted_statistics import take_every_nth

RIVAL_CUSTOMERS = 2_000
_SMALLEST_SHARE = 0.02
_REACHED = 0.95
_NOISE = -1


def score_rivals(
    stratum: str, vectors: StratumVectors, published: AlgorithmName, labels: Integers | None, ks: Sequence[int]
) -> list[Evidence]:
    """Score the algorithms that are not published; call it within ``limit_to_one_thread``.

    Args:
        stratum: its name.
        vectors: its customers.
        published: the published algorithm, which is left out here.
        labels: int64[vectors], the segments; None if the stratum stays whole.
        ks: the numbers of clusters to try.

    Returns:
        Per algorithm and number of clusters: ``silhouette`` (None below two clusters), ``smallest_share``,
        ``largest_share`` and ``noise_share`` of the sampled customers, and ``adjusted_rand_index``: the agreement with
        the segments (1 complete, 0 by chance; absent without segments). For ``kmeans_in_plane``, k-means on two
        principal components, also ``silhouette_in_plane``.
    """
    chosen, sizes = take_every_nth(vectors.counts, RIVAL_CUSTOMERS)
    sample = StratumVectors(
        vectors.kpis,
        vectors.values[chosen],
        vectors.points[chosen],
        vectors.projected[chosen],
        sizes,
    )
    if len(np.unique(sample.projected, axis=0)) < 2:
        return []
    segments = None if labels is None else labels[chosen]
    rows = []
    for algorithm, k, clusters in _cluster_sample(sample, published, [k for k in ks if k <= len(chosen)]):
        rows += [
            Evidence(stratum=stratum, algorithm=algorithm, k=k, metric=metric, value=value)
            for metric, value in _score_clusters(sample, clusters, segments).items()
        ]
    return rows + _score_plane(stratum, sample, segments, ks)


def _score_plane(stratum: str, sample: StratumVectors, segments: Integers | None, ks: Sequence[int]) -> list[Evidence]:
    """Score k-means in the plane of the first two principal components, which hides all other dimensions."""
    if len(sample.kpis) < 3:
        return []
    flat = find_plane(sample.points, sample.counts).points
    in_plane = KMeans(flat, sample.counts)
    rows = []
    for k in ks:
        if k <= len(flat):
            clusters = in_plane.compute_labels(k)
            scores = _score_clusters(sample, clusters, segments) | {
                "silhouette_in_plane": compute_silhouette(flat, sample.counts, clusters)
            }
            rows += [
                Evidence(stratum=stratum, algorithm="kmeans_in_plane", k=k, metric=metric, value=value)
                for metric, value in scores.items()
            ]
    return rows


def _cluster_sample(
    sample: StratumVectors, published: AlgorithmName, ks: Sequence[int]
) -> Iterator[tuple[str, int, Integers]]:
    """Yield the labels of each algorithm and k, int64[vectors]; -1 is noise.

    k is the requested number, even if ties or an empty component left fewer clusters.
    """
    other: AlgorithmName = "kmeans" if published == "ward" else "ward"
    partitions = make_algorithm(other, sample.projected, sample.counts)
    average = _link_by_average(sample)
    for k in ks:
        yield other, k, partitions.compute_labels(k)
        yield "average_linkage", k, average(k)
        mixture = _fit_mixture(sample, k)
        if mixture is not None:
            yield "gaussian_mixture", k, mixture
    for algorithm, clusters in {"dbscan": _run_dbscan(sample), "hdbscan": _run_hdbscan(sample)}.items():
        yield algorithm, len(np.unique(clusters[clusters != _NOISE])), clusters


def _link_by_average(sample: StratumVectors) -> Callable[[int], Integers]:
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(_expand_customers(sample), "average")
    return lambda k: _reduce_to_vectors(sample, fcluster(tree, k, "maxclust"))


def _fit_mixture(sample: StratumVectors, k: int) -> Integers | None:
    """Return None if the mixture cannot be fitted because a covariance rounds to a singular one."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the score shows it
        try:
            return _reduce_to_vectors(
                sample, GaussianMixture(k, random_state=KMEANS_SEED).fit_predict(_expand_customers(sample))
            )
        except ValueError:
            return None


def _run_dbscan(sample: StratumVectors) -> Integers:
    from sklearn.cluster import DBSCAN
    from sklearn.neighbors import NearestNeighbors

    customers = _expand_customers(sample)
    neighbours = min(2 * customers.shape[1], len(customers) - 1)
    distances = NearestNeighbors(n_neighbors=neighbours).fit(customers).kneighbors()[0][:, -1]
    places = np.unique(sample.projected, axis=0)  # many customers may share a place
    apart = NearestNeighbors(n_neighbors=1).fit(places).kneighbors()[0][:, -1]
    reach = max(float(np.quantile(distances, _REACHED)), float(np.quantile(apart, _REACHED)))
    return _reduce_to_vectors(sample, DBSCAN(eps=reach, min_samples=neighbours).fit_predict(customers))


def _run_hdbscan(sample: StratumVectors) -> Integers:
    from sklearn.cluster import HDBSCAN

    customers = _expand_customers(sample)
    smallest = max(int(np.ceil(_SMALLEST_SHARE * len(customers))), 2)
    return _reduce_to_vectors(sample, HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(customers))


def _expand_customers(sample: StratumVectors) -> Floats:
    """Return float64[customers, dimensions], because most libraries do not support weights."""
    return np.repeat(sample.projected, sample.counts, axis=0)


def _reduce_to_vectors(sample: StratumVectors, labels: Integers) -> Integers:
    """Reduce labels of customers to labels of their vectors."""
    return np.asarray(labels[np.cumsum(sample.counts) - 1], dtype=np.int64)


def _score_clusters(sample: StratumVectors, clusters: Integers, segments: Integers | None) -> dict[str, float | None]:
    from sklearn.metrics import adjusted_rand_score

    is_clustered = clusters != _NOISE
    _, labels = np.unique(clusters[is_clustered], return_inverse=True)
    sizes = np.bincount(labels, weights=sample.counts[is_clustered]) / sample.counts.sum()
    scores: dict[str, float | None] = {
        "silhouette": compute_silhouette(sample.points[is_clustered], sample.counts[is_clustered], labels)
        if len(sizes) > 1
        else None,
        "smallest_share": float(sizes.min()) if len(sizes) else None,
        "largest_share": float(sizes.max()) if len(sizes) else None,
        "noise_share": float(sample.counts[~is_clustered].sum() / sample.counts.sum()),
    }
    if segments is not None:
        both = (np.repeat(labels_of, sample.counts) for labels_of in (segments, clusters))
        scores["adjusted_rand_index"] = float(adjusted_rand_score(*both))
    return scores
