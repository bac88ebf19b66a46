"""The contract of gates: what each of them lets pass, and what its failing means for a run."""

from typing import Any, Literal

from pydantic import model_validator

from include.segmentation.part import Part

Failing = Literal["warn", "ask", "stop"]


class Gate(Part):
    """One gate; in a profile a verdict alone stands for it: ``names_agree: ask``.

    Attributes:
        verdict: what its failing means: ``warn`` is only said, ``ask`` waits for a person, ``stop`` publishes nothing.
    """

    verdict: Failing = "warn"

    @model_validator(mode="before")
    @classmethod
    def _verdict_alone(cls, value: Any) -> Any:
        return {"verdict": value} if isinstance(value, str) else value


class SizesDiffer(Gate):
    """No two macro segments may have the same sizes: one would be a copy of the other."""

    verdict: Failing = "stop"


class Gates(Part):
    """What is checked before a run is published.

    Attributes:
        populations_reconcile, labels_known: people add up; without it nothing is published, whatever a profile says.
        sizes_differ: no two macro segments have the same sizes.
        smallest_sizes: no cluster has fallen below the size that a fit asks of it.
        names_agree: what segments are called holds for their customers.
    """

    populations_reconcile: Literal["stop"] = "stop"
    labels_known: Literal["stop"] = "stop"
    sizes_differ: SizesDiffer = SizesDiffer()
    smallest_sizes: Gate = Gate()
    names_agree: Gate = Gate()
