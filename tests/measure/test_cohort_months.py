"""Which cohort months a run measures."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from include.segmentation.engine import open_engine
from include.segmentation.measure.cohort_months import CohortMonth, list_complete_months
from include.segmentation.profile.loader import load_profile
from include.segmentation.run import Run, parse_as_of

pytestmark = pytest.mark.slow

JANUARY = date(2025, 1, 1)


@pytest.mark.parametrize(
    ("as_of", "months"),
    [
        ("2025-03-02", []),
        ("2025-03-03", [1]),  # 30 days after the end of January
        ("2025-05-31", [1, 2, 3]),
        ("2025-06-01", [1, 2, 3, 4]),
        ("2025-07-02", [1, 2, 3, 4]),  # 4 months of 30 days, and 62 days more
        ("2025-07-03", []),
    ],
)
def test_a_cohort_is_measured_from_its_first_complete_month_until_62_days_after_its_last(
    lake_root: Path, as_of: str, months: list[int]
) -> None:
    profile = load_profile("learning")
    assert profile.cohort_months == 4
    people = pa.table({"customer_id": [1], "first_seen": [profile.find_midnight(date(2025, 1, 31))]})
    with open_engine(time_zone=profile.time_zone) as engine:
        engine.register_table("_people", people)
        run = Run(profile, "monthly", parse_as_of(as_of, profile))
        assert list_complete_months(run, engine) == [CohortMonth(JANUARY, month) for month in months]
