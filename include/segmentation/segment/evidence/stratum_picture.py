"""A picture of a stratum: its customers in the plane of the first two principal components."""

import numpy as np

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.model.model import StratumPicture
from include.segmentation.segment.evidence.silhouette import compute_silhouettes, sample_clusters
from include.segmentation.segment.space.principal_components import find_plane
from include.segmentation.segment.space.weighted_statistics import take_every_nth
from include.segmentation.segment.stratum_cut import StratumCut

_POINTS = 600
_BARS = 400


def draw_picture(cut: StratumCut) -> StratumPicture | None:
    """Draw a stratum; call it within ``limit_to_one_thread``.

    The plane is that of the scaled KPIs, even if other components were clustered. Every n-th customer is drawn, in the
    order of segment and vector, so that each segment keeps its share.

    Returns:
        None for a stratum that is one segment, or that was cut by one KPI.
    """
    if cut.is_whole or len(cut.vectors.kpis) < 2:
        return None
    counts = cut.vectors.counts
    plane = find_plane(cut.vectors.points, counts)
    order = np.argsort(cut.labels, kind="stable")
    drawn = order[take_every_nth(counts[order], _POINTS)[0]]
    sample, sizes = sample_clusters(counts, cut.labels)
    owners, labels = np.unique(cut.labels[sample], return_inverse=True)
    spaces = (cut.vectors.points, plane.points) if len(owners) > 1 else ()
    scores = [compute_silhouettes(space[sample], sizes, labels) for space in spaces]
    whole, in_plane = (float(np.average(each, weights=sizes)) for each in scores) if scores else (None, None)
    return StratumPicture(
        variance=plane.variance.tolist(),
        loadings=plane.loadings.tolist(),
        silhouette=whole,
        silhouette_in_plane=in_plane,
        silhouettes=_list_silhouettes(scores[0], sizes, cut.labels[sample], int(cut.labels.max()) + 1)
        if scores
        else [],
        points=np.round(plane.points[drawn], 2).tolist(),
        segments=cut.labels[drawn].tolist(),
    )


def _list_silhouettes(scores: Floats, sizes: Integers, labels: Integers, segments: int) -> list[list[float]]:
    """List every n-th customer's silhouette, segment by segment, highest first."""
    step = -(-int(sizes.sum()) // _BARS)
    scores_by_segment = []
    for segment in range(segments):
        own = labels == segment
        falling = np.sort(np.repeat(scores[own], sizes[own]))[::-1]
        scores_by_segment.append(np.round(falling[step // 2 :: step], 3).tolist())
    return scores_by_segment
