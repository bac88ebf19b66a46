"""Gates: the checks before a run is published. Each returns verdicts and never raises."""

from include.segmentation.publish.gates.drift_gate import list_requested_fits
from include.segmentation.publish.gates.gate_checks import check_gates, find_refusal, list_questions, mark_approved
from include.segmentation.publish.gates.gate_verdict import GateVerdict
from include.segmentation.publish.gates.size_gates import check_cluster_sizes, check_size_copies, check_size_totals

__all__ = [
    "GateVerdict",
    "check_cluster_sizes",
    "check_gates",
    "check_size_copies",
    "check_size_totals",
    "find_refusal",
    "list_questions",
    "list_requested_fits",
    "mark_approved",
]
