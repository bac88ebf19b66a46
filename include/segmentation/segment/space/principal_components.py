"""Principal components of the scaled KPIs, for clustering where a profile asks for it, and for drawing."""

from dataclasses import dataclass

import numpy as np

from include.segmentation.common.arrays import Floats, Integers

NO_COMPONENTS: Floats = np.empty((0, 0))


def find_components(points: Floats, counts: Integers, target: int | float) -> Floats:
    """Find the directions in which the customers vary most; call it within ``limit_to_one_thread``.

    Args:
        points: float64[vectors, axes].
        counts: int64[vectors], the customers behind each.
        target: the number of components, capped at the number of axes; below 1, the share of the variance to
            explain.

    Returns:
        float64[dimensions, axes], orthonormal rows by falling variance. The sign of a component is arbitrary, so the
        largest loading of each row is made positive: every fit gives the same sign.
    """
    centered = points - (points * counts[:, None]).sum(axis=0) / counts.sum()
    variances, columns = np.linalg.eigh((centered * counts[:, None]).T @ centered)
    widest_first = np.argsort(-variances, kind="stable")
    explained = np.cumsum(variances[widest_first]) / variances.sum()
    dimensions = min(target, len(explained)) if isinstance(target, int) else int(np.searchsorted(explained, target) + 1)
    rows = columns.T[widest_first][:dimensions]
    largest = np.abs(rows).argmax(axis=1)
    return np.asarray(rows * np.sign(rows[np.arange(len(rows)), largest])[:, None])


def project_points(points: Floats, rows: Floats) -> Floats:
    """Project float64[points, axes] onto components, axis by axis so that chunks round alike.

    Without components the points are returned unchanged.
    """
    if not len(rows):
        return points
    projected = np.zeros((len(points), len(rows)))
    for column, loadings in zip(points.T, rows.T, strict=True):
        projected += column[:, None] * loadings
    return projected


@dataclass(frozen=True)
class Plane:
    """The plane of the first two principal components.

    Attributes:
        points: float64[vectors, 2], relative to the mean of all customers.
        loadings: float64[2, axes].
        variance: float64[2], the share of the variance that each component explains.
    """

    points: Floats
    loadings: Floats
    variance: Floats


def find_plane(points: Floats, counts: Integers) -> Plane:
    """Project points of two or more axes onto their plane; call it within ``limit_to_one_thread``.

    Args:
        points: float64[vectors, axes].
        counts: int64[vectors], the customers behind each.
    """
    centered = points - np.average(points, axis=0, weights=counts)
    loadings = find_components(points, counts, 2)
    flat = project_points(centered, loadings)
    whole = np.average(centered**2, axis=0, weights=counts).sum()
    return Plane(flat, loadings, np.asarray(np.average(flat**2, axis=0, weights=counts) / whole))
