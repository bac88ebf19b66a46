"""Summarise a profile in a few lines."""

from collections.abc import Iterator

from include.segmentation.profile.kpis import Kpi
from include.segmentation.profile.personas import walk_personas
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.schedule import CADENCES
from include.segmentation.profile.strata import Stratum


def summarise_profile(profile: Profile, *, is_connected: bool) -> str:
    """Summarise the extracts, KPIs, strata, grids, lists, figures and DAGs of a valid profile.

    Args:
        profile: the profile.
        is_connected: whether its servers were also asked.
    """
    return "\n".join(_write_lines(profile, is_connected))


def _write_lines(profile: Profile, is_connected: bool) -> Iterator[str]:
    yield f"{profile.path}: no mistakes" + ("" if is_connected else "; no server was asked, use --connect to ask them")
    schedule = profile.schedule
    yield f"{profile.title}: data since {schedule.start}, first fit {schedule.first_fit}, time zone {profile.time_zone}"
    for name, extract in profile.extracts.items():
        yield f"  extract  {name}: {extract.summary}; expectations: {len(profile.expectations.get(name, []))}"
    for name, macro in profile.macro_segments.items():
        yield f"  segments {name}: {macro.label}"
        yield f"    KPIs   {', '.join(f'{name} ({_describe_kpi(kpi)})' for name, kpi in macro.kpis.items())}"
        yield f"    strata {', '.join(f'{stratum.name} ({_describe_clustering(stratum)})' for stratum in macro.strata)}"
        if macro.grid:
            scores = ", ".join(f"{name} ({score.kpi})" for name, score in macro.grid.scores.items())
            yield f"    grid   {macro.grid.label}: {scores}; {', '.join(cell.name for cell in macro.grid.cells)}"
    for name, eligibility in profile.lists.items():
        yield f"  list     {name}: {', '.join(reason.name for reason in eligibility.reasons)}"
    for name, figure in profile.figures.items():
        yield f"  figure   {name}: {', '.join(figure.values)} by {', '.join(figure.by)}"
    others = {
        "funnel": " > ".join(step.name for step in profile.funnel),
        "counted by": ", ".join(profile.demographics),
        "personas": ", ".join(persona.name for persona, _ in walk_personas(profile.personas)),
    }
    yield from (f"  {part:8} {names}" for part, names in others.items() if names)
    dags = ["extract", "reconcile", "fit", *(f"segment_{cadence}" for cadence in CADENCES)]
    yield f"  DAGs     {', '.join(f'{profile.profile}__{dag}' for dag in dags)}"
    yield f"  tables   schema {profile.warehouse.schema_name} of connection {profile.warehouse.connection}"


def _describe_kpi(kpi: Kpi) -> str:
    return f"{kpi.window}, for rules" if kpi.rule_only else str(kpi.window)


def _describe_clustering(stratum: Stratum) -> str:
    if stratum.cluster is None:
        return "one segment"
    clusters = "k by evidence" if stratum.cluster.k == "auto" else f"{stratum.cluster.k} clusters"
    return f"{clusters} on {', '.join(stratum.kpis)}"
