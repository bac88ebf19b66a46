"""Customers beside their segments as the page shows them: personas, funnel, demographics, and what KPIs are for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from include.segmentation.profile.demographics import EVERYONE, OTHER_VALUES, UNKNOWN_VALUE, Demographic
from include.segmentation.profile.personas import NO_PERSONA
from include.segmentation.profile.profile import Profile
from include.segmentation.report import formatting
from include.segmentation.report.charts import colours, dendrogram
from include.segmentation.report.charts.dendrogram import DendrogramBranch
from include.segmentation.report.queries.answers import Answers
from include.segmentation.report.queries.people_queries import DemographicShare, PersonaSize, PublishedStep
from include.segmentation.report.sections.table_rows import TableCell

_VALUES_SHOWN = 8
_COLUMNS_SHOWN = 5
_LAST = (OTHER_VALUES, UNKNOWN_VALUE)


@dataclass(frozen=True)
class DemographicRows:
    """One demographic of everyone.

    Attributes:
        report: the Google Analytics report; empty for an attribute of customers.
        rows: value, customers as text (empty for a report) and share.
        more: how many further values are not shown.
    """

    label: str
    report: str
    coverage: float
    rows: list[tuple[str, str, float]]
    more: int


@dataclass(frozen=True)
class DemographicColumns:
    """One demographic by segment: a column per value, and the cells of each segment by its key."""

    label: str
    values: list[str]
    cells: dict[str, list[TableCell]]


@dataclass(frozen=True)
class KpiGoal:
    """A link of the chain: what a KPI is for."""

    goal: str
    indicator: str
    kpi: str
    measured: str
    owner: str


@dataclass(frozen=True)
class PeopleView:
    """Everyone, across the macro segments."""

    answers: Answers
    profile: Profile

    @property
    def parts(self) -> list[tuple[str, str]]:
        """What there is to tell: id and title of each part."""
        found = {
            ("personas", "Personas"): self.answers.personas,
            ("funnel", "How far they came"): self.funnel,
            ("demographics", "Who they are"): self.demographics,
            ("goals", "What the KPIs are for"): self.goals,
        }
        return [part for part, rows in found.items() if rows]

    @property
    def funnel(self) -> list[PublishedStep]:
        """The steps of everyone."""
        return [step for step in self.answers.funnel if step.segment_key == EVERYONE]

    @property
    def personas(self) -> list[tuple[int, PersonaSize]]:
        """Every persona with how many others it is inside."""
        depths: dict[str | None, int] = {None: -1}
        for persona in self._personas:
            depths[persona.persona] = depths[persona.part_of] + 1
        return [(depths[persona.persona], persona) for persona in self._personas]

    @property
    def _personas(self) -> list[PersonaSize]:
        """All of the profile's; whom none takes only where there is anybody."""
        return [persona for persona in self.answers.personas if persona.customers or persona.persona != NO_PERSONA]

    @cached_property
    def tree(self) -> str:
        """The personas with their shares as a tree in SVG."""
        whole = DendrogramBranch("All customers", 1.0, self._branches(None))
        told = ", ".join(f"{formatting.format_share(each.share)} {each.label}" for each in self._personas)
        return dendrogram.draw_dendrogram(whole, f"From all customers to the personas, with their shares: {told}")

    def _branches(self, part_of: str | None) -> list[DendrogramBranch]:
        return [
            DendrogramBranch(each.label, each.share, self._branches(each.persona))
            for each in self._personas
            if each.part_of == part_of
        ]

    @property
    def attributes(self) -> bool:
        """Whether there are demographics of customers, which are told of segments too."""
        return any(not shares.report for shares in self.demographics)

    @cached_property
    def demographics(self) -> list[DemographicRows]:
        """Every demographic of everyone, attributes before what Google estimates."""
        mine = [portion for portion in self.answers.demographics if portion.segment_key == EVERYONE]
        names = list(dict.fromkeys((portion.report, portion.dimension) for portion in mine))
        return [self._shares([p for p in mine if (p.report, p.dimension) == name]) for name in names]

    def _shares(self, found: Sequence[DemographicShare]) -> DemographicRows:
        named = [portion for portion in found if portion.value not in _LAST]
        shown = [*named[:_VALUES_SHOWN], *(portion for portion in found if portion.value in _LAST)]
        return DemographicRows(
            label=_label(found[0], self.profile.demographics),
            report=found[0].report,
            coverage=found[0].coverage,
            rows=[
                (p.value, "" if p.customers is None else formatting.format_count(p.customers), p.share) for p in shown
            ],
            more=len(named[_VALUES_SHOWN:]),
        )

    @property
    def goals(self) -> list[KpiGoal]:
        """Goal, indicator, metric: every KPI of the run that says what it is for, in the profile's order of goals."""
        said = {name: kpi for name, kpi in self.answers.now.kpis.items() if kpi.get("goal")}
        names = [*(name for name in self.profile.kpis if name in said), *sorted(said.keys() - self.profile.kpis.keys())]
        chains = [(said[name]["goal"], said[name]["indicator"]) for name in names]
        firsts = [chains.index(chain) for chain in chains]
        goals = [goal for goal, _ in chains]
        order = sorted(range(len(names)), key=lambda place: (goals.index(goals[place]), firsts[place]))
        return [_goal(said[names[place]]) for place in order]


