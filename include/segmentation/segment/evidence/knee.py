"""The knee of the inertia: the point beyond which more clusters bring little."""

from collections.abc import Sequence

import numpy as np


def find_knee(ks: Sequence[int], inertias: Sequence[float]) -> int | None:
    """Find the k whose point lies farthest below the straight line from the first to the last.

    V. Satopää, J. Albrecht, D. Irwin, B. Raghavan (2011), Finding a "Kneedle" in a haystack, ICDCS Workshops, 166-171,
    for a falling curve without noise.

    Args:
        ks: rising.
        inertias: the inertia at each k.

    Returns:
        None if there are fewer than three k, or if the curve is nowhere below the line.
    """
    if len(ks) < 3 or inertias[0] <= inertias[-1]:
        return None
    across = (np.array(ks, dtype=np.float64) - ks[0]) / (ks[-1] - ks[0])
    up = (np.array(inertias) - inertias[-1]) / (inertias[0] - inertias[-1])
    below = 1 - across - up
    return ks[int(below.argmax())] if below.max() > 0 else None
