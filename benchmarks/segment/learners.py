"""Learners' KPIs generated from a fixed seed, like those of the measure stage: skewed, mostly zeros, rounded.

Only study time is not rounded, so that nearly every studying learner has a distinct vector.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from include.segmentation.artifacts import MeasureArtifacts
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.run import Run

_SEED = 20250201
_PART = 1_000_000

Floats = npt.NDArray[np.float64]
Kpis = dict[str, Floats]


def make_bench_run() -> Run:
    """Make the run of the generated customers, in the lake of ``SEGMENTATION_LAKE``.

    It has no micro segments, because the benchmark compares the clustering of segments.
    """
    profile = load_profile("learning")
    macros = {name: _without_micro(macro) for name, macro in profile.macro_segments.items()}
    return Run(profile.model_copy(update={"macro_segments": macros}), "monthly", datetime(2025, 2, 1, tzinfo=UTC))


def _without_micro(macro: MacroSegment) -> MacroSegment:
    strata = [
        stratum.model_copy(update={"cluster": stratum.cluster and stratum.cluster.model_copy(update={"micro": None})})
        for stratum in macro.strata
    ]
    return macro.model_copy(update={"strata": strata})


def write_kpis(run: Run, learners: int) -> None:
    """Write the KPIs of ``learners`` generated learners as the measure stage does, one table per macro segment."""
    for name in MACROS:
        MeasureArtifacts(run).locate_kpis(name).write_table(pa.concat_tables(_generate_parts(name, learners)))


def _generate_parts(name: str, learners: int) -> Iterator[pa.Table]:
    for part, first in enumerate(range(0, learners, _PART)):
        size = min(_PART, learners - first)
        draw = np.random.default_rng([_SEED, list(MACROS).index(name), part])
        people = {
            "customer_id": pa.array(np.arange(first, first + size)).cast(pa.string()),
            "age_days": pa.array(draw.integers(0, 90, size)),
        }
        yield pa.table(people | MACROS[name](draw, size))


def draw_loyalty(draw: np.random.Generator, size: int) -> Kpis:
    """Draw loyalty: one in seven returned within the month, at roughly equal intervals."""
    visit_days = np.where(draw.random(size) < 0.05, 0, 1 + draw.geometric(0.45, size) * (draw.random(size) < 0.7))
    back = (visit_days >= 2) & (draw.random(size) < 0.23)
    returns = np.where(back, np.minimum(_draw_counts(draw, size, 2.0, 0.9), 29), 0)
    interval = np.maximum(30 / (returns + 1) * draw.lognormal(0, 0.5, size), 1)
    last = np.where(back, draw.random(size) ** 1.5 * np.minimum(interval * 1.5, 30), draw.integers(30, 90, size))
    return {
        "count_of_returns": returns.astype(float),
        "avg_days_between_returns": _mask_undefined(back, np.asarray(np.round(interval, 1), np.float64)),
        "days_since_last_visit": _mask_undefined(visit_days > 0, np.floor(last).astype(np.float64)),
        "lifetime_visit_days": np.maximum(visit_days, returns + back).astype(float),
    }


def draw_engagement(draw: np.random.Generator, size: int) -> Kpis:
    """Draw engagement: learners who only look, learners who study, and a few who complete courses."""
    ever = draw.random(size) < 0.7
    studying = ever & (draw.random(size) < 0.25)
    keen = draw.normal(0, 1, size)
    completed = studying & (draw.random(size) < 0.15)
    first_day = np.where(ever, np.floor(np.exp(1.2 + 1.1 * keen + 0.6 * draw.normal(0, 1, size))), 0)
    first_week = np.where(ever & (draw.random(size) < 0.4), _draw_counts(draw, size, 6, 1.2), 0)
    courses = np.where(completed, _draw_counts(draw, size, 1.3, 0.6), 0).astype(float)
    return {
        "topics_first_day": first_day,
        "topics_first_week": first_week.astype(float),
        "course_completions": courses,
        "study_minutes": np.where(studying, np.exp(2.2 + 0.7 * keen + 0.9 * draw.normal(0, 1, size)) + 1, 0),
        "lifetime_topics": np.where(ever, first_day + first_week + 1, 0),
        "lifetime_completions": courses,
    }


def draw_interest(draw: np.random.Generator, size: int) -> Kpis:
    """Draw interest: narrow or broad, mostly in certificates."""
    enrolling = draw.random(size) < 0.15
    broad = draw.random(size) < 0.3
    certificates = np.where(enrolling, _draw_counts(draw, size, np.where(broad, 5, 1.2), 0.6), 0)
    diplomas = np.where(enrolling & (draw.random(size) < 0.25), _draw_counts(draw, size, np.where(broad, 2, 1), 0.5), 0)
    courses = certificates + diplomas
    categories = np.minimum(np.maximum(np.round(courses ** np.where(broad, 0.9, 0.4)), enrolling), courses)
    return {
        "certificate_enrolments": certificates.astype(float),
        "diploma_enrolments": diplomas.astype(float),
        "distinct_categories": categories,
        "distinct_courses": courses.astype(float),
        "lifetime_enrolments": courses + draw.poisson(1, size).astype(float),
    }


def draw_value(draw: np.random.Generator, size: int) -> Kpis:
    """Draw value: most never look at prices; revenue is a multiple of a few prices, less a discount."""
    looked = draw.random(size) < 0.15
    ever = np.where(looked & (draw.random(size) < 0.3), draw.geometric(0.7, size), 0)
    now = np.where(ever > 0, draw.binomial(ever, 0.6), 0)
    price = draw.choice([9.0, 19.0, 29.0, 79.0, 139.0], size, p=[0.3, 0.3, 0.2, 0.15, 0.05])
    discount = draw.choice([1.0, 0.9, 0.75], size, p=[0.7, 0.2, 0.1])
    return {
        "purchases": now.astype(float),
        "cart_abandonments": np.where(looked, draw.poisson(0.8, size), 0).astype(float),
        "revenue": np.round(now * price * discount, 2),
        "pricing_page_views": np.where(looked, draw.poisson(draw.gamma(1.2, 1.8, size)), 0).astype(float),
        "lifetime_purchases": ever.astype(float),
        "lifetime_intents": np.where(looked, 1 + draw.poisson(2, size), 0).astype(float),
    }


def _draw_counts(draw: np.random.Generator, size: int, median: float | Floats, sigma: float) -> npt.NDArray[np.int64]:
    """Draw skewed whole numbers, at least 1."""
    return np.asarray(np.maximum(np.round(median * draw.lognormal(0, sigma, size)), 1), dtype=np.int64)


def _mask_undefined(defined: npt.NDArray[np.bool_], values: Floats) -> pa.Array:
    return pa.array(values, mask=~defined)


MACROS = {"loyalty": draw_loyalty, "engagement": draw_engagement, "interest": draw_interest, "value": draw_value}


def draw_sparse_counts(rows: int) -> Floats:
    """Draw skewed counts, float64[rows, 4]; 85% of the rows are all zeros."""
    parts = []
    for part, first in enumerate(range(0, rows, _PART)):
        size = min(_PART, rows - first)
        draw = np.random.default_rng([_SEED, len(MACROS), part])
        active = draw.random(size) < 0.15
        keen = draw.normal(0, 1, size)
        counts = [np.exp(middle + 0.8 * keen + 0.5 * draw.normal(0, 1, size)) for middle in (0.6, 0.9, 1.2, 0.3)]
        parts.append(np.where(active[:, None], np.floor(np.column_stack(counts)), 0))
    return np.concatenate(parts)