def make_funnel_cells(steps: Sequence[PublishedStep], key: str) -> list[TableCell]:
    """One cell per step of a segment: the share of its customers, and of those who had come to the step before."""
    cells = []
    for step in (step for step in steps if step.segment_key == key):
        if step.share is None:
            cells.append(TableCell(formatting.DASH, formatting.SUPPRESSED))
        else:
            small = "" if step.conversion is None else f"{formatting.format_share(step.conversion)} of before"
            cells.append(TableCell(formatting.format_share(step.share), small, colours.choose_cell_style(step.share)))
    return cells


def make_demographic_columns(
    found: Sequence[DemographicShare], macro: str, keys: Sequence[str], declared: dict[str, Demographic]
) -> list[DemographicColumns]:
    """Each attribute by segment: the largest values of everyone, all others, and unknown.

    Args:
        found: the portions of the run.
        macro: the macro segment.
        keys: its segments.
        declared: the demographics of the profile.
    """
    own = [portion for portion in found if not portion.report]
    tables = []
    for dimension in dict.fromkeys(portion.dimension for portion in own):
        mine = [portion for portion in own if portion.dimension == dimension]
        largest = [p.value for p in mine if p.macro_segment == EVERYONE and p.value not in _LAST][:_COLUMNS_SHOWN]
        shares = {
            key: {p.value: p.share for p in mine if (p.macro_segment, p.segment_key) == (macro, key)} for key in keys
        }
        cells = {key: _cells(largest, shares[key]) for key in keys}
        tables.append(DemographicColumns(_label(mine[0], declared), [*largest, *_LAST], cells))
    return tables


def _cells(largest: Sequence[str], shares: dict[str, float]) -> list[TableCell]:
    if not shares:
        return [TableCell(formatting.DASH)] * (len(largest) + len(_LAST))
    unknown = shares.get(UNKNOWN_VALUE, 0.0)
    others = sum(share for value, share in shares.items() if value not in (*largest, UNKNOWN_VALUE))
    named = [_cell(shares[value]) if value in shares else TableCell(formatting.DASH, "in other") for value in largest]
    return [*named, _cell(others), _cell(unknown)]


def _cell(share: float) -> TableCell:
    return TableCell(formatting.format_share(share), style=colours.choose_cell_style(share))


def _label(portion: DemographicShare, declared: dict[str, Demographic]) -> str:
    if not portion.report and portion.dimension in declared:
        return declared[portion.dimension].label
    return portion.dimension.replace("_", " ").capitalize()


def _goal(kpi: dict[str, Any]) -> KpiGoal:
    return KpiGoal(kpi["goal"], kpi["indicator"], kpi["label"], f"{kpi['unit']}, {kpi['window']}", kpi.get("owner", ""))
