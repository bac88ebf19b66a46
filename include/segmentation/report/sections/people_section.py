"""Customers beside their segments as the page shows them: personas, funnel, demographics, and what KPIs are for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from include.segmentation.profile.people import EVERYONE, NO_PERSONA, OTHER, UNKNOWN, Demographic
from include.segmentation.profile.profile import Profile
from include.segmentation.report import formatting
from include.segmentation.report.charts import colours, dendrogram
from include.segmentation.report.charts.dendrogram import Branch
from include.segmentation.report.queries.answers import Answers
from include.segmentation.report.queries.people_queries import PersonaSize, Portion, Step
from include.segmentation.report.sections.table_rows import Cell

_VALUES_SHOWN = 8
_COLUMNS_SHOWN = 5
_LAST = (OTHER, UNKNOWN)


@dataclass(frozen=True)
class Shares:
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
class Columns:
    """One demographic by segment: a column per value, and the cells of each segment by its key."""

    label: str
    values: list[str]
    cells: dict[str, list[Cell]]


@dataclass(frozen=True)
class Goal:
    """A link of the chain: what a KPI is for."""

    goal: str
    indicator: str
    kpi: str
    measured: str
    owner: str


@dataclass(frozen=True)
class People:
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
    def funnel(self) -> list[Step]:
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
        whole = Branch("All customers", 1.0, self._branches(None))
        told = ", ".join(f"{formatting.share(each.share)} {each.label}" for each in self._personas)
        return dendrogram.draw(whole, f"From all customers to the personas, with their shares: {told}")

    def _branches(self, part_of: str | None) -> list[Branch]:
        return [
            Branch(each.label, each.share, self._branches(each.persona))
            for each in self._personas
            if each.part_of == part_of
        ]

    @property
    def attributes(self) -> bool:
        """Whether there are demographics of customers, which are told of segments too."""
        return any(not shares.report for shares in self.demographics)

    @cached_property
    def demographics(self) -> list[Shares]:
        """Every demographic of everyone, attributes before what Google estimates."""
        mine = [portion for portion in self.answers.demographics if portion.segment_key == EVERYONE]
        names = list(dict.fromkeys((portion.report, portion.dimension) for portion in mine))
        return [self._shares([p for p in mine if (p.report, p.dimension) == name]) for name in names]

    def _shares(self, found: Sequence[Portion]) -> Shares:
        named = [portion for portion in found if portion.value not in _LAST]
        shown = [*named[:_VALUES_SHOWN], *(portion for portion in found if portion.value in _LAST)]
        return Shares(
            label=_label(found[0], self.profile.demographics),
            report=found[0].report,
            coverage=found[0].coverage,
            rows=[(p.value, "" if p.customers is None else formatting.count(p.customers), p.share) for p in shown],
            more=len(named[_VALUES_SHOWN:]),
        )

    @property
    def goals(self) -> list[Goal]:
        """Goal, indicator, metric: every KPI of the run that says what it is for, in the profile's order of goals."""
        said = {name: kpi for name, kpi in self.answers.now.kpis.items() if kpi.get("goal")}
        names = [*(name for name in self.profile.kpis if name in said), *sorted(said.keys() - self.profile.kpis.keys())]
        chains = [(said[name]["goal"], said[name]["indicator"]) for name in names]
        firsts = [chains.index(chain) for chain in chains]
        goals = [goal for goal, _ in chains]
        order = sorted(range(len(names)), key=lambda place: (goals.index(goals[place]), firsts[place]))
        return [_goal(said[names[place]]) for place in order]


def funnel_cells(steps: Sequence[Step], key: str) -> list[Cell]:
    """One cell per step of a segment: the share of its customers, and of those who had come to the step before."""
    cells = []
    for step in (step for step in steps if step.segment_key == key):
        if step.share is None:
            cells.append(Cell(formatting.DASH, formatting.SUPPRESSED))
        else:
            small = "" if step.conversion is None else f"{formatting.share(step.conversion)} of before"
            cells.append(Cell(formatting.share(step.share), small, colours.cell(step.share)))
    return cells


def columns(
    found: Sequence[Portion], macro: str, keys: Sequence[str], declared: dict[str, Demographic]
) -> list[Columns]:
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
        tables.append(Columns(_label(mine[0], declared), [*largest, *_LAST], cells))
    return tables


def _cells(largest: Sequence[str], shares: dict[str, float]) -> list[Cell]:
    if not shares:
        return [Cell(formatting.DASH)] * (len(largest) + len(_LAST))
    unknown = shares.get(UNKNOWN, 0.0)
    others = sum(share for value, share in shares.items() if value not in (*largest, UNKNOWN))
    named = [_cell(shares[value]) if value in shares else Cell(formatting.DASH, "in other") for value in largest]
    return [*named, _cell(others), _cell(unknown)]


def _cell(share: float) -> Cell:
    return Cell(formatting.share(share), style=colours.cell(share))


def _label(portion: Portion, declared: dict[str, Demographic]) -> str:
    if not portion.report and portion.dimension in declared:
        return declared[portion.dimension].label
    return portion.dimension.replace("_", " ").capitalize()


def _goal(kpi: dict[str, Any]) -> Goal:
    return Goal(kpi["goal"], kpi["indicator"], kpi["label"], f"{kpi['unit']}, {kpi['window']}", kpi.get("owner", ""))
