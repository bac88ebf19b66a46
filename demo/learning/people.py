"""Registered learners with their country, consents and Google's guesses about them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.learning.chance import Floats, Ints, make_stream

DAY = 86_400
FIRST_DAY = int(np.datetime64("2025-01-01", "s").astype(np.int64))
REGISTRATION_DAYS = 31
AGE_BRACKETS = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+", "unknown")
GENDERS = ("female", "male", "unknown")

_COUNTRIES = {
    **{"IN": 18.0, "US": 13.0, "NG": 11.0, "GB": 9.0, "ZA": 6.5, "KE": 5.5, "PH": 5.0, "IE": 3.5, "GH": 3.0, "PK": 2.8},
    **{"CA": 2.6, "AE": 2.2, "AU": 2.0, "EG": 1.6, "ZW": 1.4, "UG": 1.3, "ET": 1.1, "BD": 1.0, "MY": 0.9, "DE": 0.8},
    **{"LK": 0.7, "TZ": 0.6, "ZM": 0.6, "ES": 0.5, "JM": 0.4, "BR": 0.4, "FR": 0.3, "IT": 0.3, "NZ": 0.2, "SG": 0.2},
}
_NO_COUNTRY = 3.6
_AGES = (0.17, 0.21, 0.12, 0.06, 0.03, 0.01, 0.40)
_SEXES = (0.31, 0.27, 0.42)


@dataclass(frozen=True)
class People:
    """Learners by registration time; all arrays have the same length.

    Attributes:
        registered: seconds since 1970, UTC; between 05:00 and 18:00 of a day in January 2025.
        activity: a latent standard normal score that correlates the macro segments.
        country: ISO code, "" if unknown.
        age, gender: Google's guess, as an index into AGE_BRACKETS and GENDERS.
    """

    registered: Ints
    activity: Floats
    country: NDArray[np.str_]
    email_consent: NDArray[np.bool_]
    analytics_consent: NDArray[np.bool_]
    age: Ints
    gender: Ints

    def __len__(self) -> int:
        return len(self.registered)


def register_people(seed: int, learners: int) -> People:
    """Draw ``learners`` people who register in January 2025."""
    rng = make_stream(seed, "people")
    weekday = np.tile([1.15, 1.0, 0.9, 0.8, 0.75, 1.1, 1.2], 5)[:REGISTRATION_DAYS]  # 1 January 2025 was a Wednesday
    day = rng.choice(REGISTRATION_DAYS, size=learners, p=weekday / weekday.sum())
    clock = 5 * 3600 + (rng.beta(2.2, 2.0, learners) * 13 * 3600).astype(np.int64)
    codes = np.array([*_COUNTRIES, ""])
    weights = np.array([*_COUNTRIES.values(), _NO_COUNTRY])
    return People(
        registered=np.sort(FIRST_DAY + day * DAY + clock),
        activity=rng.standard_normal(learners),
        country=rng.choice(codes, size=learners, p=weights / weights.sum()),
        email_consent=rng.random(learners) < 0.61,
        analytics_consent=rng.random(learners) < 0.88,
        age=rng.choice(len(_AGES), size=learners, p=_AGES),
        gender=rng.choice(len(_SEXES), size=learners, p=_SEXES),
    )
