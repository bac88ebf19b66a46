"""Nothing that comes after a landmark is seen by the KPIs before it, in the SQL of the shipped profile.

Every learner has two twins, registered at the same moment: one has another future after the landmark, and what is known
of both at the landmark is the same; the other has another past, and what comes after is the same.
"""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.segmentation.artifacts import MeasureArtifacts
from include.segmentation.measure import measure
from include.segmentation.profile.loader import load_profile
from include.segmentation.run import Run

pytestmark = pytest.mark.slow

SCHEMA = yaml.load(
    (Path(__file__).parent / "cases" / "learning" / "schema.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader
)
HORIZON = 30
Rows = dict[str, list[dict[str, Any]]]

KINDS = ("visit", "topic", "enrolment", "cart", "order", "pricing")
HISTORY = st.lists(st.tuples(st.sampled_from(KINDS), st.floats(0, 0.9999), st.floats(0, 0.9999)), max_size=8)
History = list[tuple[str, float, float]]
"""What somebody did, when within the stretch, and when what follows from it came: in the stretch, or (to 0.5) not."""


@st.composite
def twins(draw: st.DrawFn) -> tuple[float, History, History, History, History]:
    """A moment of registration, two histories until the landmark, and two after it."""
    return draw(st.floats(0, 1)), draw(HISTORY), draw(HISTORY), draw(HISTORY), draw(HISTORY)


def _at(begin: datetime, end: datetime, part: float) -> datetime:
    """A moment of [begin, end), in whole microseconds."""
    return begin + timedelta(microseconds=int((end - begin) / timedelta(microseconds=1) * part))


class Platform:
    """Rows of every extract."""

    def __init__(self) -> None:
        self.rows: Rows = {extract: [] for extract in SCHEMA}
        for course, kind in ((1, "certificate"), (2, "diploma"), (3, "certificate")):
            self.rows["courses"].append({"course_id": course, "course_type": kind, "category": f"category {course}"})
        self._visits: dict[int, list[datetime]] = {}

    def registers(self, learner: int, at: datetime) -> None:
        self.rows["users"].append({"user_id": learner, "registered_at": at})

    def does(
        self, learner: int, history: History, begin: datetime, end: datetime, goes_on_until: datetime | None = None
    ) -> None:
        """Do something in [begin, end); what has not followed from it by then comes later, or never."""
        for i, (kind, part, late) in enumerate(history):
            at = _at(begin, end, part)
            later = _at(at, end, late) if late > 0.5 else None
            if goes_on_until and later is None:
                later = _at(end, goes_on_until, 2 * late * 0.999)
            getattr(self, f"_{kind}")(learner, at, later, i)

    def _add(self, extract: str, **row: Any) -> int:
        self.rows[extract].append(row)
        return len(self.rows[extract])

    def _visit(self, learner: int, at: datetime, later: datetime | None, i: int) -> None:
        for moment in (at, later) if later else (at,):
            self._visits.setdefault(learner, []).append(moment)
            self._add("visits", visit_id=len(self.rows["visits"]), user_id=learner, visited_at=moment, seconds=60)

    def _topic(self, learner: int, at: datetime, later: datetime | None, i: int) -> None:
        key = len(self.rows["topic_views"])
        self._add("topic_views", topic_view_id=key, user_id=learner, course_id=1, viewed_at=at, seconds=30 * i)

    def _enrolment(self, learner: int, at: datetime, later: datetime | None, i: int) -> None:
        key = len(self.rows["enrolments"])
        row = {"enrolled_at": at, "completed_at": later}
        self._add("enrolments", enrolment_id=key, user_id=learner, course_id=1 + i % 3, **row)

    def _cart(self, learner: int, at: datetime, later: datetime | None, i: int) -> None:
        key = self._add("carts", cart_id=len(self.rows["carts"]) + 1, user_id=learner, created_at=at)
        if later:
            self._order(learner, later, None, i, cart=key)

    def _order(self, learner: int, at: datetime, later: datetime | None, i: int, cart: int | None = None) -> None:
        row = {"cart_id": cart, "ordered_at": at, "amount": f"{i + 1}.90", "currency": "EUR", "refunded_at": later}
        self._add("orders", order_id=len(self.rows["orders"]), user_id=learner, **row)

    def _pricing(self, learner: int, at: datetime, later: datetime | None, i: int) -> None:
        self._add("pricing_views", date=at.date(), learner_id=str(learner), screen_page_views=i + 1, _batch=1)

    def gaps(self) -> None:
        """What MySQL computes: every visit with the one before it."""
        for learner, visits in self._visits.items():
            for before, at in zip([None, *sorted(visits)], sorted(visits), strict=False):
                key = len(self.rows["visit_gaps"])
                self._add("visit_gaps", visit_id=key, user_id=learner, visited_at=at, previous_visited_at=before)


@pytest.fixture
def measured(
    run_at: Callable[..., Run],
    table: Callable[..., Any],
    accept: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Platform, int], dict[str, dict[str, Any]]]:
    """What is known of every learner of a platform at a landmark, in a lake of its own."""

    def at_landmark(platform: Platform, landmark: int) -> dict[str, dict[str, Any]]:
        with tempfile.TemporaryDirectory() as folder:
            monkeypatch.setenv("SEGMENTATION_LAKE", folder)
            profile = load_profile("learning")
            assert profile.signals is not None
            signals = profile.signals.model_copy(update={"landmarks": [landmark]})
            run = run_at(profile.model_copy(update={"signals": signals}), "2025-06-01")
            for extract, columns in SCHEMA.items():
                rows = [{name: _text(value) for name, value in row.items()} for row in platform.rows[extract]]
                accept(run, extract, table(rows, columns))
            measure(run, "population")
            measure(run, "signals")
            found = MeasureArtifacts(run).locate_landmark(landmark).read_table().to_pylist()
        return {row["customer_id"]: row for row in found}

    return at_landmark


def _text(value: Any) -> Any:
    return value.replace(tzinfo=None).isoformat(sep=" ") if isinstance(value, datetime) else value


@pytest.mark.parametrize("landmark", [1, 7, 30])
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(twins(), min_size=20, max_size=30))
def test_no_kpi_sees_what_comes_after_the_landmark(
    measured: Callable[[Platform, int], dict[str, dict[str, Any]]], landmark: int, people: list[Any]
) -> None:
    platform = Platform()
    for i, (moment, one, other, after, afterwards) in enumerate(people):
        registered = datetime(2025, 1, 10, tzinfo=UTC) + timedelta(seconds=int(moment * 80 * 86400))
        begins = registered + timedelta(days=landmark)
        ends = begins + timedelta(days=HORIZON)
        # 0: the first of the twins; 1: another future; 2: another past
        for twin, past, future in ((0, one, after), (1, one, afterwards), (2, other, after)):
            learner = 3 * i + twin
            platform.registers(learner, registered)
            # Another future is also that a course is completed, an order refunded, a cart ordered after the landmark.
            platform.does(learner, past, registered, begins, goes_on_until=ends if twin == 1 else None)
            platform.does(learner, future, begins, ends)
    platform.gaps()
    found = measured(platform, landmark)
    assert len(found) == 3 * len(people)
    for i in range(len(people)):
        first, another_future, another_past = (found[str(3 * i + twin)] for twin in range(3))
        for column in first:
            if column == "unusable_transactional after":
                continue  # a cart that is begun on the day before the landmark is abandoned after it
            if column.endswith(" after"):
                assert another_past[column] == first[column], column
            elif column != "customer_id":
                assert another_future[column] == first[column], column
