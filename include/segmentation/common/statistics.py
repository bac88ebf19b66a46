"""How much of a total a few customers hold: the yardstick that groups of customers are read against."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

TOP_SHARE: Final = 0.30
_Numbers = npt.NDArray[np.floating[Any]] | npt.NDArray[np.integer[Any]]


def compute_top_share(totals: _Numbers, sizes: _Numbers) -> float:
    """The share of all totals that the top 30% of the customers hold, taken from the groups with the highest means.

    Args:
        totals: of each group, none below 0, not all 0.
        sizes: customers of each group; of the last one that is needed only a part is taken, at its mean.
    """
    order = np.argsort(-totals / np.maximum(sizes, 1), kind="stable")
    reached = np.cumsum(sizes[order])
    wanted = TOP_SHARE * reached[-1]
    part = np.clip((wanted - (reached - sizes[order])) / np.maximum(sizes[order], 1), 0.0, 1.0)
    return float((totals[order] * part).sum() / totals.sum())
