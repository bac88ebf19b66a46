"""What other algorithms would have found: a row of scores each, beside what is published. Nothing of them is frozen.

They see at most ``PEOPLE`` customers, every n-th of a larger stratum, in the space that is clustered; silhouettes are
taken in the space of the KPIs, as everywhere. Those with a number of clusters of their own have one row:
DBSCAN with a neighbourhood that reaches twice as many customers as there are dimensions (Sander et al. 1998) for all
but 5% of them, HDBSCAN with the smallest cluster that a segment may be. Who is noise to them has no silhouette.
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
    """Score the algorithms that are not published; call it inside one thread (``one_thread``).

    Args:
        stratum: its name.
        vectors: its customers.
        published: the algorithm that segments come from, which is left out here.
        labels: int64[vectors], the segments; None where the stratum stays whole.
        ks: the numbers of clusters that are looked at.

    Returns:
        Per algorithm and number of clusters: ``silhouette`` (None below two clusters), ``smallest_share``,
        ``largest_share`` and ``noise_share`` of the customers looked at, and ``adjusted_rand_index``: how far the
        labels agree with those of the segments (1 wholly, 0 by chance; absent where there are none). Of
        ``kmeans_in_plane``, k-means on two principal components, also ``silhouette_in_plane``.
    """
    taken, people = take_every_nth(vectors.counts, RIVAL_CUSTOMERS)
    seen = StratumVectors(vectors.kpis, vectors.values[taken], vectors.points[taken], vectors.projected[taken], people)
    if len(np.unique(seen.projected, axis=0)) < 2:
        return []
    segments = None if labels is None else labels[taken]
    rows = []
    for algorithm, k, found in _found(seen, published, [k for k in ks if k <= len(taken)]):
        rows += [
            Evidence(stratum=stratum, algorithm=algorithm, k=k, metric=metric, value=value)
            for metric, value in _scores(seen, found, segments).items()
        ]
    return rows + _of_plane(stratum, seen, segments, ks)


def _of_plane(stratum: str, seen: StratumVectors, segments: Integers | None, ks: Sequence[int]) -> list[Evidence]:
    """K-means in the plane of the first two principal components, which hides what is not in the plane."""
    if len(seen.kpis) < 3:
        return []
    flat = find_plane(seen.points, seen.counts).points
    in_plane = KMeans(flat, seen.counts)
    rows = []
    for k in ks:
        if k <= len(flat):
            found = in_plane.compute_labels(k)
            scores = _scores(seen, found, segments) | {
                "silhouette_in_plane": compute_silhouette(flat, seen.counts, found)
            }
            rows += [
                Evidence(stratum=stratum, algorithm="kmeans_in_plane", k=k, metric=metric, value=value)
                for metric, value in scores.items()
            ]
    return rows


def _found(seen: StratumVectors, published: AlgorithmName, ks: Sequence[int]) -> Iterator[tuple[str, int, Integers]]:
    """The labels of each algorithm and k, int64[vectors]; -1 is noise.

    The k is the one that was asked for, also where ties or an empty component have left fewer clusters.
    """
    other: AlgorithmName = "kmeans" if published == "ward" else "ward"
    partitions = make_algorithm(other, seen.projected, seen.counts)
    average = _average_linkage(seen)
    for k in ks:
        yield other, k, partitions.compute_labels(k)
        yield "average_linkage", k, average(k)
        mixture = _gaussian_mixture(seen, k)
        if mixture is not None:
            yield "gaussian_mixture", k, mixture
    for algorithm, found in {"dbscan": _dbscan(seen), "hdbscan": _hdbscan(seen)}.items():
        yield algorithm, len(np.unique(found[found != _NOISE])), found


def _average_linkage(seen: StratumVectors) -> Callable[[int], Integers]:
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(_everybody(seen), "average")
    return lambda k: _of_vectors(seen, fcluster(tree, k, "maxclust"))


def _gaussian_mixture(seen: StratumVectors, k: int) -> Integers | None:
    """None where it can not be fitted: a covariance that rounds to a singular one."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # its score then says enough
        try:
            return _of_vectors(seen, GaussianMixture(k, random_state=KMEANS_SEED).fit_predict(_everybody(seen)))
        except ValueError:
            return None


def _dbscan(seen: StratumVectors) -> Integers:
    from sklearn.cluster import DBSCAN
    from sklearn.neighbors import NearestNeighbors

    everybody = _everybody(seen)
    neighbours = min(2 * everybody.shape[1], len(everybody) - 1)
    distances = NearestNeighbors(n_neighbors=neighbours).fit(everybody).kneighbors()[0][:, -1]
    places = np.unique(seen.projected, axis=0)  # where many share a vector, or a transform puts vectors together
    apart = NearestNeighbors(n_neighbors=1).fit(places).kneighbors()[0][:, -1]
    reach = max(float(np.quantile(distances, _REACHED)), float(np.quantile(apart, _REACHED)))
    return _of_vectors(seen, DBSCAN(eps=reach, min_samples=neighbours).fit_predict(everybody))


def _hdbscan(seen: StratumVectors) -> Integers:
    from sklearn.cluster import HDBSCAN

    everybody = _everybody(seen)
    smallest = max(int(np.ceil(_SMALLEST_SHARE * len(everybody))), 2)
    return _of_vectors(seen, HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(everybody))


def _everybody(seen: StratumVectors) -> Floats:
    """float64[customers, dimensions]: most libraries know no weights."""
    return np.repeat(seen.projected, seen.counts, axis=0)


def _of_vectors(seen: StratumVectors, labels: Integers) -> Integers:
    """Labels of customers as labels of their vectors."""
    return np.asarray(labels[np.cumsum(seen.counts) - 1], dtype=np.int64)


def _scores(seen: StratumVectors, found: Integers, segments: Integers | None) -> dict[str, float | None]:
    from sklearn.metrics import adjusted_rand_score

    clear = found != _NOISE
    _, labels = np.unique(found[clear], return_inverse=True)
    sizes = np.bincount(labels, weights=seen.counts[clear]) / seen.counts.sum()
    scores: dict[str, float | None] = {
        "silhouette": compute_silhouette(seen.points[clear], seen.counts[clear], labels) if len(sizes) > 1 else None,
        "smallest_share": float(sizes.min()) if len(sizes) else None,
        "largest_share": float(sizes.max()) if len(sizes) else None,
        "noise_share": float(seen.counts[~clear].sum() / seen.counts.sum()),
    }
    if segments is not None:
        both = (np.repeat(labels_of, seen.counts) for labels_of in (segments, found))
        scores["adjusted_rand_index"] = float(adjusted_rand_score(*both))
    return scores
