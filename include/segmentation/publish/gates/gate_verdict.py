"""What a gate found."""

from dataclasses import dataclass
from typing import Literal, Self

from include.segmentation.profile.gates import FailureVerdict


@dataclass(frozen=True)
class GateVerdict:
    """What one gate found in one macro segment, or in the run.

    Attributes:
        name: the gate.
        macro_segment: the macro segment that it looked at; empty where it looked at the whole run.
        verdict: ``pass``, or what its failing means.
        found: a plain sentence, without its full stop.
        allowed: what would have passed; empty where the sentence says it, and where it passed.
        approved_by: who let a run be published that was to be asked about; empty where nobody did.
    """

    name: str
    macro_segment: str
    verdict: Literal["pass"] | FailureVerdict
    found: str
    allowed: str = ""
    approved_by: str = ""

    @classmethod
    def make_pass(cls, name: str, macro_segment: str, found: str) -> Self:
        """The gate lets the run pass."""
        return cls(name, macro_segment, "pass", found)

    def __str__(self) -> str:
        where = f"macro segment '{self.macro_segment}': " if self.macro_segment else ""
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        return f"{self.name}: {where}{self.found}{allowed}"
