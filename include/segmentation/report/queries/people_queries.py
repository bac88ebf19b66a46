"""What the report asks about customers beside their segments: funnel, demographics, personas."""

from dataclasses import dataclass

from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection
from include.segmentation.warehouse.queries import query_objects


@dataclass(frozen=True)
class PublishedStep:
    """How many customers of a segment, or of everyone, have come to a step of the funnel; None where suppressed.

    Attributes:
        met: those who meet the step's own condition, whatever of the steps before it.
    """

    macro_segment: str
    segment_key: str
    step: int
    label: str
    customers: int | None
    share: float | None
    conversion: float | None
    met: int | None


@dataclass(frozen=True)
class DemographicShare:
    """A value of a demographic in a segment, or in everyone.

    Attributes:
        customers: None for a report, whose users are not people.
        report: the Google Analytics report; empty for an attribute of customers.
    """

    macro_segment: str
    segment_key: str
    dimension: str
    value: str
    customers: int | None
    share: float
    coverage: float
    report: str


@dataclass(frozen=True)
class PersonaSize:
    """A persona, and how many customers it has with all its parts."""

    persona: str
    part_of: str | None
    label: str
    description: str
    recommended_action: str
    owner: str
    customers: int
    share: float


def read_funnel(connection: Connection, run: Run) -> list[PublishedStep]:
    """Every step at the run, in order."""
    return query_objects(
        connection,
        PublishedStep,
        """
        SELECT macro_segment, segment_key, step, label, customers, share, conversion, met
        FROM fct_funnel
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s
        ORDER BY macro_segment, segment_key, step
        """,
        run,
    )


def read_demographics(connection: Connection, run: Run) -> list[DemographicShare]:
    """Every value at the run, the largest first, but ``other`` and then ``unknown`` at last."""
    return query_objects(
        connection,
        DemographicShare,
        """
        SELECT macro_segment, segment_key, dimension, value, customers, share, coverage, report
        FROM fct_segment_demographic
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s
        ORDER BY report, dimension, macro_segment, segment_key, value = 'unknown', value = 'other', share DESC, value
        """,
        run,
    )


def read_personas(connection: Connection, run: Run) -> list[PersonaSize]:
    """Every persona at the run, in the order of the profile; at last whom none takes."""
    return query_objects(
        connection,
        PersonaSize,
        """
        SELECT persona, part_of, label, description, recommended_action, owner, customers, share
        FROM fct_persona
        WHERE cadence = %(cadence)s AND as_of = %(as_of)s
        ORDER BY position
        """,
        run,
    )
