"""Principal components of the scaled KPIs: to cluster on, where a profile asks for it, and to draw."""

from dataclasses import dataclass

import numpy as np

from include.segmentation.common.arrays import Floats, Integers

NO_COMPONENTS: Floats = np.empty((0, 0))


def find_components(points: Floats, counts: Integers, wanted: int | float) -> Floats:
    """The directions in which the customers differ most; call it inside one thread (``one_thread``).

    Args:
        points: float64[vectors, axes].
        counts: int64[vectors], the customers behind each.
        wanted: how many, at most one per axis; or the share of the variance that they hold together, below 1.

    Returns:
        float64[dimensions, axes], orthonormal rows, the widest first. The largest loading of a row is positive: the
        sign of a component means nothing, but has to be the same at every fit.
    """
    centered = points - (points * counts[:, None]).sum(axis=0) / counts.sum()
    variances, columns = np.linalg.eigh((centered * counts[:, None]).T @ centered)
    widest_first = np.argsort(-variances, kind="stable")
    held = np.cumsum(variances[widest_first]) / variances.sum()
    dimensions = min(wanted, len(held)) if isinstance(wanted, int) else int(np.searchsorted(held, wanted) + 1)
    rows = columns.T[widest_first][:dimensions]
    largest = np.abs(rows).argmax(axis=1)
    return np.asarray(rows * np.sign(rows[np.arange(len(rows)), largest])[:, None])


def project(points: Floats, rows: Floats) -> Floats:
    """Bring float64[points, axes] onto components, added up axis by axis; unchanged where there are none."""
    if not len(rows):
        return points
    found = np.zeros((len(points), len(rows)))
    for column, loadings in zip(points.T, rows.T, strict=True):
        found += column[:, None] * loadings
    return found


@dataclass(frozen=True)
class Plane:
    """The first two principal components.

    Attributes:
        points: float64[vectors, 2], from the mean of all customers.
        loadings: float64[2, axes].
        variance: float64[2], the share of the variance that each holds.
    """

    points: Floats
    loadings: Floats
    variance: Floats


def find_plane(points: Floats, counts: Integers) -> Plane:
    """Flatten two axes or more; call it inside one thread (``one_thread``).

    Args:
        points: float64[vectors, axes].
        counts: int64[vectors], the customers behind each.
    """
    centered = points - np.average(points, axis=0, weights=counts)
    loadings = find_components(points, counts, 2)
    flat = project(centered, loadings)
    whole = np.average(centered**2, axis=0, weights=counts).sum()
    return Plane(flat, loadings, np.asarray(np.average(flat**2, axis=0, weights=counts) / whole))
