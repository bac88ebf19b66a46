"""What learners study on their visit days: enrolments, topics and completions."""

from dataclasses import dataclass

import numpy as np

from demo.learning.catalogue import Catalogue, choose_courses, choose_new_courses
from demo.learning.chance import Floats, Ints, assign_by_rank, draw_correlated, draw_skewed, make_stream
from demo.learning.days import MONTHS, VisitDays
from demo.learning.people import People
from demo.learning.plan import MonthOne

WELCOME = 20  # seconds from the start of a visit to the first enrolment
PER_ENROLMENT = 5  # seconds
_STUDY_AT_MOST = 9000  # maximum seconds of topics in one visit
TOPICS_PER_COURSE = 10_000  # topic k of a course has the id course_id * 10,000 + k

# Ranges of the published engagement clusters on day one and on days 2 to 7.
_FIRST_DAY = {1: (0, 674), 2: (0, 36), 3: (109, 393), 4: (37, 108)}
_FIRST_WEEK = {1: 931, 2: 389, 3: 97, 4: 136}
# Shares of returning learners in months 3 and 4 (not pasted) who enrolled, and who completed a course.
_ENROL_LATER, _COMPLETE_LATER = 0.83, 0.135


@dataclass(frozen=True)
class Enrolments:
    """Enrolments, ordered by learner and time.

    Attributes:
        learner: position of the learner in People.
        visit: position of the visit day in VisitDays.
        place: 0 for the first enrolment of the visit day.
        course: position in the catalogue.
        completed: position of the visit day of completion, -1 for never.
    """

    learner: Ints
    visit: Ints
    place: Ints
    course: Ints
    completed: Ints


@dataclass(frozen=True)
class Topics:
    """Topics viewed, ordered by visit day and time.

    Attributes:
        visit: position of the visit day in VisitDays.
        course: position in the catalogue; the learner is already enrolled in it.
        number: the learner's 1st, 2nd, 3rd ... topic of that course; no topic is viewed twice.
        after: seconds from the start of the visit.
        seconds: duration of the view.
    """

    visit: Ints
    course: Ints
    number: Ints
    after: Ints
    seconds: Ints


def draw_enrolments(seed: int, plan: MonthOne, days: VisitDays, courses: Catalogue) -> Enrolments:
    """Draw enrolments (as planned in month 1, new ones for most who return later) and completions."""
    rng = make_stream(seed, "study")
    rows, course = choose_courses(rng, courses, plan.categories, plan.certificates, plan.diplomas)
    month_one = np.bincount(days.learner[days.month == 1], minlength=len(plan.visits))
    later = np.where(rng.random(len(rows)) < 0.7, 0, (rng.random(len(rows)) * month_one[rows]).astype(np.int64))
    shuffled = rng.random(len(rows))
    order = np.lexsort((shuffled, rows))
    later[order[np.searchsorted(rows, np.unique(rows))]] = 0  # the first enrolment is on the first visit day
    learner, visit, course = rows[order], (days.first[rows] + later)[order], course[order]
    for month in range(2, MONTHS + 1):
        learner, visit, course = _enrol_later(rng, month, days, courses, (learner, visit, course))
    order = np.lexsort((np.arange(len(visit)), visit))
    learner, visit, course = learner[order], visit[order], course[order]
    place = np.arange(len(visit)) - np.searchsorted(visit, visit)
    return Enrolments(learner, visit, place, course, _draw_completions(rng, plan, days, learner, visit))


def draw_topics(seed: int, people: People, plan: MonthOne, days: VisitDays, enrolments: Enrolments) -> Topics:
    """Draw topics: as published for the first day and days 2 to 7, and some on later visit days."""
    rng = make_stream(seed, "topics")
    topics = _draw_first_week_topics(rng, people, plan, days)
    topics += _draw_later_topics(rng, plan, days)
    enrolled_before = np.searchsorted(enrolments.visit, days.first[days.learner])
    choices = np.searchsorted(enrolments.visit, np.arange(len(days)), side="right") - enrolled_before
    topics[choices == 0] = 0
    visit = np.repeat(np.arange(len(days)), topics)
    place = np.arange(len(visit)) - np.repeat(np.cumsum(topics) - topics, topics)
    favourite = (rng.random(len(visit)) ** 1.5 * choices[visit]).astype(np.int64)
    course = enrolments.course[enrolled_before[visit] + favourite]
    pace = np.minimum(np.clip(np.exp(rng.normal(4.9, 0.6, len(days))), 20, 900), _STUDY_AT_MOST / np.maximum(topics, 1))
    starts = WELCOME + PER_ENROLMENT * np.bincount(enrolments.visit, minlength=len(days)) + 10
    return Topics(
        visit=visit,
        course=course,
        number=_number_topics(days.learner[visit], course),
        after=starts[visit] + (place * pace[visit]).astype(np.int64),
        seconds=np.maximum(1, (pace[visit] * rng.uniform(0.5, 0.95, len(visit))).astype(np.int64)),
    )


