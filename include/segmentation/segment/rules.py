"""The rule of a segment, as SQL that labels exactly as ``score`` does, and in words."""

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np

from include.segmentation.macro_segment import Kpi
from include.segmentation.segment.cut import Cut
from include.segmentation.segment.kmeans import TIE
from include.segmentation.segment.names import number
from include.segmentation.segment.scale import Floats


def rule_sql(cut: Cut, ordinal: int) -> str:
    """A condition over the KPIs, valid in PostgreSQL and DuckDB, that holds for the segment's customers only.

    The squared distance to a centroid is a term that all centroids share plus an expression that is linear in the
    transformed KPIs; so the nearest centroid is the one whose linear expression is smallest. On a tie the lower
    ordinal wins.
    """
    if not cut.kpis:
        return f"({cut.stratum.when})"
    costs = [_cost(cut, centroid) for centroid in cut.centroids]
    rest = _least(costs[ordinal:])
    conditions = [f"({cut.stratum.when})"]
    if ordinal < len(costs) - 1:
        conditions.append(f"{costs[ordinal]} <= {rest} + {TIE!r}")
    if ordinal > 0:
        conditions.append(f"{_least(costs[:ordinal])} > {rest} + {TIE!r}")
    return " AND ".join(conditions)


def rule_words(cut: Cut, ordinal: int, kpis: dict[str, Kpi]) -> str:
    """The rule for people: the stratum's condition with the KPIs' labels, and the typical values of the segment.

    Args:
        cut: the stratum as it was cut.
        ordinal: the segment, from 0.
        kpis: every KPI of the macro segment.
    """
    condition = re.sub(r"\b[a-z][a-z0-9_]*\b", lambda found: _label(found[0], kpis), cut.stratum.when)
    if not cut.kpis:
        return condition
    typical = (
        f"{kpi.label} {number(value)} {kpi.unit}"
        for kpi, value in zip(cut.kpis.values(), cut.scale.undo(cut.centroids[ordinal]), strict=True)
    )
    return f"{condition}; and closer to {', '.join(typical)} than to any other segment of '{cut.stratum.label}'"


def _label(word: str, kpis: dict[str, Kpi]) -> str:
    return kpis[word].label if word in kpis else {"age_days": "Age In Days"}.get(word, word)


def _cost(cut: Cut, centroid: Floats) -> str:
    spread, center = np.array(cut.scale.spread), np.array(cut.scale.center)
    slopes = -2 * centroid / spread
    constant = float((centroid**2 + 2 * centroid * center / spread).sum())
    terms = [
        f"{_literal(float(slope))} * {_transformed(kpi, transform)}"
        for kpi, transform, slope in zip(cut.kpis, cut.scale.transforms, slopes, strict=True)
    ]
    return f"({' + '.join([_literal(constant), *terms])})"


def _transformed(kpi: str, transform: Literal["none", "log1p"]) -> str:
    return f"ln(1 + {kpi})" if transform == "log1p" else kpi


def _literal(value: float) -> str:
    """With an exponent, so that no database takes the number for a DECIMAL of its own width."""
    text = repr(value)
    return text if "e" in text else f"{text}e0"


def _least(costs: Sequence[str]) -> str:
    return costs[0] if len(costs) == 1 else f"least({', '.join(costs)})"
