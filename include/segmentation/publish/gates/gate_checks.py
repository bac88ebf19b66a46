"""All gates of a run, in order."""

import logging
from collections.abc import Callable
from dataclasses import replace

from include.segmentation.errors import DataError, NotApprovedError, SegmentationError
from include.segmentation.publish.gates.data_gates import check_freshness, check_quarantine, check_row_counts
from include.segmentation.publish.gates.drift_gate import check_drift
from include.segmentation.publish.gates.gate_verdict import GateVerdict
from include.segmentation.publish.gates.name_gate import check_names
from include.segmentation.publish.gates.size_gates import check_size_copies, check_smallest_sizes
from include.segmentation.publish.gates.structure_gates import check_labels, check_populations, check_shared_kpis
from include.segmentation.publish.publish_inputs import PublishInputs
from include.segmentation.run import Run

_LOGGER = logging.getLogger(__name__)
_GATES: tuple[Callable[[PublishInputs], list[GateVerdict]], ...] = (
    check_populations,
    check_shared_kpis,
    check_labels,
    lambda inputs: check_size_copies(inputs.sizes, inputs.run.profile.gates.sizes_differ.verdict, _list_uncut(inputs)),
    check_smallest_sizes,
    check_names,
    check_row_counts,
    check_freshness,
    check_quarantine,
    check_drift,
)


def check_gates(inputs: PublishInputs) -> list[GateVerdict]:
    """Run every gate and log each verdict as one sentence."""
    verdicts = [verdict for gate in _GATES for verdict in gate(inputs)]
    for verdict in verdicts:
        level = logging.DEBUG if verdict.verdict == "pass" else logging.WARNING
        _LOGGER.log(level, "%s: %s: %s", inputs.run.run_id, verdict.verdict, verdict)
    return verdicts


def _list_uncut(inputs: PublishInputs) -> set[str]:
    return {
        macro for macro, model in inputs.models.items() if all(len(stratum.segments) == 1 for stratum in model.strata)
    }


def list_questions(verdicts: list[GateVerdict]) -> list[GateVerdict]:
    """List the verdicts that wait for a person."""
    return [verdict for verdict in verdicts if verdict.verdict == "ask" and not verdict.approved_by]


def mark_approved(verdicts: list[GateVerdict], by: str | None) -> list[GateVerdict]:
    """Mark the questions as approved by ``by``, if anybody approves."""
    return [replace(verdict, approved_by=by) if by and verdict.verdict == "ask" else verdict for verdict in verdicts]


def find_refusal(run: Run, verdicts: list[GateVerdict]) -> SegmentationError | None:
    """Return why a run may not be published: everything that stops it, or else the open questions."""
    stops = [verdict for verdict in verdicts if verdict.verdict == "stop"]
    if stops:
        listed = "".join(f"\n  {verdict}" for verdict in stops)
        counted = f"{len(stops)} gate verdict{'s' * (len(stops) > 1)}"
        return DataError(f"{run.run_id}: nothing was published; stopped by {counted}:{listed}")
    questions = list_questions(verdicts)
    if questions:
        return NotApprovedError(
            f"{run.run_id}: nothing was published; {'; '.join(map(str, questions))}; review it, then publish with "
            "--approve and your name"
        )
    return None
