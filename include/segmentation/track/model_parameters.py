"""What the profile asked a fit for, as MLflow parameters: name -> text."""

from collections.abc import Iterable

from include.segmentation.model.grid_model import GridModel
from include.segmentation.model.model import Model
from include.segmentation.profile.kpis import ClipTransform, Kpi
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.profile.strata import ClusterChoice, Stratum


def list_parameters(model: Model, macro: MacroSegment) -> dict[str, str]:
    """List the fit's identity, the settings of each stratum and KPI, and the grid's cut points.

    Args:
        model: the frozen model.
        macro: its macro segment as the profile declared it at the fit.
    """
    declared = {stratum.name: stratum for stratum in macro.strata}
    parameters = {
        "profile": model.profile,
        "macro_segment": model.macro_segment,
        "as_of": f"{model.effective_from:%Y-%m-%dT%H:%M:%SZ}",
        "seed": str(model.seed),
        "strata": _join_names(stratum.name for stratum in model.strata),
    }
    for part in model.strata:
        settings = _list_stratum_parameters(declared[part.name]) if part.name in declared else {}
        settings |= {"when": part.when, "k_taken": str(len(part.segments))}
        parameters |= {f"{part.name}/{name}": text for name, text in settings.items()}
    for name in dict.fromkeys(kpi for stratum in macro.strata for kpi in stratum.clustered_on):
        settings = _list_kpi_parameters(macro.kpis[name]) | {"scale": macro.find_scale(name)}
        parameters |= {f"kpi/{name}/{key}": text for key, text in settings.items()}
    return parameters | (_list_grid_parameters(model.grid) if model.grid else {})


def _list_stratum_parameters(stratum: Stratum) -> dict[str, str]:
    parameters: dict[str, str] = {}
    if stratum.cluster:
        parameters |= {"kpis": _join_names(stratum.kpis), "algorithm": stratum.cluster.algorithm}
        parameters |= {"k_allowed": _list_allowed_k(stratum.cluster)}
        parameters |= {} if stratum.cluster.pca is None else {"pca": str(stratum.cluster.pca)}
    if stratum.micro:
        parameters |= {"micro/kpis": _join_names(stratum.micro_kpis), "micro/k_allowed": _list_allowed_k(stratum.micro)}
    return parameters


def _list_kpi_parameters(kpi: Kpi) -> dict[str, str]:
    transform = f"clip {list(kpi.transform.clip)}" if isinstance(kpi.transform, ClipTransform) else kpi.transform
    return {"window": str(kpi.window), "transform": transform, "weight": f"{kpi.weight or 1:.12g}"}


def _list_grid_parameters(grid: GridModel) -> dict[str, str]:
    parameters = {"grid/when": grid.when}
    for score in grid.scores:
        cuts = _join_names(f"{cut:.12g}" for cut in score.cuts)
        parameters |= {f"grid/{score.name}/kpi": score.kpi, f"grid/{score.name}/cuts": cuts}
    return parameters


def _list_allowed_k(cluster: ClusterChoice) -> str:
    """List the allowed k; 1 leaves the stratum whole."""
    return _join_names(map(str, [1, *cluster.ks]))


def _join_names(names: Iterable[str]) -> str:
    return ", ".join(names)
