"""The similarity of the segments of a division: their dendrogram, joined pair by pair until one remains.

Ward's criterion for clusters of any size (J. H. Ward 1963, Hierarchical grouping to optimize an objective function,
Journal of the American Statistical Association 58, 236-244): joining clusters of n and m customers adds n m / (n + m)
times the squared distance of their means to the spread within clusters; the cheapest pair joins first. It is computed
here because libraries start from single points of equal weight.
"""

from collections.abc import Mapping
from itertools import combinations

from include.segmentation.common.arrays import Floats
from include.segmentation.model.model import SegmentJoin
from include.segmentation.segment.stratum_cut import StratumCut


def find_joins(cut: StratumCut) -> list[SegmentJoin]:
    """Join a cut's segments, the most similar first: one join fewer than there are segments.

    A join's height is the share of the customers' spread that this and all earlier joins lose.
    """
    if cut.is_whole:
        return []
    weights = cut.vectors.counts / cut.vectors.counts.sum()
    spread = float((weights @ (cut.vectors.points - weights @ cut.vectors.points) ** 2).sum())
    shares = cut.sizes / cut.sizes.sum()
    nodes = {i: (float(share), mean) for i, (share, mean) in enumerate(zip(shares, cut.centroids, strict=True))}
    joins: list[SegmentJoin] = []
    lost = 0.0
    while len(nodes) > 1:
        left, right = min(combinations(sorted(nodes), 2), key=lambda pair: _compute_join_cost(nodes, *pair))
        lost += _compute_join_cost(nodes, left, right)
        joins.append(SegmentJoin(left=left, right=right, height=round(lost / spread, 6)))
        (n, one), (m, other) = nodes.pop(left), nodes.pop(right)
        nodes[len(cut.sizes) + len(joins) - 1] = (n + m, (n * one + m * other) / (n + m))
    return joins


def _compute_join_cost(nodes: Mapping[int, tuple[float, Floats]], left: int, right: int) -> float:
    (n, one), (m, other) = nodes[left], nodes[right]
    return n * m / (n + m) * float(((one - other) ** 2).sum())
