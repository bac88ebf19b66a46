"""A macro segment with a grid of three by four classes, and customers to put on it."""

from typing import Any

import pyarrow as pa

from include.segmentation.profile.macro_segments import MacroSegment

_KPI = {"definition": "Made up.", "window": "lifetime", "rule_only": True}
KPIS: dict[str, Any] = {
    "orders": {**_KPI, "label": "Orders", "unit": "orders"},
    "days": {**_KPI, "label": "Last order", "unit": "days", "direction": "less", "undefined_when": "orders = 0"},
    "balance": {**_KPI, "label": "Balance", "unit": "EUR", "resolution": 0.01, "minimum": None},
}
CELLS: list[dict[str, Any]] = [
    {"name": "lately", "label": "Lately", "scores": {"r": 3, "f": [1, 4]}},
    {"name": "long_ago", "label": "Long ago", "scores": {"r": [1, 2], "f": [1, 2]}},
    {"name": "missed", "label": "Missed", "scores": {"r": [1, 2], "f": [3, 4]}, "recommended_action": "Call."},
]
GRID: dict[str, Any] = {
    "label": "Grid",
    "when": "orders >= 1",
    "scores": {
        "r": {"kpi": "days", "label": "Recency", "classes": 3},
        "f": {"kpi": "orders", "label": "Frequency", "classes": 4, "own_class": 1},
        "m": {"kpi": "balance", "label": "Money", "classes": 2},
    },
    "rows": "r",
    "columns": "f",
    "cells": CELLS,
}


def macro_with(**changes: Any) -> MacroSegment:
    """The macro segment, some keys of its grid replaced."""
    strata = [{"name": "all", "label": "All", "when": "orders >= 0"}]
    return MacroSegment.model_validate({"label": "M", "kpis": KPIS, "strata": strata, "grid": GRID | changes})


def people(rows: list[tuple[int, int, float]]) -> pa.Table:
    """Customers by orders, days since the last one and balance."""
    orders, days, balance = zip(*rows, strict=True) if rows else ((), (), ())
    undefined = [day if order else None for order, day in zip(orders, days, strict=True)]
    found = {"orders": orders, "days": undefined, "balance": balance, "age_days": [9] * len(rows)}
    return pa.table({name: pa.array(values, pa.float64()) for name, values in found.items()})
