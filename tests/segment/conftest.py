"""A business of two lines, and runs of it whose measured customers the tests make up."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from include.segmentation.artifacts import MeasureArtifacts
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run, parse_as_of

PROFILE = """
profile: {name}
title: A test business
warehouse: {{connection: warehouse, schema: {name}}}
schedule: {{start: 2025-01-01, first_fit: 2025-02-01}}
sources: {{shop: {{kind: mysql, connection: shop}}}}
extracts:
  visits: {{kind: table, source: shop, table: visits, mode: append, cursor: at, primary_key: [id]}}
cohort_months: {cohort_months}
macro_segments:
{macros}
"""

HABIT = """
  habit:
    label: Habit
    scale: standard
    kpis:
      visits:
        label: Visits
        definition: Days with a visit.
        unit: visits
        window: trailing 30d
        bands: [3, 10]
        band_words: [Few, Some, Many]
      gap:
        label: Interval
        definition: Mean days between visits.
        unit: days
        window: trailing 30d
        direction: less
        undefined_when: visits = 0
        transform: log1p
        bands: [5, 20]
        band_words: [Short, Medium, Long]
    strata:
      - {name: never, label: Never came, when: visits = 0}
      - name: active
        label: Active
        when: visits >= 1
        kpis: [visits, gap]
        cluster: {k_max: 4}
"""


@pytest.fixture
def habit() -> str:
    """The YAML of the macro segment that ``make_profile`` declares, to be changed."""
    return HABIT


@pytest.fixture
def make_profile(tmp_path: Path, lake_root: Path) -> Callable[..., Profile]:
    """Write a profile made of ``macros`` (YAML) and load it from outside."""

    def make(macros: str = HABIT, name: str = "tiny", cohort_months: int = 0) -> Profile:
        folder = tmp_path / "profiles"
        measures = folder / "sql" / name / "measure"
        measures.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.yaml").write_text(PROFILE.format(name=name, macros=macros, cohort_months=cohort_months))
        for line in macros.splitlines():
            if line.startswith("  ") and not line.startswith("   ") and line.endswith(":"):
                (measures / f"{line.strip(' :')}.sql").write_text("SELECT 1")
        (measures / "population.sql").write_text("SELECT 1")
        return load_profile(name, folder)

    return make


@pytest.fixture
def at() -> Callable[..., Run]:
    """A monthly run of a profile."""

    def run(profile: Profile, as_of: str = "2025-02-01") -> Run:
        return Run(profile, "monthly", parse_as_of(as_of, profile))

    return run


@pytest.fixture
def put() -> Callable[..., pa.Table]:
    """Leave KPIs where the measure stage would."""

    def write(run: Run, macro_segment: str, kpis: Mapping[str, Sequence[Any]], age_days: int = 20) -> pa.Table:
        table = customers(kpis, age_days)
        MeasureArtifacts(run).locate_kpis(macro_segment).write_table(table)
        return table

    return write


def customers(kpis: Mapping[str, Sequence[Any]], age_days: int = 20) -> pa.Table:
    """The measured table of customers c000000, c000001, …"""
    rows = len(next(iter(kpis.values())))
    return pa.table(
        {
            "customer_id": pa.array([f"c{row:06d}" for row in range(rows)], pa.string()),
            "age_days": pa.array([age_days] * rows, pa.int64()),
            **{name: pa.array(values, pa.float64()) for name, values in kpis.items()},
        }
    )
