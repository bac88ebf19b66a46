"""Grids: KPIs in classes, and named rectangles of two of them, in addition to a macro segment's segments."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from include.segmentation.errors import ProfileError
from include.segmentation.profile.conditions import Condition, evaluate_at_test_points, parse_condition
from include.segmentation.profile.identifiers import SqlName
from include.segmentation.profile.kpis import AGE_COLUMN, Kpi, list_domains
from include.segmentation.profile.mistakes import Mistake, list_allowed
from include.segmentation.profile.profile_part import ProfilePart


def _expand_class(value: Any) -> Any:
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value


ClassSpan = Annotated[tuple[int, int], BeforeValidator(_expand_class)]
"""The first and last class of a range; a single number stands for both."""


class GridScore(ProfilePart):
    """A KPI in classes, from 1 (the worst customers) to ``classes`` (the best), by the KPI's direction.

    Attributes:
        label: the name that readers see ("Recency").
        classes: the number of classes; a fit makes them about equal in size and never splits equal values.
        own_class: customers with this value or less form a class of their own.
    """

    kpi: SqlName
    label: str
    classes: int = Field(5, ge=2, le=9)
    own_class: float | None = None


class GridCell(ProfilePart):
    """A named rectangle of the grid.

    Attributes:
        name: its name in tables.
        label: the name that readers see ("At risk").
        scores: its classes of the two scores: ``{r: 5, f: [4, 5]}``.
    """

    name: SqlName
    label: str
    scores: dict[str, ClassSpan]
    description: str = ""
    recommended_action: str = ""
    owner: str = ""


class Grid(ProfilePart):
    """Customers by two scores, with a name for each cell.

    Attributes:
        label: the name that readers see ("RFM").
        when: a SQL condition over the macro segment's KPIs and ``age_days`` that selects the customers to score.
        scores: scores by short name, in the order in which classes are written: 5, 4 and 3 as ``543``.
        rows, columns: the two scores of the grid's axes.
        cells: rectangles that together contain every pair of classes exactly once.
    """

    label: str
    when: Condition
    scores: dict[SqlName, GridScore] = Field(min_length=2)
    rows: str
    columns: str
    cells: list[GridCell] = Field(min_length=1)

    def find_mistakes(self, kpis: Mapping[str, Kpi]) -> Iterator[Mistake]:
        """Find the parts that do not fit together.

        Args:
            kpis: the KPIs of the macro segment.
        """
        mistakes = [*self._find_score_mistakes(kpis), *self._find_axis_mistakes(), *self._find_cell_mistakes()]
        yield from mistakes or self._find_cover_mistakes()

    def _find_score_mistakes(self, kpis: Mapping[str, Kpi]) -> Iterator[Mistake]:
        try:
            parse_condition(self.when, [*kpis, AGE_COLUMN])
        except ProfileError as error:
            yield Mistake(("when",), str(error))
            return
        for name, score in self.scores.items():
            place = ("scores", name, "kpi")
            if score.kpi not in kpis:
                yield Mistake(place, f"'{score.kpi}'; {list_allowed(score.kpi, kpis)}")
            elif kpis[score.kpi].direction == "neutral":
                text = f"'{score.kpi}' has direction neutral, so no class is the best; allowed: more and less"
                yield Mistake(place, text)
            elif self._includes_undefined(score.kpi, kpis):
                condition = kpis[score.kpi].undefined_when
                text = f"'{score.kpi}' is undefined for some customers with '{self.when}'; exclude {condition}"
                yield Mistake(place, text)

    def _includes_undefined(self, name: str, kpis: Mapping[str, Kpi]) -> bool:
        condition = kpis[name].undefined_when
        if condition is None:
            return False
        impossible = f"({name} IS NULL) <> ({condition})"
        points = evaluate_at_test_points([self.when, condition, impossible], list_domains(kpis))
        return any(point["true"] == [0, 1] for point in points)

    def _find_axis_mistakes(self) -> Iterator[Mistake]:
        for axis, name in (("rows", self.rows), ("columns", self.columns)):
            if name not in self.scores:
                yield Mistake((axis,), f"'{name}'; {list_allowed(name, self.scores)}")
        if self.rows == self.columns:
            yield Mistake(("columns",), f"'{self.columns}' is also the score of the rows; allowed: another score")

    def _find_cell_mistakes(self) -> Iterator[Mistake]:
        names = Counter(cell.name for cell in self.cells)
        for position, cell in enumerate(self.cells):
            place = ("cells", position)
            if names[cell.name] > 1:
                yield Mistake((*place, "name"), f"'{cell.name}' is also another cell's name; allowed: any other")
            if set(cell.scores) != {self.rows, self.columns}:
                names_in_cell = ", ".join(cell.scores) or "none"
                text = f"'{cell.name}' has {names_in_cell}; allowed: {self.rows} and {self.columns}, both"
                yield Mistake((*place, "scores"), text)
            for name, (low, high) in cell.scores.items():
                last = self.scores[name].classes if name in self.scores else high
                if not 1 <= low <= high <= last:
                    text = f"'{cell.name}': [{low}, {high}]; allowed: classes from 1 to {last}, the lower one first"
                    yield Mistake((*place, "scores", name), text)

    def _find_cover_mistakes(self) -> Iterator[Mistake]:
        """Find the pairs of classes that are in no cell, or in several."""
        rows, columns = (range(1, self.scores[name].classes + 1) for name in (self.rows, self.columns))
        empty = []
        for row, column in product(rows, columns):
            place = f"{self.rows} {row}, {self.columns} {column}"
            names = [cell.name for cell in self.cells if self.is_inside(cell, row, column)]
            if not names:
                empty.append(place)
            elif len(names) > 1:
                quoted = " and ".join(f"'{name}'" for name in names)
                yield Mistake(("cells",), f"({place}) is in {quoted}; allowed: one cell")
        if empty:
            listed = ", ".join(f"({place})" for place in empty)
            yield Mistake(("cells",), f"no cell contains {listed}; allowed: cells with each pair of classes once")

    def is_inside(self, cell: GridCell, row: int, column: int) -> bool:
        """Whether a pair of classes is in a cell."""
        (top, bottom), (left, right) = cell.scores[self.rows], cell.scores[self.columns]
        return top <= row <= bottom and left <= column <= right
