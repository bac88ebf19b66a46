"""Which segments of a division are alike: their dendrogram, joined pair by pair until one is left.

Ward's criterion between clusters of any size (J. H. Ward 1963, Hierarchical grouping to optimize an objective function,
Journal of the American Statistical Association 58, 236-244): joining two clusters of n and m customers adds
n m / (n + m) times the squared distance of their means to the spread inside of clusters; the pair that adds least joins
first. Libraries begin with single points of one weight; segments are of many sizes, and few, so it is done here.
"""

from collections.abc import Mapping
from itertools import combinations

from include.segmentation.common.arrays import Floats
from include.segmentation.model.model import SegmentJoin
from include.segmentation.segment.stratum_cut import StratumCut


def find_joins(cut: StratumCut) -> list[SegmentJoin]:
    """The joins of a cut's segments, the most alike first: one less than there are segments.

    Their height is the share of the customers' spread in the space of the KPIs that is lost when all joins up to this
    one are made.
    """
    if cut.is_whole:
        return []
    weights = cut.vectors.counts / cut.vectors.counts.sum()
    spread = float((weights @ (cut.vectors.points - weights @ cut.vectors.points) ** 2).sum())
    shares = cut.sizes / cut.sizes.sum()
    nodes = {i: (float(share), mean) for i, (share, mean) in enumerate(zip(shares, cut.centroids, strict=True))}
    found: list[SegmentJoin] = []
    lost = 0.0
    while len(nodes) > 1:
        left, right = min(combinations(sorted(nodes), 2), key=lambda pair: _cost(nodes, *pair))
        lost += _cost(nodes, left, right)
        found.append(SegmentJoin(left=left, right=right, height=round(lost / spread, 6)))
        (n, one), (m, other) = nodes.pop(left), nodes.pop(right)
        nodes[len(cut.sizes) + len(found) - 1] = (n + m, (n * one + m * other) / (n + m))
    return found


def _cost(nodes: Mapping[int, tuple[float, Floats]], left: int, right: int) -> float:
    (n, one), (m, other) = nodes[left], nodes[right]
    return n * m / (n + m) * float(((one - other) ** 2).sum())
