"""The courses, and how learners choose them."""

from dataclasses import dataclass

import numpy as np

from demo.learning.chance import Ints, make_stream

CATEGORIES = (
    *("Business Administration", "Information Technology", "Nursing", "English Language", "Project Management"),
    *("Psychology", "Human Resources", "Marketing", "Accounting", "Health and Safety", "Programming", "Data Analysis"),
    *("Teaching", "Caregiving", "Leadership", "Nutrition", "Graphic Design", "Web Development", "Finance", "Spanish"),
    *("Counselling", "Supply Chain", "Customer Service", "Law", "Networking", "Cyber Security", "Mental Health"),
    *("Electrical Engineering", "Mechanical Engineering", "Civil Engineering", "Hospitality", "Tourism", "French"),
    *("Biology", "Chemistry", "Physics", "Mathematics", "Statistics", "Economics", "Entrepreneurship", "Sales"),
    *("Public Speaking", "Creative Writing", "Journalism", "Photography", "Video Editing", "Music", "Drawing"),
    *("Architecture", "Interior Design", "Fashion", "Beauty Therapy", "Fitness", "Sports Coaching", "First Aid"),
    *("Pharmacy", "Public Health", "Veterinary Care", "Agriculture", "Gardening", "Environment", "Renewable Energy"),
    *("Carpentry", "Plumbing", "Welding", "Automotive", "Aviation", "Maritime", "Logistics", "Real Estate"),
    *("Event Planning", "Childcare", "Sociology", "History", "Philosophy"),
)
_TITLES = (
    *("Introduction to {}", "{} Essentials", "Fundamentals of {}", "{} in Practice", "Understanding {}"),
    *("{} for Beginners", "{} Step by Step", "Working in {}", "Modern {}", "{} Skills", "Advanced {}", "{} Today"),
)
_CHUNK = 8192  # learners per batch, to limit memory


@dataclass(frozen=True)
class Catalogue:
    """All courses, ordered by category, certificates before diplomas; course n has the id n + 1.

    Attributes:
        category: position in CATEGORIES.
        diploma: True for a diploma, False for a certificate.
        popularity: log-weight with which the course is chosen.
        draw: log-weight with which each category is chosen.
    """

    category: Ints
    diploma: np.ndarray
    title: list[str]
    popularity: np.ndarray
    draw: np.ndarray

    def __len__(self) -> int:
        return len(self.category)


def make_catalogue(seed: int) -> Catalogue:
    """Make a few large and many small categories, each with at least one certificate and one diploma."""
    rng = make_stream(seed, "catalogue")
    place = 1.0 + np.arange(len(CATEGORIES))
    certificates = 1 + (30 / place**0.8).astype(np.int64)
    diplomas = 1 + (3.2 / place**0.7).astype(np.int64)
    pairs = np.stack([certificates, diplomas], axis=1)
    category = np.repeat(np.arange(len(place)), pairs.sum(axis=1))
    diploma = np.repeat(np.tile([False, True], len(place)), pairs.ravel())
    within = np.concatenate([np.arange(size) for size in pairs.ravel()])
    return Catalogue(
        category=category,
        diploma=diploma,
        title=[_make_title(int(c), bool(d), int(w)) for c, d, w in zip(category, diploma, within, strict=True)],
        popularity=rng.normal(0, 0.8, len(category)),
        draw=-0.9 * np.log(place),
    )


def choose_courses(
    rng: np.random.Generator, courses: Catalogue, categories: Ints, certificates: Ints, diplomas: Ints
) -> tuple[Ints, Ints]:
    """Choose distinct courses for each row from exactly the requested number of categories.

    If the chosen categories have fewer courses of a kind than requested, the row gets all of them.

    Args:
        rng: the random number generator.
        courses: the catalogue to choose from.
        categories: number of categories per row, at most certificates + diplomas.
        certificates: number of certificates per row.
        diplomas: number of diplomas per row.

    Returns:
        The row number and the course of each choice.
    """
    rows, chosen = [], []
    for start in range(0, len(categories), _CHUNK):
        part = slice(start, start + _CHUNK)
        picks = _choose_batch(rng, courses, categories[part], certificates[part], diplomas[part])
        rows.append(picks[0] + start)
        chosen.append(picks[1])
    return np.concatenate(rows), np.concatenate(chosen)


def choose_new_courses(
    rng: np.random.Generator, courses: Catalogue, count: Ints, enrolled: np.ndarray
) -> tuple[Ints, Ints]:
    """Choose ``count`` courses per row, without those in ``enrolled``, a bool[rows, courses]."""
    weights = courses.popularity + courses.draw[courses.category]
    keys = np.where(enrolled, -np.inf, weights + rng.gumbel(size=enrolled.shape))
    rows, chosen = np.nonzero(_mark_highest(keys, count))
    return rows, chosen


def _choose_batch(
    rng: np.random.Generator, courses: Catalogue, categories: Ints, certificates: Ints, diplomas: Ints
) -> tuple[Ints, Ints]:
    rows = len(categories)
    draw = courses.draw + rng.gumbel(size=(rows, len(courses.draw)))
    place = (-draw).argsort(axis=1).argsort(axis=1)
    inside = place < categories[:, None]
    keys = courses.popularity + rng.gumbel(size=(rows, len(courses)))
    keys[~inside[:, courses.category]] = -np.inf

    # Every chosen category is represented: the first ones by their best diploma, the others by their best certificate.
    by_diploma = inside & (place < diplomas[:, None])
    eligible = np.stack([inside & ~by_diploma, by_diploma], axis=2).reshape(rows, -1)
    shelf = 2 * courses.category + courses.diploma
    best = np.maximum.reduceat(keys, np.searchsorted(shelf, np.arange(eligible.shape[1])), axis=1)
    keys[eligible[:, shelf] & (keys == best[:, shelf])] += 1000.0

    is_chosen = np.zeros(keys.shape, dtype=bool)
    for kind, count in ((courses.diploma, diplomas), (~courses.diploma, certificates)):
        is_chosen[:, kind] = _mark_highest(keys[:, kind], count)
    row, chosen = np.nonzero(is_chosen)
    return row, chosen


def _mark_highest(keys: np.ndarray, count: Ints) -> np.ndarray:
    """Mark the ``count`` highest keys of each row; -inf is never marked."""
    falling = -np.sort(-keys, axis=1)
    limit = np.minimum(count, keys.shape[1])
    least = np.where(limit > 0, falling[np.arange(len(keys)), np.maximum(limit, 1) - 1], np.inf)
    is_top: np.ndarray = (keys >= least[:, None]) & np.isfinite(keys)
    return is_top


def _make_title(category: int, diploma: bool, within: int) -> str:
    subject = CATEGORIES[category]
    if diploma:
        return f"Diploma in {subject}" + (f" {within + 1}" if within else "")
    volume, pattern = divmod(within, len(_TITLES))
    return _TITLES[pattern].format(subject) + (f" {volume + 1}" if volume else "")
