"""How concentrated a total is among a few customers: the baseline for judging groups of customers."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

TOP_SHARE: Final = 0.30
_Numbers = npt.NDArray[np.floating[Any]] | npt.NDArray[np.integer[Any]]


def compute_top_share(totals: _Numbers, sizes: _Numbers) -> float:
    """Compute the share of the total that the top 30% of the customers hold, taking groups by falling mean.

    Args:
        totals: the total of each group, none negative, not all 0.
        sizes: the customers of each group. The last group needed counts in part, at its mean.
    """
    order = np.argsort(-totals / np.maximum(sizes, 1), kind="stable")
    running = np.cumsum(sizes[order])
    limit = TOP_SHARE * running[-1]
    part = np.clip((limit - (running - sizes[order])) / np.maximum(sizes[order], 1), 0.0, 1.0)
    return float((totals[order] * part).sum() / totals.sum())
