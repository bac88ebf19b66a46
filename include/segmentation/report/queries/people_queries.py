"""Rows about customers across the macro segments: funnel, demographics, personas."""

from dataclasses import dataclass

from include.segmentation.report.queries.run_rows import read_run_rows
from include.segmentation.run import Run
from include.segmentation.warehouse.connection import Connection


@dataclass(frozen=True)
class PublishedStep:
    """A step of the funnel in one segment, or among all customers. Counts are None where suppressed.

    Attributes:
        customers: those who reached this step and every step before it.
        conversion: ``customers`` as a share of those at the step before.
        met: those who meet the step's own condition, whether or not they took the steps before it.
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
    """One value of a demographic in a segment, or among all customers.

    Attributes:
        customers: None for a Google Analytics report, whose users cannot be matched to customers.
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
    """A persona and its customers, including those of the personas inside it."""

    persona: str
    part_of: str | None
    label: str
    description: str
    recommended_action: str
    owner: str
    customers: int
    share: float


def read_funnel(connection: Connection, run: Run) -> list[PublishedStep]:
    """Return every step of every segment, in order."""
    return read_run_rows(connection, run, "fct_funnel", PublishedStep, "macro_segment, segment_key, step")


def read_demographics(connection: Connection, run: Run) -> list[DemographicShare]:
    """Return every value, the largest first, with ``other`` and ``unknown`` last."""
    order = "report, dimension, macro_segment, segment_key, value = 'unknown', value = 'other', share DESC, value"
    return read_run_rows(connection, run, "fct_segment_demographic", DemographicShare, order)


def read_personas(connection: Connection, run: Run) -> list[PersonaSize]:
    """Return every persona in the profile's order; customers without a persona come last."""
    return read_run_rows(connection, run, "fct_persona", PersonaSize, "position")
