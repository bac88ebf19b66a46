"""What a model expects of the customers it labels: the same KPIs, over the same windows, as at its fit."""

from collections.abc import Sequence

import pyarrow as pa

from include.segmentation.errors import DataError
from include.segmentation.model import Model
from include.segmentation.profile import MacroSegment, Profile
from include.segmentation.run import Run


def measured(run: Run, name: str) -> pa.Table:
    """What the measure stage left for this run.

    Raises:
        DataError: it has not run.
    """
    return run.lake.read_table(run.artifact("measure", f"{name}.parquet"))


def windows_of(macro: MacroSegment, columns: Sequence[str]) -> dict[str, str]:
    """The declared windows of the KPIs among ``columns``, as text."""
    return {name: str(kpi.window) for name, kpi in macro.kpis.items() if name in columns}


def refuse_changed_kpis(profile: Profile, model: Model) -> None:
    """Stop where the profile no longer measures what the model was fitted on.

    Raises:
        DataError: a KPI of the model was renamed or retired, or looks back over another window now.
    """
    macro = profile.macro_segments[model.macro_segment]
    declared = windows_of(macro, list(macro.kpis))
    for kpi, window in model.windows.items():
        if declared.get(kpi) != window:
            found = f"declared over {declared[kpi]}" if kpi in declared else "not declared"
            raise DataError(
                f"{profile.path}: macro_segments.{model.macro_segment}.kpis.{kpi} is {found}, but model "
                f"{model.model_id} was fitted on it over {window}; fit again and accept the new model"
            )
