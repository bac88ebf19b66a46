"""The algorithms whose clusters can be published, by their names in a profile."""

from typing import Literal

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.segment.cluster.kmeans import KMEANS_STARTS, KMeans
from include.segmentation.segment.cluster.partition import Algorithm
from include.segmentation.segment.cluster.ward import Ward

AlgorithmName = Literal["kmeans", "ward"]


def make_algorithm(name: AlgorithmName, points: Floats, counts: Integers, starts: int = KMEANS_STARTS) -> Algorithm:
    """Make an algorithm for sorted distinct vectors; call it within ``limit_to_one_thread``.

    Args:
        name: its name in a profile.
        points: float64[vectors, dimensions], sorted.
        counts: int64[vectors], the customers behind each.
        starts: the number of competing k-means starts.
    """
    return Ward(points, counts) if name == "ward" else KMeans(points, counts, starts)
