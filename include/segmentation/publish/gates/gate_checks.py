"""All gates of a run, one after the other, whatever they find."""

import logging
from collections.abc import Callable
from dataclasses import replace

from include.segmentation.errors import DataError, NotApprovedError, SegmentationError
from include.segmentation.publish.gates.data_gates import freshness, quarantine, row_counts
from include.segmentation.publish.gates.drift_gate import drift
from include.segmentation.publish.gates.gate_verdict import Verdict
from include.segmentation.publish.gates.name_gate import names_agree
from include.segmentation.publish.gates.size_gates import sizes_differ, smallest_sizes
from include.segmentation.publish.gates.structure_gates import labels_known, populations_reconcile, shared_kpis_agree
from include.segmentation.publish.publish_inputs import Inputs
from include.segmentation.run import Run

_log = logging.getLogger(__name__)
_GATES: tuple[Callable[[Inputs], list[Verdict]], ...] = (
    populations_reconcile,
    shared_kpis_agree,
    labels_known,
    lambda inputs: sizes_differ(inputs.sizes, inputs.run.profile.gates.sizes_differ.verdict, _uncut(inputs)),
    smallest_sizes,
    names_agree,
    row_counts,
    freshness,
    quarantine,
    drift,
)


def check(inputs: Inputs) -> list[Verdict]:
    """Put a run through every gate; every verdict is logged as one sentence."""
    verdicts = [verdict for gate in _GATES for verdict in gate(inputs)]
    for verdict in verdicts:
        level = logging.DEBUG if verdict.verdict == "pass" else logging.WARNING
        _log.log(level, "%s: %s: %s", inputs.run.run_id, verdict.verdict, verdict)
    return verdicts


def _uncut(inputs: Inputs) -> set[str]:
    return {
        macro for macro, model in inputs.models.items() if all(len(stratum.segments) == 1 for stratum in model.strata)
    }


def asked(verdicts: list[Verdict]) -> list[Verdict]:
    """The verdicts that wait for a person."""
    return [verdict for verdict in verdicts if verdict.verdict == "ask" and not verdict.approved_by]


def approved(verdicts: list[Verdict], by: str | None) -> list[Verdict]:
    """The same verdicts, what was asked answered by ``by``; None is nobody."""
    return [replace(verdict, approved_by=by) if by and verdict.verdict == "ask" else verdict for verdict in verdicts]


def refusal(run: Run, verdicts: list[Verdict]) -> SegmentationError | None:
    """Why a run may not be published: what stops it, all of it, else what nobody has approved."""
    stops = [verdict for verdict in verdicts if verdict.verdict == "stop"]
    if stops:
        listed = "".join(f"\n  {verdict}" for verdict in stops)
        counted = f"{len(stops)} gate verdict{'s' * (len(stops) > 1)}"
        return DataError(f"{run.run_id}: nothing was published; stopped by {counted}:{listed}")
    questions = asked(verdicts)
    if questions:
        return NotApprovedError(
            f"{run.run_id}: nothing was published; {'; '.join(map(str, questions))}; look at it, then publish with "
            "--approve and your name"
        )
    return None
