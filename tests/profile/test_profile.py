"""What a valid profile says."""

from datetime import UTC, datetime, timedelta

import pytest

from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.profile import SHIPPED_PROFILES
from include.segmentation.profile.windows import KpiWindow

SHIPPED_NAMES = sorted(path.stem for path in SHIPPED_PROFILES.glob("*.yaml"))


@pytest.mark.parametrize("name", SHIPPED_NAMES)
def test_a_shipped_profile_loads(name: str) -> None:
    profile = load_profile(name)
    assert profile.profile == name
    assert all(path.is_file() for path in profile.sql_files)


@pytest.mark.parametrize("name", SHIPPED_NAMES)
def test_every_kpi_has_a_goal_an_indicator_and_an_owner(name: str) -> None:
    purposes = {name: (kpi.goal, kpi.indicator, kpi.owner) for name, kpi in load_profile(name).kpis.items()}
    assert [name for name, purpose in purposes.items() if not all(purpose)] == []


def test_learning_clusters_on_15_kpis() -> None:
    clustered = [name for name, kpi in load_profile("learning").kpis.items() if not kpi.rule_only]
    assert len(clustered) == 15


def test_one_kpi_can_be_clustered_on_in_two_ways() -> None:
    card = load_profile("credit_card")
    assert len(card.kpis) == 17
    assert card.kpi_macro_segments["purchases"] == "overall"
    transforms = {macro: card.macro_segments[macro].kpis["purchases"].transform for macro in ("overall", "spending")}
    assert transforms == {"overall": "none", "spending": "log1p"}


@pytest.mark.parametrize("text", ["lifetime", "trailing 30d", "since_registration [1d, 7d)", "calendar month"])
def test_a_window_is_written_as_it_is_read(text: str) -> None:
    assert str(KpiWindow.parse_text(text)) == text


def test_midnight_is_in_the_profiles_time_zone() -> None:
    vienna = load_profile("retail").model_copy(update={"time_zone": "Europe/Vienna"})
    before, after = datetime(2025, 3, 30).date(), datetime(2025, 3, 31).date()
    assert vienna.find_midnight(before) == datetime(2025, 3, 29, 23, tzinfo=UTC)
    assert vienna.find_midnight(after) - vienna.find_midnight(before) == timedelta(hours=23)
