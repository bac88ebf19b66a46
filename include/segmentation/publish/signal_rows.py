"""Rows of signals."""

from include.segmentation.artifacts import MeasureArtifacts, SignalSummary
from include.segmentation.errors import DataError
from include.segmentation.publish.publish_inputs import PublishInputs
from include.segmentation.warehouse.published_table import Row


def read_signal_rows(inputs: PublishInputs) -> list[Row]:
    """Read the run's rows of ``fct_signal``; only the primary cadence has any.

    Raises:
        DataError: the profile declares signals that have not been measured.
    """
    run = inputs.run
    if not run.is_primary or run.profile.signals is None:
        return []
    if SignalSummary.read_from(run) is None:
        raise DataError(f"signals of {run.run_id} have not been measured; run the measure stage first")
    signals = MeasureArtifacts(run).locate_signals().read_table()
    return [dict(row) for row in signals.to_pylist()]
