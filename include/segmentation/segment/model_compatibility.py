"""What a model expects of the customers it labels: the same KPIs, measured as at its fit."""

from collections.abc import Sequence

from include.segmentation.errors import DataError
from include.segmentation.model.model import Model
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.profile.profile import Profile


def map_windows(macro: MacroSegment, columns: Sequence[str]) -> dict[str, str]:
    """The declared windows of the KPIs among ``columns``, as text."""
    return {name: str(kpi.window) for name, kpi in macro.kpis.items() if name in columns}


def map_resolutions(macro: MacroSegment, columns: Sequence[str]) -> dict[str, float]:
    """What the KPIs among ``columns`` are rounded to."""
    return {name: kpi.resolution for name, kpi in macro.kpis.items() if name in columns}


def refuse_changed_kpis(profile: Profile, model: Model) -> None:
    """Stop where the profile no longer measures what the model was fitted on.

    A changed transform or scale needs no stop: the model holds its own.

    Raises:
        DataError: a KPI of the model was renamed or retired, or has another window or resolution now.
    """
    kpis = profile.macro_segments[model.macro_segment].kpis
    for name, window in model.windows.items():
        declared, was = kpis.get(name), f"over {window}, rounded to {model.resolutions.get(name, 0):g}"
        found = f"over {declared.window}, rounded to {declared.resolution:g}" if declared else "not declared"
        if found != was:
            raise DataError(
                f"{profile.path}: macro_segments.{model.macro_segment}.kpis.{name} is {found}, but model "
                f"{model.model_id} was fitted on it {was}; fit again and accept the new model"
            )
