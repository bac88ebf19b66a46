"""The contract of gates: what each of them lets pass, and what its failing means for a run."""

from datetime import timedelta
from math import ceil
from typing import Any, Literal

from pydantic import Field, model_validator

from include.segmentation.profile.profile_part import Duration, ProfilePart

FailureVerdict = Literal["warn", "ask", "stop"]


def compute_smallest_cluster(customers: int) -> int:
    """The fewest customers that a cluster of a stratum may have: 2% of the stratum, and at least 100."""
    return max(ceil(0.02 * customers), 100)


class GateRule(ProfilePart):
    """One gate; in a profile a verdict alone stands for it: ``names_agree: ask``.

    Attributes:
        verdict: what its failing means: ``warn`` is only said, ``ask`` waits for a person, ``stop`` publishes nothing.
    """

    verdict: FailureVerdict = "warn"

    @model_validator(mode="before")
    @classmethod
    def _verdict_alone(cls, value: Any) -> Any:
        return {"verdict": value} if isinstance(value, str) else value


class SizesDifferGate(GateRule):
    """No two macro segments may have the same sizes: one would be a copy of the other."""

    verdict: FailureVerdict = "stop"


class RowCountsGate(GateRule):
    """How far the customers and the rows of an extract may be from those of the run before.

    Attributes:
        fall: the share that may be missing.
        rise: the share that may have come in addition.
    """

    verdict: FailureVerdict = "ask"
    fall: float = Field(default=0.1, ge=0, lt=1)
    rise: float = Field(default=2.0, gt=0)


class FreshnessGate(GateRule):
    """How old the newest data may be at as_of.

    Attributes:
        stale_after: how long before as_of the last customer may have been seen.
    """

    stale_after: Duration = timedelta(days=3)


class QuarantineGate(GateRule):
    """How many of an extract's rows may be held in quarantine.

    Attributes:
        share: of its current rows.
    """

    verdict: FailureVerdict = "ask"
    share: float = Field(default=0.05, ge=0, lt=1)


class DriftGate(GateRule):
    """How far customers may have moved from those of the fit, beyond where they were at the same time a year before.

    Attributes:
        psi: the population stability index of a KPI.
        js: the Jensen-Shannon divergence of the segments' shares, in bits.
        inertia_gain: how much closer a refit's prototypes would be to the customers.
        asks_for_fit: whether failing asks for a fit, or is only a verdict.
    """

    psi: float = Field(default=0.25, gt=0)
    js: float = Field(default=0.05, gt=0)
    inertia_gain: float = Field(default=0.1, gt=0)
    asks_for_fit: bool = True


class Gates(ProfilePart):
    """What is checked before a run is published.

    Attributes:
        populations_reconcile, labels_known: people add up; without it nothing is published, whatever a profile says.
        sizes_differ: no two macro segments have the same sizes.
        smallest_sizes: no cluster has fallen below the size that a fit asks of it.
        names_agree: what segments are called holds for their customers.
        row_counts: about as many customers and rows as at the run before.
        freshness: extracts are whole up to as_of, and customers were seen shortly before it.
        quarantine: few rows are held back.
        drift: customers are like those of the fit.
        answer_within: how long a question waits in Airflow; unanswered, the run is not published.
    """

    populations_reconcile: Literal["stop"] = "stop"
    labels_known: Literal["stop"] = "stop"
    sizes_differ: SizesDifferGate = SizesDifferGate()
    smallest_sizes: GateRule = GateRule()
    names_agree: GateRule = GateRule()
    row_counts: RowCountsGate = RowCountsGate()
    freshness: FreshnessGate = FreshnessGate()
    quarantine: QuarantineGate = QuarantineGate()
    drift: DriftGate = DriftGate()
    answer_within: Duration = timedelta(hours=20)
