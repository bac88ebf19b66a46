"""Gates: what is checked before a run is published. Each is a function that returns verdicts; none of them raises."""

from include.segmentation.publish.gates.check import approved, asked, check, refusal
from include.segmentation.publish.gates.drift import fits_asked
from include.segmentation.publish.gates.sizes import clusters_large_enough, sizes_differ, sizes_reconcile
from include.segmentation.publish.gates.verdict import Verdict

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
