"""Random numbers that depend on the seed and a name only, so that one part of the platform never shifts another."""

import zlib

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def make_stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one part, such as ``visits``."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def draw_skewed(
    rng: np.random.Generator, low: ArrayLike, high: ArrayLike, size: int, *, median: float = 2.0, sigma: float = 1.0
) -> Ints:
    """Integers in [low, high], many low and few high: a log-normal count above ``low``, truncated at ``high``.

    Args:
        rng: where chance comes from.
        low: the lowest value, one for all or one each.
        high: the highest value, at least ``low``.
        size: how many values.
        median: of the log-normal before truncation, where 1 is ``low`` itself.
        sigma: its spread on the log scale; the larger, the longer the tail.
    """
    low, high = np.asarray(low, dtype=np.int64), np.asarray(high, dtype=np.int64)
    center = np.log(median)
    bottom = ndtr((np.log(1.0) - center) / sigma)
    top = ndtr((np.log(high - low + 2.0) - center) / sigma)
    steps = np.exp(center + sigma * ndtri(bottom + rng.random(size) * (top - bottom)))
    clipped: Ints = np.clip(low + steps.astype(np.int64) - 1, low, high)
    return clipped


def assign_by_rank(values: Ints, score: Floats) -> Ints:
    """The same values, handed out so that the higher score gets the higher value."""
    handed = np.empty_like(values)
    handed[np.argsort(score, kind="stable")] = np.sort(values)
    return handed


def draw_correlated(rng: np.random.Generator, activity: Floats, strength: float) -> Floats:
    """A standard normal score correlated with ``activity`` by ``strength``."""
    scores: Floats = strength * activity + np.sqrt(1 - strength**2) * rng.standard_normal(len(activity))
    return scores


def deal_groups(score: Floats, sizes: ArrayLike) -> Ints:
    """Cut learners into groups of the given sizes by rising score; returns each learner's group number."""
    counts = np.asarray(sizes, dtype=np.int64)
    groups = np.empty(len(score), dtype=np.int64)
    groups[np.argsort(score, kind="stable")] = np.repeat(np.arange(len(counts)), counts)
    return groups
