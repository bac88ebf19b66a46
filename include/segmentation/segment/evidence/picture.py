"""A stratum as a picture: its customers in the plane of the first two principal components."""

import numpy as np

from include.segmentation.model import Picture
from include.segmentation.segment.cut import Cut
from include.segmentation.segment.evidence.silhouette import sample, silhouette
from include.segmentation.segment.space.pca import plane
from include.segmentation.segment.space.weighted import every_nth

_POINTS = 600


def picture(cut: Cut) -> Picture | None:
    """Draw a stratum; call it inside one thread (``one_thread``).

    The plane is that of the scaled KPIs, whatever was clustered on. Every n-th customer is drawn, in the order of
    segment and vector, so that each segment keeps its share without a die.

    Returns:
        None for a stratum that is one segment, or that was cut by one KPI.
    """
    if cut.is_whole or len(cut.vectors.kpis) < 2:
        return None
    counts = cut.vectors.counts
    flat = plane(cut.vectors.points, counts)
    order = np.argsort(cut.labels, kind="stable")
    drawn = order[every_nth(counts[order], _POINTS)[0]]
    taken, people = sample(counts, cut.labels)
    _, labels = np.unique(cut.labels[taken], return_inverse=True)
    spaces = (cut.vectors.points, flat.points)
    whole, in_plane = (silhouette(space[taken], people, labels) if labels.max() > 0 else None for space in spaces)
    return Picture(
        variance=flat.variance.tolist(),
        loadings=flat.loadings.tolist(),
        silhouette=whole,
        silhouette_in_plane=in_plane,
        points=np.round(flat.points[drawn], 2).tolist(),
        segments=cut.labels[drawn].tolist(),
    )
