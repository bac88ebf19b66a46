"""The verdict of a gate."""

from dataclasses import dataclass
from typing import Literal, Self

from include.segmentation.profile.gates import FailureVerdict


@dataclass(frozen=True)
class GateVerdict:
    """The verdict of a gate on one macro segment, or on the whole run.

    Attributes:
        name: the gate.
        macro_segment: empty for the whole run.
        verdict: ``pass``, or the consequence of failing.
        found: a sentence without a full stop.
        allowed: what would have passed; empty if it passed or the sentence says so.
        approved_by: who approved a question; empty if nobody did.
    """

    name: str
    macro_segment: str
    verdict: Literal["pass"] | FailureVerdict
    found: str
    allowed: str = ""
    approved_by: str = ""

    @classmethod
    def make_pass(cls, name: str, macro_segment: str, found: str) -> Self:
        """Make a passing verdict."""
        return cls(name, macro_segment, "pass", found)

    def __str__(self) -> str:
        where = f"macro segment '{self.macro_segment}': " if self.macro_segment else ""
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        return f"{self.name}: {where}{self.found}{allowed}"
