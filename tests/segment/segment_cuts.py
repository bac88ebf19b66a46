"""Strata that are cut as a test says."""

import numpy as np
from hypothesis import strategies as st

from include.segmentation.profile.kpis import Kpi
from include.segmentation.profile.strata import Stratum
from include.segmentation.segment.space.nearest_prototype import NearestRule
from include.segmentation.segment.space.principal_components import NO_COMPONENTS
from include.segmentation.segment.space.stratum_vectors import StratumVectors
from include.segmentation.segment.stratum_cut import StratumCut

WORDS = ["None", "Low", "Medium", "High", "Top"]


def cut_of(values, counts, labels, bands, name="all", when="a >= 0", resolution=0.5):
    """A stratum that is cut as the labels say; KPI a, b, … with the bands given."""
    kpis = {
        chr(97 + i): Kpi(
            **{"label": f"Kpi {chr(97 + i).upper()}", "definition": "", "unit": "days", "window": "lifetime"},
            **{"resolution": resolution, "bands": edges, "band_words": WORDS[: len(edges) + 1]},
        )
        for i, edges in enumerate(bands)
    }
    values, labels = np.asarray(values, float), np.asarray(labels)
    points = (values - values.mean(axis=0)) / (values.std(axis=0) + 1)
    vectors = StratumVectors(kpis, values, points, points, np.asarray(counts))
    centroids = np.array([points[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
    stratum = Stratum(name=name, label="Here", when=when)
    sizes = np.bincount(labels, weights=vectors.counts).astype(int)
    return StratumCut(stratum, vectors, NearestRule([], NO_COMPONENTS, []), labels, centroids, sizes, [], "")


@st.composite
def strata(draw):
    """Any distinct vectors of one to five KPIs, any bands, any labels."""
    kpis = draw(st.integers(1, 5))
    vectors = draw(
        st.lists(st.lists(st.integers(0, 40), min_size=kpis, max_size=kpis), min_size=4, max_size=60, unique_by=tuple)
    )
    k = draw(st.integers(2, min(6, len(vectors))))
    labels = list(range(k)) + draw(
        st.lists(st.integers(0, k - 1), min_size=len(vectors) - k, max_size=len(vectors) - k)
    )
    counts = draw(st.lists(st.integers(10, 60), min_size=len(vectors), max_size=len(vectors)))
    edges = st.lists(st.integers(1, 40), min_size=1, max_size=4, unique=True).map(sorted)
    bands = [draw(edges) for _ in range(kpis)]
    return cut_of(np.array(vectors) / 2, counts, labels, bands)
