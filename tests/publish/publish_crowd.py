"""A crowd for the shop, segments by rule, and a grid beside them."""

from typing import Any

from publish_shop import Customer

GRID: dict[str, Any] = {
    "label": "Buying",
    "when": "purchases >= 1",
    "scores": {
        "f": {"kpi": "purchases", "label": "Frequency", "classes": 3, "own_class": 1},
        "m": {"kpi": "revenue", "label": "Money", "classes": 2},
    },
    "rows": "m",
    "columns": "f",
    "cells": [
        {"name": "once", "label": "Once", "scores": {"m": [1, 2], "f": 1}, "recommended_action": "Write."},
        {"name": "small", "label": "Small", "scores": {"m": 1, "f": [2, 3]}, "owner": "sales"},
        {"name": "large", "label": "Large", "scores": {"m": 2, "f": [2, 3]}},
    ],
}
STRATA = [
    {"name": "never", "label": "Never bought", "when": "purchases = 0"},
    {"name": "little", "label": "Bought little", "when": "purchases >= 1 AND revenue < 60"},
    {"name": "much", "label": "Bought much", "when": "purchases >= 1 AND revenue >= 60"},
]
CROWD = {
    **{f"never{n}": Customer(visits=n) for n in range(20)},
    **{f"once{n}": Customer(purchases=1, revenue=float(n)) for n in range(1, 121)},
    **{f"often{n}": Customer(purchases=4 + n % 3, revenue=200.0 + n, visits=1) for n in range(120)},
}
