"""What a fit was asked for, as a tracking server takes it: name -> text."""

from collections.abc import Iterable

from include.segmentation.model.grid_model import GridModel
from include.segmentation.model.model import Model
from include.segmentation.profile.kpis import ClipTransform, Kpi
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.profile.strata import ClusterChoice, Stratum


def list_parameters(model: Model, macro: MacroSegment) -> dict[str, str]:
    """Which fit it was, per stratum and KPI how the profile wanted it cut, and the cut points that a grid stores.

    Args:
        model: what the fit froze.
        macro: its macro segment, as the profile declared it at the fit.
    """
    declared = {stratum.name: stratum for stratum in macro.strata}
    found = {
        "profile": model.profile,
        "macro_segment": model.macro_segment,
        "as_of": f"{model.effective_from:%Y-%m-%dT%H:%M:%SZ}",
        "seed": str(model.seed),
        "strata": _listed(stratum.name for stratum in model.strata),
    }
    for part in model.strata:
        said = _of_stratum(declared[part.name]) if part.name in declared else {}
        said |= {"when": part.when, "k_taken": str(len(part.segments))}
        found |= {f"{part.name}/{name}": text for name, text in said.items()}
    for name in dict.fromkeys(kpi for stratum in macro.strata for kpi in stratum.clustered_on):
        said = _of_kpi(macro.kpis[name]) | {"scale": macro.find_scale(name)}
        found |= {f"kpi/{name}/{key}": text for key, text in said.items()}
    return found | (_of_grid(model.grid) if model.grid else {})


def _of_stratum(stratum: Stratum) -> dict[str, str]:
    found: dict[str, str] = {}
    if stratum.cluster:
        found |= {"kpis": _listed(stratum.kpis), "algorithm": stratum.cluster.algorithm}
        found |= {"k_allowed": _allowed(stratum.cluster)}
        found |= {} if stratum.cluster.pca is None else {"pca": str(stratum.cluster.pca)}
    if stratum.micro:
        found |= {"micro/kpis": _listed(stratum.micro_kpis), "micro/k_allowed": _allowed(stratum.micro)}
    return found


def _of_kpi(kpi: Kpi) -> dict[str, str]:
    transform = f"clip {list(kpi.transform.clip)}" if isinstance(kpi.transform, ClipTransform) else kpi.transform
    return {"window": str(kpi.window), "transform": transform, "weight": f"{kpi.weight or 1:.12g}"}


def _of_grid(grid: GridModel) -> dict[str, str]:
    found = {"grid/when": grid.when}
    for score in grid.scores:
        cuts = _listed(f"{cut:.12g}" for cut in score.cuts)
        found |= {f"grid/{score.name}/kpi": score.kpi, f"grid/{score.name}/cuts": cuts}
    return found


def _allowed(cluster: ClusterChoice) -> str:
    """What k could have been; 1 leaves the stratum whole."""
    return _listed(map(str, [1, *cluster.ks]))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
