"""All gates of a run, one after the other, whatever they find."""

import logging
from collections.abc import Callable

from include.segmentation.errors import DataError
from include.segmentation.publish.gates.sizes import sizes_differ
from include.segmentation.publish.gates.structure import labels_known, populations_reconcile
from include.segmentation.publish.gates.verdict import Verdict
from include.segmentation.publish.inputs import Inputs
from include.segmentation.run import Run

_log = logging.getLogger(__name__)
_GATES: tuple[Callable[[Inputs], list[Verdict]], ...] = (
    populations_reconcile,
    labels_known,
    lambda inputs: sizes_differ(inputs.sizes, inputs.run.profile.gates.sizes_differ.verdict),
)


def check(inputs: Inputs) -> list[Verdict]:
    """Put a run through every gate; what fails is also logged."""
    verdicts = [verdict for gate in _GATES for verdict in gate(inputs)]
    for verdict in verdicts:
        if verdict.verdict != "pass":
            _log.warning("%s: gate %s (%s)", inputs.run.run_id, verdict, verdict.verdict)
    return verdicts


def refuse(run: Run, verdicts: list[Verdict]) -> None:
    """Stop where a gate says so.

    Raises:
        DataError: there are such gates, all of which are listed.
    """
    stops = [verdict for verdict in verdicts if verdict.verdict == "stop"]
    if stops:
        listed = "".join(f"\n  {verdict}" for verdict in stops)
        raise DataError(f"{run.run_id}: nothing was published; stopped by {len(stops)} gate verdicts:{listed}")
