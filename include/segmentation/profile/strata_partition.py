"""How strata cut the population: once, and so that whatever a stratum clusters on has a value for all its customers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.segmentation.errors import ProfileError
from include.segmentation.profile.conditions import evaluate_at_test_points
from include.segmentation.profile.kpis import AGE_COLUMN, Kpi, list_domains
from include.segmentation.profile.mistakes import Mistake
from include.segmentation.profile.strata import Stratum


def find_partition_mistakes(kpis: Mapping[str, Kpi], strata: Sequence[Stratum]) -> Iterator[Mistake]:
    """Strata that overlap, leave someone out, take nobody, or cluster on what has no value: one mistake of each kind.

    Args:
        kpis: those of a macro segment.
        strata: its strata, their conditions known to be conditions over these.
    """
    # What decides whether a KPI has a value joins the strata's conditions on the grid: its age, then its zero. One
    # grid per zero, as all of them on one would be too many cases.
    immature = [f"{AGE_COLUMN} < {kpi.matures_after}" for kpi in kpis.values() if kpi.matures_after]
    zeros = [[f"{name} = 0"] for name, kpi in kpis.items() if kpi.zero == "none"]
    found: dict[str, Mistake] = {}
    for of_values in [immature, *zeros]:
        try:
            for kind, mistake in _Grid(kpis, strata).wrong_points(of_values):
                found.setdefault(kind, mistake)
        except ProfileError as error:
            found.setdefault("grid", Mistake((), str(error)))
    yield from found.values()


@dataclass(frozen=True)
class _Grid:
    """The values at which a condition can change."""

    kpis: Mapping[str, Kpi]
    strata: Sequence[Stratum]

    def wrong_points(self, of_values: list[str]) -> Iterator[tuple[str, Mistake]]:
        """Every mistake, with what tells its kind apart from the others."""
        strata = [stratum.when for stratum in self.strata]
        undefined = {name: kpi.undefined_when for name, kpi in self.kpis.items() if kpi.undefined_when}
        impossible = [f"({name} IS NULL) <> ({condition})" for name, condition in undefined.items()]
        taken: set[int] = set()
        for point in evaluate_at_test_points([*strata, *impossible, *of_values], list_domains(self.kpis)):
            if not any(len(strata) <= i < len(strata) + len(impossible) for i in point["true"]):
                taken.update(point["true"])
                yield from self._wrong_point(point)
        for i, stratum in enumerate(self.strata):
            if i not in taken:
                text = f"stratum '{stratum.name}': '{stratum.when}' takes nobody, whatever the KPIs are"
                yield f"nobody {stratum.name}", Mistake(("strata", i, "when"), text)

    def _wrong_point(self, point: dict[str, Any]) -> Iterator[tuple[str, Mistake]]:
        case = ", ".join(
            f"{name} {'IS NULL' if value is None else f'= {value:g}'}"
            for name, value in point.items()
            if name != "true"
        )
        held = [i for i in point["true"] if i < len(self.strata)]
        names = [self.strata[i].name for i in held]
        if not held:
            yield "gap", Mistake((), f"strata are incomplete: no stratum takes a customer with {case}")
        elif len(held) > 1:
            text = f"strata '{names[0]}' and '{names[1]}' overlap: both take a customer with {case}"
            yield f"overlap {names[:2]}", Mistake((), text)
        else:
            for kpi in self.strata[held[0]].clustered_on:
                why = self._no_value(self.strata[held[0]], kpi, point, case)
                if why:
                    text = f"stratum '{names[0]}' clusters on '{kpi}'{why}"
                    yield f"value {names[0]} {kpi}", Mistake(("strata", held[0]), text)

    def _no_value(self, stratum: Stratum, name: str, point: dict[str, Any], case: str) -> str:
        """Why a stratum can not cluster on a KPI at a point of the grid; empty where it can."""
        kpi = self.kpis[name]
        counted = stratum.cluster.undefined_as if stratum.cluster else {}
        if kpi.undefined_when and point[name] is None and name not in counted:
            return (
                f" but takes customers for whom it is undefined ({case}); exclude them with NOT ({kpi.undefined_when}),"
                " or say with undefined_as what it counts as"
            )
        if kpi.zero == "none" and point.get(name) == 0:
            return (
                f" but takes customers for whom it is 0, which is no value (zero: none) ({case}); exclude them with "
                f"'{name} <> 0'"
            )
        if kpi.matures_after and point.get(AGE_COLUMN, kpi.matures_after) < kpi.matures_after:
            return (
                f", final only after {kpi.matures_after} days, but takes younger customers ({case}); exclude them with "
                f"'{AGE_COLUMN} >= {kpi.matures_after}'"
            )
        return ""
