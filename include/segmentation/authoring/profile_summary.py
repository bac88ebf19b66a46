"""What a profile says, in a few lines."""

from collections.abc import Iterator

from include.segmentation.profile.kpis import Kpi
from include.segmentation.profile.personas import walk_personas
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.schedule import CADENCES
from include.segmentation.profile.strata import Stratum


def summarise_profile(profile: Profile, *, asked: bool) -> str:
    """Sources, extracts, KPIs, strata, grids, lists, figures and DAGs of a right profile.

    Args:
        profile: a right one.
        asked: whether its servers were asked too.
    """
    return "\n".join(_lines(profile, asked))


def _lines(profile: Profile, asked: bool) -> Iterator[str]:
    yield f"{profile.path}: no mistakes" + ("" if asked else "; no server was asked, --connect asks them")
    schedule = profile.schedule
    yield f"{profile.title}: data since {schedule.start}, first fit {schedule.first_fit}, time zone {profile.time_zone}"
    for name, extract in profile.extracts.items():
        yield f"  extract  {name}: {extract.summary}; expectations: {len(profile.expectations.get(name, []))}"
    for name, macro in profile.macro_segments.items():
        yield f"  segments {name}: {macro.label}"
        yield f"    KPIs   {', '.join(f'{kpi} ({_use(declared)})' for kpi, declared in macro.kpis.items())}"
        yield f"    strata {', '.join(f'{stratum.name} ({_cut(stratum)})' for stratum in macro.strata)}"
        if macro.grid:
            scores = ", ".join(f"{name} ({score.kpi})" for name, score in macro.grid.scores.items())
            yield f"    grid   {macro.grid.label}: {scores}; {', '.join(cell.name for cell in macro.grid.cells)}"
    for name, declared in profile.lists.items():
        yield f"  list     {name}: {', '.join(reason.name for reason in declared.reasons)}"
    for name, figure in profile.figures.items():
        yield f"  figure   {name}: {', '.join(figure.values)} by {', '.join(figure.by)}"
    told = {
        "funnel": " > ".join(step.name for step in profile.funnel),
        "counted by": ", ".join(profile.demographics),
        "personas": ", ".join(persona.name for persona, _ in walk_personas(profile.personas)),
    }
    yield from (f"  {what:8} {names}" for what, names in told.items() if names)
    dags = ["extract", "reconcile", "fit", *(f"segment_{cadence}" for cadence in CADENCES)]
    yield f"  DAGs     {', '.join(f'{profile.profile}__{dag}' for dag in dags)}"
    yield f"  tables   schema {profile.warehouse.schema_name} of connection {profile.warehouse.connection}"


def _use(kpi: Kpi) -> str:
    return f"{kpi.window}, for rules" if kpi.rule_only else str(kpi.window)


def _cut(stratum: Stratum) -> str:
    if stratum.cluster is None:
        return "one segment"
    many = "k by evidence" if stratum.cluster.k == "auto" else f"{stratum.cluster.k} clusters"
    return f"{many} on {', '.join(stratum.kpis)}"
