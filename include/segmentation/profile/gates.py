"""Gates: the checks before a run is published, and what a failure means for the run."""

from datetime import timedelta
from math import ceil
from typing import Any, Literal

from pydantic import Field, model_validator

from include.segmentation.profile.profile_part import Duration, ProfilePart

FailureVerdict = Literal["warn", "ask", "stop"]


def compute_smallest_cluster(customers: int) -> int:
    """Compute the minimum size of a cluster in a stratum: 2% of its customers, and at least 100."""
    return max(ceil(0.02 * customers), 100)


class GateRule(ProfilePart):
    """One gate; a profile may write its verdict alone: ``names_agree: ask``.

    Attributes:
        verdict: what a failure does: ``warn`` only reports it, ``ask`` waits for a person, ``stop`` publishes nothing.
    """

    verdict: FailureVerdict = "warn"

    @model_validator(mode="before")
    @classmethod
    def _expand_short_form(cls, value: Any) -> Any:
        return {"verdict": value} if isinstance(value, str) else value


class SizesDifferGate(GateRule):
    """Two macro segments must not have the same sizes, or one is a copy of the other."""

    verdict: FailureVerdict = "stop"


class RowCountsGate(GateRule):
    """How much the numbers of customers and of rows per extract may change since the previous run.

    Attributes:
        fall: the largest decrease, as a share.
        rise: the largest increase, as a share.
    """

    verdict: FailureVerdict = "ask"
    fall: float = Field(default=0.1, ge=0, lt=1)
    rise: float = Field(default=2.0, gt=0)


class FreshnessGate(GateRule):
    """How old the newest data may be at as_of.

    Attributes:
        stale_after: the longest time between the last visit of any customer and as_of.
    """

    stale_after: Duration = timedelta(days=3)


class QuarantineGate(GateRule):
    """How many rows of an extract may be in quarantine.

    Attributes:
        share: the largest share of its current rows.
    """

    verdict: FailureVerdict = "ask"
    share: float = Field(default=0.05, ge=0, lt=1)


class DriftGate(GateRule):
    """How much customers may differ from those of the fit, beyond their difference at the same time a year before.

    Attributes:
        psi: the largest population stability index of a KPI.
        js: the largest Jensen-Shannon divergence of the segments' shares, in bits.
        inertia_gain: the largest share of the inertia that a refit would remove.
        asks_for_fit: whether a failure also requests a fit.
    """

    psi: float = Field(default=0.25, gt=0)
    js: float = Field(default=0.05, gt=0)
    inertia_gain: float = Field(default=0.1, gt=0)
    asks_for_fit: bool = True


class Gates(ProfilePart):
    """The checks before a run is published.

    Attributes:
        populations_reconcile, labels_known: the numbers of customers add up; a profile cannot weaken these gates.
        sizes_differ: no two macro segments have the same sizes.
        smallest_sizes: no cluster is smaller than a fit allows.
        names_agree: segment names are true for their customers.
        row_counts: the numbers of customers and rows are close to those of the previous run.
        freshness: extracts are complete up to as_of, and customers were seen shortly before it.
        quarantine: few rows are in quarantine.
        drift: customers resemble those of the fit.
        answer_within: how long a question waits in Airflow; without an answer the run is not published.
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