def _enrol_later(
    rng: np.random.Generator, month: int, days: VisitDays, courses: Catalogue, so_far: tuple[Ints, Ints, Ints]
) -> tuple[Ints, Ints, Ints]:
    """Add the enrolments of a later month, only in courses that are new to the learner."""
    learner, visit, course = so_far
    openings = days.find_openings(month)
    openings = openings[rng.random(len(openings)) < _ENROL_LATER]
    came = days.learner[openings]
    enrolled = np.zeros((len(came), len(courses)), dtype=bool)
    is_returning = np.isin(learner, came)
    enrolled[np.searchsorted(came, learner[is_returning]), course[is_returning]] = True
    rows, chosen = choose_new_courses(rng, courses, draw_skewed(rng, 1, 12, len(came), median=1.4, sigma=0.8), enrolled)
    return (
        np.concatenate([learner, came[rows]]),
        np.concatenate([visit, openings[rows]]),
        np.concatenate([course, chosen]),
    )


def _draw_completions(rng: np.random.Generator, plan: MonthOne, days: VisitDays, learner: Ints, visit: Ints) -> Ints:
    """Draw each enrolment's visit day of completion, or -1: as planned in month 1, a few in later months."""
    completed = np.full(len(visit), -1)
    first = np.searchsorted(learner, learner)
    month_one = days.month[visit] == 1
    planned = month_one & (np.arange(len(visit)) - first < plan.completions[learner])
    month_one_end = np.searchsorted(days.learner * 1000 + days.day, learner * 1000 + 30)
    span = month_one_end - visit
    completed[planned] = (visit + (rng.random(len(visit)) * span).astype(np.int64))[planned]
    for month in range(2, MONTHS + 1):
        openings = days.find_openings(month)
        on = openings[rng.random(len(openings)) < _COMPLETE_LATER]
        newest = np.searchsorted(visit, on, side="right") - 1
        theirs = (newest >= 0) & (learner[newest] == days.learner[on]) & (completed[newest] == -1)
        completed[newest[theirs]] = on[theirs]
    return completed


def _draw_first_week_topics(rng: np.random.Generator, people: People, plan: MonthOne, days: VisitDays) -> Ints:
    """Draw topics per visit day in the first seven days, within the ranges of the engagement clusters."""
    in_week = (days.day >= 1) & (days.day <= 6)
    week_visits = np.bincount(days.learner[in_week], minlength=len(people))
    topics = np.zeros(len(days), dtype=np.int64)
    for cluster, (low, high) in _FIRST_DAY.items():
        who = np.flatnonzero(plan.engagement_cluster == cluster)
        lively = draw_correlated(rng, people.activity[who], 0.8)
        first_day = draw_skewed(rng, max(low, 1), high, len(who), median=8.0, sigma=1.15)
        first_day = _set_highest(assign_by_rank(first_day, lively), lively, high)
        first_week = draw_skewed(rng, 0, _FIRST_WEEK[cluster], len(who), median=5.0, sigma=1.3)
        first_week = _set_highest(
            assign_by_rank(first_week, lively), lively * (week_visits[who] > 0), _FIRST_WEEK[cluster]
        )
        first_week[week_visits[who] == 0] = 0
        if low == 0:  # some start on the second day
            first_day[(first_week > 0) & (rng.random(len(who)) < 0.12)] = 0
        topics[days.first[who]] += first_day
        learner = np.repeat(who, first_week)
        on = (rng.random(len(learner)) * week_visits[learner]).astype(np.int64)
        np.add.at(topics, days.first[learner] + 1 + on, 1)
    return topics


def _set_highest(values: Ints, score: Floats, highest: int) -> Ints:
    """Give the highest score the upper limit, so that the published maximum occurs."""
    if len(values):
        values[np.argmax(score)] = highest
    return values


def _draw_later_topics(rng: np.random.Generator, plan: MonthOne, days: VisitDays) -> Ints:
    """Draw topics on visit days after the first week; in month 1 only for engaged learners."""
    engaged = (plan.engagement_cluster[days.learner] > 0) | (days.month > 1)
    studies = (days.day >= 7) & engaged & (rng.random(len(days)) < 0.6)
    return np.where(studies, draw_skewed(rng, 1, 60, len(days), median=4.0), 0)


def _number_topics(learner: Ints, course: Ints) -> Ints:
    """Number each learner's topics of a course 1, 2, 3 and so on."""
    order = np.lexsort((np.arange(len(learner)), course, learner))
    group = learner[order] * TOPICS_PER_COURSE + course[order]
    number = np.empty(len(learner), dtype=np.int64)
    number[order] = np.arange(len(group)) - np.searchsorted(group, group) + 1
    return number
