"""A club and its measured customers."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from include.segmentation.artifacts import MeasureArtifacts
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run, parse_as_of

PROFILE = """
profile: {name}
title: A club
warehouse: {{connection: warehouse, schema: {name}}}
schedule: {{start: 2025-01-01, first_fit: 2025-02-01}}
sources: {{desk: {{kind: mysql, connection: desk}}}}
extracts:
  visits: {{kind: table, source: desk, table: visits, mode: append, cursor: at, primary_key: [id]}}
macro_segments:
  habit:
    label: Habit
    scale: robust
    kpis:
      visits: {{label: Visits, definition: Days., unit: visits, window: trailing 30d, transform: log1p, weight: 2,
        bands: [3, 10], band_words: [Few, Some, Many]}}
      gap: {{label: Interval, definition: Days between., unit: days, window: trailing 30d, direction: less,
        undefined_when: visits = 0, transform: {{clip: [0, 90]}}, scale: standard, weight: 1, resolution: 0.01,
        bands: [5, 20], band_words: [Short, Medium, Long]}}
    strata:
      - {{name: never, label: Never <b>came</b>, when: visits = 0}}
      - name: active
        label: Active
        when: visits >= 1
        kpis: [visits, gap]
        cluster: {{k_max: 4, micro: {{k: 2}}}}
"""
CROWDS = ((230, 30, 2), (180, 9, 25), (150, 2, 60))
"""Customers, visits and gap of each crowd."""


def write_profile(folder: Path, name: str) -> Profile:
    """Write the profile of a club into ``folder`` and load it."""
    measures = folder / "sql" / name / "measure"
    measures.mkdir(parents=True)
    for part in ("population", "habit"):
        (measures / f"{part}.sql").write_text("SELECT 1")
    (folder / f"{name}.yaml").write_text(PROFILE.format(name=name))
    return load_profile(name, folder)


def write_measures(profile: Profile) -> Run:
    """Write the measures of the first run of a club: three crowds, and 40 customers who never came."""
    run, draw = Run(profile, "monthly", parse_as_of("2025-02-01", profile)), np.random.default_rng(1)
    visits, gaps = [0.0] * 40, [None] * 40
    for size, visit, gap in CROWDS:
        visits += np.maximum(1, np.round(visit + draw.normal(0, 1, size), 2)).tolist()
        gaps += np.round(gap * np.exp(draw.normal(0, 0.1, size)), 2).tolist()
    ids = [f"c{number:04d}" for number in range(len(visits))]
    table = {"customer_id": ids, "age_days": [50] * len(ids), "visits": visits, "gap": pa.array(gaps, pa.float64())}
    MeasureArtifacts(run).locate_kpis("habit").write_table(pa.table(table))
    return run
