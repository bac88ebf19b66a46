"""The strata as a partition: each customer is in exactly one, and has a value for every KPI that it clusters on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.segmentation.errors import ProfileError
from include.segmentation.profile.conditions import evaluate_at_test_points
from include.segmentation.profile.kpis import AGE_COLUMN, Kpi, list_domains
from include.segmentation.profile.mistakes import Mistake
from include.segmentation.profile.strata import Stratum


def find_partition_mistakes(kpis: Mapping[str, Kpi], strata: Sequence[Stratum]) -> Iterator[Mistake]:
    """Find strata that overlap, leave a customer out, can never match, or cluster on a KPI without a value.

    Args:
        kpis: the KPIs of a macro segment.
        strata: its strata; their conditions are valid.

    Returns:
        One mistake of each kind, with an example.
    """
    # Whether a KPI has a value depends on the age and on zeros, so these join the strata's conditions. Every zero is
    # checked separately: all of them at once would be too many cases.
    immature = [f"{AGE_COLUMN} < {kpi.matures_after}" for kpi in kpis.values() if kpi.matures_after]
    zeros = [[f"{name} = 0"] for name, kpi in kpis.items() if kpi.zero == "none"]
    mistakes: dict[str, Mistake] = {}
    for value_conditions in [immature, *zeros]:
        try:
            for kind, mistake in _PartitionCheck(kpis, strata).find_mistakes(value_conditions):
                mistakes.setdefault(kind, mistake)
        except ProfileError as error:
            mistakes.setdefault("size", Mistake((), str(error)))
    yield from mistakes.values()


@dataclass(frozen=True)
class _PartitionCheck:
    kpis: Mapping[str, Kpi]
    strata: Sequence[Stratum]

    def find_mistakes(self, value_conditions: list[str]) -> Iterator[tuple[str, Mistake]]:
        """Find every mistake, together with a text that is equal for mistakes of the same kind."""
        strata = [stratum.when for stratum in self.strata]
        undefined = {name: kpi.undefined_when for name, kpi in self.kpis.items() if kpi.undefined_when}
        impossible = [f"({name} IS NULL) <> ({condition})" for name, condition in undefined.items()]
        matching: set[int] = set()
        for point in evaluate_at_test_points([*strata, *impossible, *value_conditions], list_domains(self.kpis)):
            if not any(len(strata) <= i < len(strata) + len(impossible) for i in point["true"]):
                matching.update(point["true"])
                yield from self._find_mistakes_at(point)
        for i, stratum in enumerate(self.strata):
            if i not in matching:
                text = f"stratum '{stratum.name}': '{stratum.when}' can never match"
                yield f"never {stratum.name}", Mistake(("strata", i, "when"), text)

    def _find_mistakes_at(self, point: dict[str, Any]) -> Iterator[tuple[str, Mistake]]:
        example = ", ".join(
            f"{name} {'IS NULL' if value is None else f'= {value:g}'}"
            for name, value in point.items()
            if name != "true"
        )
        matching = [i for i in point["true"] if i < len(self.strata)]
        names = [self.strata[i].name for i in matching]
        if not matching:
            yield "gap", Mistake((), f"strata are incomplete: no stratum contains a customer with {example}")
        elif len(matching) > 1:
            text = f"strata '{names[0]}' and '{names[1]}' overlap: both contain a customer with {example}"
            yield f"overlap {names[:2]}", Mistake((), text)
        else:
            for kpi in self.strata[matching[0]].clustered_on:
                reason = self._explain_missing_value(self.strata[matching[0]], kpi, point, example)
                if reason:
                    text = f"stratum '{names[0]}' clusters on '{kpi}'{reason}"
                    yield f"value {names[0]} {kpi}", Mistake(("strata", matching[0]), text)

    def _explain_missing_value(self, stratum: Stratum, name: str, point: dict[str, Any], example: str) -> str:
        """Explain why a stratum cannot cluster on a KPI at a test point; empty if it can."""
        kpi = self.kpis[name]
        undefined_as = stratum.cluster.undefined_as if stratum.cluster else {}
        if kpi.undefined_when and point[name] is None and name not in undefined_as:
            return (
                f" but contains customers for whom it is undefined ({example}); exclude them with "
                f"NOT ({kpi.undefined_when}), or give a value for them in undefined_as"
            )
        if kpi.zero == "none" and point.get(name) == 0:
            return (
                f" but contains customers for whom it is 0, which is not a value (zero: none) ({example}); exclude "
                f"them with '{name} <> 0'"
            )
        if kpi.matures_after and point.get(AGE_COLUMN, kpi.matures_after) < kpi.matures_after:
            return (
                f", which is final after {kpi.matures_after} days, but contains younger customers ({example}); exclude "
                f"them with '{AGE_COLUMN} >= {kpi.matures_after}'"
            )
        return ""
