"""What a model expects of the customers it labels: the same KPIs, measured as at its fit."""

from collections.abc import Sequence

from include.segmentation.errors import DataError
from include.segmentation.model.model import Model
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.profile.profile import Profile


def map_windows(macro: MacroSegment, columns: Sequence[str]) -> dict[str, str]:
    """Map the KPIs among ``columns`` to their declared windows, as text."""
    return {name: str(kpi.window) for name, kpi in macro.kpis.items() if name in columns}


def map_resolutions(macro: MacroSegment, columns: Sequence[str]) -> dict[str, float]:
    """Map the KPIs among ``columns`` to their resolutions."""
    return {name: kpi.resolution for name, kpi in macro.kpis.items() if name in columns}


def refuse_changed_kpis(profile: Profile, model: Model) -> None:
    """Stop if the profile no longer measures what the model was fitted on.

    A changed transform or scale is harmless: the model holds its own.

    Raises:
        DataError: a KPI of the model was renamed or retired, or now has another window or resolution.
    """
    kpis = profile.macro_segments[model.macro_segment].kpis
    for name, window in model.windows.items():
        declared, expected = kpis.get(name), f"over {window}, rounded to {model.resolutions.get(name, 0):g}"
        now = f"over {declared.window}, rounded to {declared.resolution:g}" if declared else "not declared"
        if now != expected:
            raise DataError(
                f"{profile.path}: macro_segments.{model.macro_segment}.kpis.{name} is {now}, but model "
                f"{model.model_id} was fitted on it {expected}; fit again and accept the new model"
            )
