"""Gates: what is checked before a run is published. Each is a function that returns verdicts; none of them raises."""

from include.segmentation.publish.gates.drift_gate import fits_asked
from include.segmentation.publish.gates.gate_checks import approved, asked, check, refusal
from include.segmentation.publish.gates.gate_verdict import Verdict
from include.segmentation.publish.gates.size_gates import clusters_large_enough, sizes_differ, sizes_reconcile

__all__ = [
    "Verdict",
    "approved",
    "asked",
    "check",
    "clusters_large_enough",
    "fits_asked",
    "refusal",
    "sizes_differ",
    "sizes_reconcile",
]
