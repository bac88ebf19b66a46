"""Customers made up by tests, as the vectors that a stratum is cut by."""

import numpy as np

from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.segment.space.kpi_axes import fit_axes, scale_values
from include.segmentation.segment.space.principal_components import NO_COMPONENTS, find_components, project_points
from include.segmentation.segment.space.stratum_vectors import StratumVectors


def macro_of(columns, transform="none", scale="standard", weights=None) -> MacroSegment:
    """A macro segment of so many KPIs, all declared alike, in a stratum that takes everyone."""
    names = [f"kpi_{column}" for column in range(columns)]
    kpi = {"label": "X", "definition": "x", "unit": "x", "window": "lifetime", "transform": transform}
    kpi |= {"minimum": None if transform in ("none", "asinh", "quantile") or isinstance(transform, dict) else 0}
    kpi |= {"bands": [1], "band_words": ["Low", "High"]}
    kpis = {name: kpi | {"weight": weights[i] if weights else None} for i, name in enumerate(names)}
    everyone = {"name": "all", "label": "All", "when": "age_days >= 0", "kpis": names, "cluster": "auto"}
    return MacroSegment.model_validate({"label": "Made", "scale": scale, "kpis": kpis, "strata": [everyone]})


def vectors_of(values, transform="none", scale="standard", pca=None) -> StratumVectors:
    """Distinct sorted vectors of float64[customers, KPIs], and the customers behind each."""
    distinct, counts = np.unique(values, axis=0, return_counts=True)
    macro = macro_of(distinct.shape[1], transform, scale)
    axes, constant = fit_axes(distinct, counts, list(macro.kpis), macro, "all")
    assert not constant
    points = scale_values(distinct, axes)
    rows = find_components(points, counts, pca) if pca else NO_COMPONENTS
    return StratumVectors(dict(macro.kpis), distinct, points, project_points(points, rows), counts)
