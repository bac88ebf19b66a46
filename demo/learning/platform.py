"""The learning platform's data, generated from a seed: the MySQL tables and what only Google Analytics records."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.learning.catalogue import CATEGORIES, Catalogue, make_catalogue
from demo.learning.chance import Ints, draw_skewed, make_stream
from demo.learning.commerce import PER_EVENT, Intents, draw_pricing_views, plan_purchases
from demo.learning.days import VisitDays, draw_visit_days
from demo.learning.people import AGE_BRACKETS, DAY, FIRST_DAY, GENDERS, People, register_people
from demo.learning.plan import plan_month_one
from demo.learning.study import (
    PER_ENROLMENT,
    TOPICS_PER_COURSE,
    WELCOME,
    Enrolments,
    Topics,
    draw_enrolments,
    draw_topics,
)

SEED = 20_250_101
LEARNERS = 33_280
END = int(np.datetime64("2025-06-01", "s").astype(np.int64))  # no events at or after this time
_FIRST_USER = 1_000_001
_COURSES_UPDATED = FIRST_DAY - 90 * DAY
_CONSENT_CHANGED = 0.08
_SECOND_VISIT = 0.15


@dataclass(frozen=True)
class Platform:
    """All generated data as Arrow tables; times have a resolution of seconds and are UTC.

    Attributes:
        tables: the MySQL tables by name, each ordered by primary key, with the NULLs of MySQL.
        pricing_views: user_id, viewed_at; one row per view of the pricing page; only Google Analytics records these.
        traits: user_id, analytics_consent, age_bracket, gender; the last two are Google's guesses.
    """

    tables: dict[str, pa.Table]
    pricing_views: pa.Table
    traits: pa.Table


def generate_platform(seed: int = SEED, learners: int = LEARNERS) -> Platform:
    """Generate the platform; the same seed and size give the same bytes.

    Learners register in January 2025 and are followed for four months of 30 days. Month 1 of all four macro segments
    and months 2 to 4 of loyalty have the published clusters. With 33,280 learners the counts are the published ones;
    with any other number they are proportional (largest remainder method).

    Args:
        seed: the seed of all random numbers.
        learners: the number of learners, at least 1.
    """
    if learners < 1:
        raise ValueError(f"learners is {learners}; allowed: 1 or more")
    people = register_people(seed, learners)
    month_one = plan_month_one(seed, people)
    days = draw_visit_days(seed, people, month_one)
    courses = make_catalogue(seed)
    enrolments = draw_enrolments(seed, month_one, days, courses)
    topics = draw_topics(seed, people, month_one, days, enrolments)
    intents = plan_purchases(seed, month_one, days)
    clock = _Clock.of(seed, days, enrolments, topics, intents)
    return Platform(
        tables={
            "users": _users(seed, people, days),
            "courses": _courses(courses),
            "visits": _visits(seed, days, clock),
            "topic_views": _topic_views(days, topics),
            "enrolments": _enrolments(days, enrolments, clock),
            "carts": _carts(days, intents, clock),
            "orders": _orders(days, intents, clock),
        },
        pricing_views=_pricing_views(seed, days, intents, clock),
        traits=pa.table(
            {
                "user_id": _user_ids(np.arange(learners)),
                "analytics_consent": people.analytics_consent,
                "age_bracket": pa.array(np.array(AGE_BRACKETS)[people.age]),
                "gender": pa.array(np.array(GENDERS)[people.gender]),
            }
        ),
    )


@dataclass(frozen=True)
class _Clock:
    """When the parts of each visit end, in seconds from its start: enrolments and topics, then carts, then all."""

    studied: Ints
    shopped: Ints
    over: Ints

    @classmethod
    def of(cls, seed: int, days: VisitDays, enrolments: Enrolments, topics: Topics, intents: Intents) -> "_Clock":
        studied = WELCOME + PER_ENROLMENT * np.bincount(enrolments.visit, minlength=len(days))
        np.maximum.at(studied, topics.visit, topics.after + topics.seconds)
        shopped = studied + PER_EVENT * (np.bincount(intents.visit, minlength=len(days)))
        browsed = draw_skewed(make_stream(seed, "browsing"), 10, 1200, len(days), median=90.0)
        return cls(studied, shopped, shopped + browsed)


def _users(seed: int, people: People, days: VisitDays) -> pa.Table:
    rng = make_stream(seed, "users")
    learner = np.arange(len(people))
    ids = _user_ids(learner)
    updated = people.registered.copy()
    changed = np.flatnonzero(rng.random(len(days)) < _CONSENT_CHANGED)
    np.maximum.at(updated, days.learner[changed], days.begin[changed])
    country = pa.array(people.country)
    return pa.table(
        {
            "user_id": ids,
            "email": pa.array([f"learner{number}@example.org" for number in ids.to_pylist()]),
            "registered_at": _times(people.registered),
            "country": pc.if_else(pc.equal(country, ""), None, country),
            "email_consent": pa.array(people.email_consent.astype(np.int8)),
            "analytics_consent": pa.array(people.analytics_consent.astype(np.int8)),
            "updated_at": _times(updated),
        }
    )


def _courses(courses: Catalogue) -> pa.Table:
    return pa.table(
        {
            "course_id": pa.array(np.arange(len(courses)) + 1),
            "title": pa.array(courses.title),
            "category": pa.array(np.array(CATEGORIES)[courses.category]),
            "course_type": pa.array(np.where(courses.diploma, "diploma", "certificate")),
            "updated_at": _times(_COURSES_UPDATED + np.arange(len(courses)) * 3600),
        }
    )


def _visits(seed: int, days: VisitDays, clock: _Clock) -> pa.Table:
    rng = make_stream(seed, "visits")
    again = np.flatnonzero(rng.random(len(days)) < _SECOND_VISIT)
    second = days.begin[again] + clock.over[again] + 60 + (rng.random(len(again)) * 1740).astype(np.int64)
    visit = np.concatenate([np.arange(len(days)), again])
    at = np.concatenate([days.begin, second])
    seconds = np.concatenate([clock.over, draw_skewed(rng, 5, 600, len(again), median=60.0)])
    return _number_rows(
        "visit_id",
        at,
        {"user_id": _user_ids(days.learner[visit]), "visited_at": _times(at), "seconds": pa.array(seconds)},
    )


def _topic_views(days: VisitDays, topics: Topics) -> pa.Table:
    at = days.begin[topics.visit] + topics.after
    course_id = topics.course + 1
    return _number_rows(
        "topic_view_id",
        at,
        {
            "user_id": _user_ids(days.learner[topics.visit]),
            "course_id": pa.array(course_id),
            "topic_id": pa.array(course_id * TOPICS_PER_COURSE + topics.number),
            "viewed_at": _times(at),
            "seconds": pa.array(topics.seconds),
        },
    )


def _enrolments(days: VisitDays, enrolments: Enrolments, clock: _Clock) -> pa.Table:
    at = days.begin[enrolments.visit] + WELCOME + PER_ENROLMENT * enrolments.place
    open_still = enrolments.completed < 0
    completed = days.begin[enrolments.completed] + clock.studied[enrolments.completed]
    return _number_rows(
        "enrolment_id",
        at,
        {
            "user_id": _user_ids(enrolments.learner),
            "course_id": pa.array(enrolments.course + 1),
            "enrolled_at": _times(at),
            "completed_at": _times(completed, missing=open_still),
            "updated_at": _times(np.where(open_still, at, completed)),
        },
    )


def _cart_times(days: VisitDays, intents: Intents, clock: _Clock) -> tuple[Ints, Ints]:
    """Compute when each cart is created, and when it is ordered, 60 seconds later (if it is)."""
    created_at = days.begin[intents.visit] + clock.studied[intents.visit] + PER_EVENT * intents.place
    return created_at, created_at + 60


def _cart_ids(created_at: Ints, cart: np.ndarray) -> Ints:
    """Number the carts 1, 2, 3 ... by creation time; 0 if there is none."""
    ids = np.zeros(len(created_at), dtype=np.int64)
    used = np.flatnonzero(cart)
    ids[used[np.argsort(created_at[used], kind="stable")]] = np.arange(len(used)) + 1
    return ids


def _carts(days: VisitDays, intents: Intents, clock: _Clock) -> pa.Table:
    created_at, ordered_at = _cart_times(days, intents, clock)
    abandoned_at = created_at + DAY  # a nightly job marks a cart as abandoned after a day
    status = np.where(intents.ordered, "ordered", np.where(abandoned_at < END, "abandoned", "open"))
    updated_at = np.where(intents.ordered, ordered_at, np.where(abandoned_at < END, abandoned_at, created_at))
    rows = pa.table(
        {
            "cart_id": pa.array(_cart_ids(created_at, intents.cart)),
            "user_id": _user_ids(days.learner[intents.visit]),
            "created_at": _times(created_at),
            "status": pa.array(status),
            "updated_at": _times(updated_at),
        }
    )
    return rows.filter(pa.array(intents.cart)).sort_by("cart_id")


def _orders(days: VisitDays, intents: Intents, clock: _Clock) -> pa.Table:
    created_at, ordered_at = _cart_times(days, intents, clock)
    cart_id = _cart_ids(created_at, intents.cart)
    bought = np.flatnonzero(intents.ordered)
    ordered_at, cart_id = ordered_at[bought], cart_id[bought]
    refunded_at = ordered_at + intents.refund_after[bought]
    without_refund = (intents.refund_after[bought] == 0) | (refunded_at >= END)
    euros = [Decimal(cents).scaleb(-2) for cents in intents.cents[bought].tolist()]
    return _number_rows(
        "order_id",
        ordered_at,
        {
            "user_id": _user_ids(days.learner[intents.visit[bought]]),
            "cart_id": pa.array(cart_id, mask=cart_id == 0),
            "ordered_at": _times(ordered_at),
            "amount": pa.array(euros, pa.decimal128(10, 2)),
            "currency": pa.array(np.full(len(bought), "EUR")),
            "refunded_at": _times(refunded_at, missing=without_refund),
            "updated_at": _times(np.where(without_refund, ordered_at, refunded_at)),
        },
    )


def _pricing_views(seed: int, days: VisitDays, intents: Intents, clock: _Clock) -> pa.Table:
    rng = make_stream(seed, "pricing times")
    visit = draw_pricing_views(seed, days, intents)
    at = days.begin[visit] + (rng.random(len(visit)) * clock.studied[visit]).astype(np.int64)
    return pa.table({"user_id": _user_ids(days.learner[visit]), "viewed_at": _times(at)})


def _user_ids(learner: Ints) -> pa.Array:
    return pa.array((learner + _FIRST_USER).astype(np.uint64))


def _times(seconds: Ints, missing: np.ndarray | None = None) -> pa.Array:
    return pa.array(seconds.astype("datetime64[s]"), mask=missing)


def _number_rows(key: str, at: Ints, columns: dict[str, pa.Array]) -> pa.Table:
    """Sort the rows by time and number them from 1, like AUTO_INCREMENT."""
    rows = pa.table(columns).take(pa.array(np.argsort(at, kind="stable")))
    return rows.add_column(0, key, pa.array(np.arange(len(at)) + 1))
