"""Check expectations before any row arrives."""

from collections.abc import Collection, Iterator, Mapping

from include.segmentation.errors import ProfileError
from include.segmentation.profile.mistakes import Mistake, list_allowed
from include.segmentation.profile.profile import Expectation
from include.segmentation.validate.expectation_suites import build_expectation
from include.segmentation.validate.quarantine_rows import list_subject_columns


def check_expectations(
    suites: Mapping[str, list[Expectation]], columns: Mapping[str, Collection[str]]
) -> Iterator[Mistake]:
    """Find the expectations that cannot be evaluated.

    Args:
        suites: a profile's expectations, by extract.
        columns: the columns of the extracts whose columns are known.
    """
    for extract, suite in suites.items():
        for position, expectation in enumerate(suite):
            place = ("expectations", extract, position)
            try:
                build_expectation(expectation, position)
            except ProfileError as error:
                yield Mistake(place, f"{expectation.type}: {error}")
            for name in list_subject_columns(expectation):
                if extract in columns and name not in columns[extract]:
                    text = f"{expectation.type}: no column '{name}'; {list_allowed(name, columns[extract])}"
                    yield Mistake((*place, "args"), text)
