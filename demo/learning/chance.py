"""Random numbers from a seed and a name, so that one part of the platform does not affect another."""

import zlib

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def make_stream(seed: int, name: str) -> np.random.Generator:
    """Make the random number generator of one part, such as ``visits``."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def draw_skewed(
    rng: np.random.Generator, low: ArrayLike, high: ArrayLike, size: int, *, median: float = 2.0, sigma: float = 1.0
) -> Ints:
    """Draw skewed integers in [low, high]: a log-normal count above ``low``, truncated at ``high``.

    Args:
        rng: the random number generator.
        low: the lowest value, common or per draw.
        high: the highest value, at least ``low``.
        size: the number of values.
        median: the median before truncation, where 1 corresponds to ``low``.
        sigma: the standard deviation on the log scale; larger values give a longer tail.
    """
    low, high = np.asarray(low, dtype=np.int64), np.asarray(high, dtype=np.int64)
    center = np.log(median)
    bottom = ndtr((np.log(1.0) - center) / sigma)
    top = ndtr((np.log(high - low + 2.0) - center) / sigma)
    steps = np.exp(center + sigma * ndtri(bottom + rng.random(size) * (top - bottom)))
    clipped: Ints = np.clip(low + steps.astype(np.int64) - 1, low, high)
    return clipped


def assign_by_rank(values: Ints, score: Floats) -> Ints:
    """Reorder the values so that a higher score gets a higher value."""
    reordered = np.empty_like(values)
    reordered[np.argsort(score, kind="stable")] = np.sort(values)
    return reordered


def draw_correlated(rng: np.random.Generator, activity: Floats, strength: float) -> Floats:
    """Draw a standard normal score with correlation ``strength`` to ``activity``."""
    scores: Floats = strength * activity + np.sqrt(1 - strength**2) * rng.standard_normal(len(activity))
    return scores


def deal_groups(score: Floats, sizes: ArrayLike) -> Ints:
    """Divide learners by ascending score into groups of ``sizes``; return each learner's group number."""
    counts = np.asarray(sizes, dtype=np.int64)
    groups = np.empty(len(score), dtype=np.int64)
    groups[np.argsort(score, kind="stable")] = np.repeat(np.arange(len(counts)), counts)
    return groups
