"""The timeline: which model a run uses, whatever was decided and in whatever order."""

from datetime import UTC, datetime

import pytest

from include.segmentation.errors import DataError, NotReadyError
from include.segmentation.lake.lake import Lake
from include.segmentation.model.model import Model
from include.segmentation.model.timeline import find_effective_model, read_timeline, record_decision
from include.segmentation.profile.loader import load_profile

pytestmark = pytest.mark.slow

FEBRUARY, MARCH, MAY = (datetime(2025, month, 1, tzinfo=UTC) for month in (2, 3, 5))


@pytest.fixture
def lake(lake_root):
    return Lake(str(lake_root), load_profile("learning"))


def a_model(name: str, effective_from: datetime, macro_segment: str = "value") -> Model:
    return Model(
        model_id=name,
        profile="learning",
        macro_segment=macro_segment,
        effective_from=effective_from,
        seed=42,
        customers=0,
        strata=[],
        evidence=[],
    )


def test_without_an_accepted_model_there_is_none_to_use(lake):
    record_decision(lake, a_model("first", FEBRUARY), "candidate", "fit")
    with pytest.raises(NotReadyError, match="macro segment 'value' has no accepted model"):
        find_effective_model(lake, "value", MARCH)


def test_a_run_uses_the_newest_model_that_is_not_after_it(lake):
    record_decision(lake, a_model("second", MAY), "accepted", "fit")
    record_decision(lake, a_model("first", FEBRUARY), "accepted", "fit")
    record_decision(lake, a_model("other", MARCH, "loyalty"), "accepted", "fit")
    record_decision(lake, a_model("third", MARCH), "candidate", "fit")
    used = {
        as_of: find_effective_model(lake, "value", as_of) for as_of in (datetime(2025, 1, 9, tzinfo=UTC), MARCH, MAY)
    }
    assert [(model.model_id, ahead) for model, ahead in used.values()] == [
        ("first", True),
        ("first", False),
        ("second", False),
    ]


def test_the_newest_decision_about_a_model_is_its_status(lake):
    model = a_model("first", FEBRUARY)
    record_decision(lake, model, "candidate", "fit")
    record_decision(lake, model, "accepted", "ada")
    (entry,) = read_timeline(lake, "value")
    assert (entry.status, entry.decided_by, entry.model) == ("accepted", "ada", model)


def test_of_two_models_for_the_same_time_the_one_accepted_last_is_used(lake):
    record_decision(lake, a_model("z_before_late_data", FEBRUARY), "accepted", "fit")
    record_decision(lake, a_model("a_with_late_data", FEBRUARY), "accepted", "ada")
    assert find_effective_model(lake, "value", MARCH)[0].model_id == "a_with_late_data"


def test_a_model_of_another_format_is_named(lake):
    model = a_model("first", FEBRUARY)
    record_decision(lake, model.model_copy(update={"format": 1}), "accepted", "fit")
    with pytest.raises(DataError, match="model 'first' on the timeline has another format; allowed: 2; fit again"):
        find_effective_model(lake, "value", MARCH)
