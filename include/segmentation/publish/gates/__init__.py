"""Gates: what is checked before a run is published. Each is a function that returns verdicts; none of them raises."""

from include.segmentation.publish.gates.check import check, refuse
from include.segmentation.publish.gates.sizes import sizes_differ, sizes_reconcile
from include.segmentation.publish.gates.verdict import Verdict

__all__ = ["Verdict", "check", "refuse", "sizes_differ", "sizes_reconcile"]
