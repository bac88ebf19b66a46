"""The algorithms whose clusters can be published, by the names that a profile uses."""

from typing import Literal

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.segment.cluster.kmeans import KMEANS_STARTS, KMeans
from include.segmentation.segment.cluster.partition import Algorithm
from include.segmentation.segment.cluster.ward import Ward

AlgorithmName = Literal["kmeans", "ward"]


def make_algorithm(name: AlgorithmName, points: Floats, counts: Integers, starts: int = KMEANS_STARTS) -> Algorithm:
    """An algorithm for sorted distinct vectors; call it inside one thread (``one_thread``).

    Args:
        name: which one.
        points: float64[vectors, dimensions], sorted.
        counts: int64[vectors], the customers behind each.
        starts: how many starts of k-means compete.
    """
    return Ward(points, counts) if name == "ward" else KMeans(points, counts, starts)
