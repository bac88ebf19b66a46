"""Drift is nothing while nothing changes, and each measure sees the change that it is for."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.segmentation.model.timeline import read_timeline
from include.segmentation.run import Run
from include.segmentation.segment import fit, segment
from include.segmentation.segment.population_drift import measure_drift

pytestmark = pytest.mark.slow

PEOPLE = 1_200


@pytest.fixture
def start(make_profile: Callable[..., Any], put: Callable[..., Any], at: Callable[..., Run]) -> Run:
    """A fitted run: a quarter never came, the others come rarely or often."""
    run = at(make_profile())
    put(run, "habit", kpis())
    fit(run, "habit")
    return run


def kpis(often: float = 0.4, never: float = 0.25, longer: float = 0.0) -> dict[str, list[float | None]]:
    """Visits and intervals of customers of whom a share comes often; ``longer`` moves all their intervals."""
    generator = np.random.default_rng(7)
    silent = int(never * PEOPLE)
    frequent = generator.random(PEOPLE - silent) < often
    visits = np.where(frequent, generator.integers(12, 20, len(frequent)), generator.integers(1, 4, len(frequent)))
    gaps = np.where(frequent, 2.0, 20.0) + generator.integers(0, 4, len(frequent)) + longer
    return {"visits": [0.0] * silent + visits.tolist(), "gap": [None] * silent + gaps.tolist()}


def measures(run: Run) -> dict[tuple[str, str, str], float]:
    rows = segment(run, "habit")["drift"]
    return {(row["metric"], row["stratum"], row["kpi"]): row["value"] for row in rows}


def test_the_customers_of_the_fit_have_not_drifted(start: Run) -> None:
    assert measures(start) == {
        ("js", "", ""): 0.0,
        ("psi", "active", "visits"): 0.0,
        ("psi", "active", "gap"): 0.0,
        ("inertia_gain", "active", ""): pytest.approx(0.0, abs=1e-6),
    }


def test_a_shift_of_one_kpi_is_seen_in_that_kpi(start: Run, at: Callable[..., Run], put: Callable[..., Any]) -> None:
    later = at(start.profile, "2025-03-01")
    put(later, "habit", kpis(longer=2.0))
    found = measures(later)
    assert found["psi", "active", "gap"] > 0.25
    assert found["psi", "active", "visits"] < 0.01


def test_new_shares_are_seen_in_the_sizes(start: Run, at: Callable[..., Run], put: Callable[..., Any]) -> None:
    later = at(start.profile, "2025-03-01")
    put(later, "habit", kpis(never=0.6))
    assert measures(later)["js", "", ""] > 0.05


def test_clusters_that_have_moved_are_better_refitted(
    start: Run, at: Callable[..., Run], put: Callable[..., Any]
) -> None:
    later = at(start.profile, "2025-03-01")
    put(later, "habit", kpis(longer=15.0))
    assert measures(later)["inertia_gain", "active", ""] > 0.1


def test_zero_is_a_bin_of_its_own(
    make_profile: Callable[..., Any], put: Callable[..., Any], at: Callable[..., Run]
) -> None:
    """Customers with 0 go to 1: within a bin of low values nothing would have changed."""
    macros = """
  habit:
    label: Habit
    kpis:
      visits: {label: Visits, definition: Visits., unit: visits, window: lifetime, bands: [3], band_words: [Few, Many]}
    strata: [{name: everyone, label: Everyone, when: visits >= 0, kpis: [visits], cluster: {k: 2}}]
"""
    run, later = (at(make_profile(macros), day) for day in ("2025-02-01", "2025-03-01"))
    many = [float(10 + i % 5) for i in range(500)]
    put(run, "habit", {"visits": [0.0] * 300 + [1.0] * 200 + many})
    fit(run, "habit")
    put(later, "habit", {"visits": [0.0] * 100 + [1.0] * 400 + many})
    assert measures(later)["psi", "everyone", "visits"] > 0.2


def test_values_that_a_clip_puts_into_the_places_of_the_prototypes_have_nothing_to_gain(
    make_profile: Callable[..., Any], put: Callable[..., Any], at: Callable[..., Run]
) -> None:
    macros = """
  habit:
    label: Habit
    kpis:
      visits:
        {label: Visits, definition: Visits., unit: visits, window: lifetime, bands: [3], band_words: [Few, Many],
         transform: {clip: [0, 1]}}
    strata: [{name: everyone, label: Everyone, when: visits >= 0, kpis: [visits], cluster: {k: 2}}]
"""
    run = at(make_profile(macros))
    put(run, "habit", {"visits": [0.0] * 300 + [1.0] * 200 + [2.0] * 200 + [9.0] * 20})
    fit(run, "habit")
    found = measures(run)
    assert found["psi", "everyone", "visits"] == 0.0
    assert ("inertia_gain", "everyone", "") not in found


def test_what_is_not_to_be_compared_is_not_measured(
    start: Run, at: Callable[..., Run], put: Callable[..., Any]
) -> None:
    early = at(start.profile, "2025-01-15")
    put(early, "habit", kpis())
    assert segment(early, "habit")["drift"] == []  # before the fit
    weekly = Run(start.profile, "weekly", start.as_of)
    put(weekly, "habit", kpis())
    assert segment(weekly, "habit")["drift"] == []  # not the primary cadence
    quiet = at(start.profile, "2025-03-01")
    put(quiet, "habit", {"visits": [0.0] * 500 + [2.0] * 99, "gap": [None] * 500 + [20.0] * 99})
    assert {row["metric"] for row in segment(quiet, "habit")["drift"]} == {"js"}  # too few are left in the stratum


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_order_of_the_rows_changes_nothing(start: Run, put: Callable[..., Any], data: st.DataObject) -> None:
    model = read_timeline(start.lake, "habit")[-1].model
    table = put(start, "habit", kpis(longer=1.0))
    order = data.draw(st.randoms(use_true_random=False))
    rows = list(range(table.num_rows))
    order.shuffle(rows)
    sizes = {one.key: 400 for one in model.list_segments()}
    assert measure_drift(model, table.take(rows), sizes) == measure_drift(model, table, sizes)
