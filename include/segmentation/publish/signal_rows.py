"""What goes before each label, as the run has measured it."""

from typing import Any

from include.segmentation.artifacts import MeasureArtifacts, SignalSummary
from include.segmentation.errors import DataError
from include.segmentation.run import Run

Row = dict[str, Any]


def read_signal_rows(run: Run) -> list[Row]:
    """The run's rows of ``fct_signal``; none at another cadence than the primary one.

    Raises:
        DataError: the profile declares signals, and they have not been measured.
    """
    if not run.is_primary or run.profile.signals is None:
        return []
    if SignalSummary.read_from(run) is None:
        raise DataError(f"signals of {run.run_id} have not been measured; run the measure stage first")
    found = MeasureArtifacts(run).locate_signals().read_table()
    return [{"run_id": run.run_id, "as_of": run.as_of} | row for row in found.to_pylist()]
