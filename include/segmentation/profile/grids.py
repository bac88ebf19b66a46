"""The contract of a grid: KPIs in classes, and named rectangles of two of them, beside a macro segment's segments."""

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


def _span(value: Any) -> Any:
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value


ClassSpan = Annotated[tuple[int, int], BeforeValidator(_span)]
"""The first and the last of some classes; one number stands for both."""


class GridScore(ProfilePart):
    """A KPI in classes, from 1 for the worst customers up to ``classes`` for the best, by the KPI's direction.

    Attributes:
        label: the words a reader sees ("Recency").
        classes: how many; a fit makes them of about the same size, and equal values are always in one class.
        own_class: whoever has this value or less is a class of their own.
    """

    kpi: SqlName
    label: str
    classes: int = Field(5, ge=2, le=9)
    own_class: float | None = None


class GridCell(ProfilePart):
    """A named rectangle of the grid.

    Attributes:
        name: what tables call it.
        label: the words a reader sees ("At risk").
        scores: the classes of the two scores that it takes: ``{r: 5, f: [4, 5]}``.
    """

    name: SqlName
    label: str
    scores: dict[str, ClassSpan]
    description: str = ""
    recommended_action: str = ""
    owner: str = ""


class Grid(ProfilePart):
    """Customers by two scores, each cell with a name.

    Attributes:
        label: the words a reader sees ("RFM").
        when: a SQL condition over the macro segment's KPIs and ``age_days``: who is scored.
        scores: by their short names, in the order in which a customer's classes are written: 5, 4 and 3 as ``543``.
        rows, columns: the two of them that span the grid.
        cells: rectangles that together take every pair of classes exactly once.
    """

    label: str
    when: Condition
    scores: dict[SqlName, GridScore] = Field(min_length=2)
    rows: str
    columns: str
    cells: list[GridCell] = Field(min_length=1)

    def find_mistakes(self, kpis: Mapping[str, Kpi]) -> Iterator[Mistake]:
        """What does not fit together.

        Args:
            kpis: those of the macro segment.
        """
        wrong = [*self._wrong_scores(kpis), *self._wrong_sides(), *self._wrong_cells()]
        yield from wrong
        if not wrong:
            yield from self._wrong_cover()

    def _wrong_scores(self, kpis: Mapping[str, Kpi]) -> Iterator[Mistake]:
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
                text = f"'{score.kpi}' has direction neutral, so no class of it is the best; allowed are more and less"
                yield Mistake(place, text)
            elif self._takes_undefined(score.kpi, kpis):
                condition = kpis[score.kpi].undefined_when
                text = f"'{score.kpi}' is undefined for some of those whom '{self.when}' takes; exclude {condition}"
                yield Mistake(place, text)

    def _takes_undefined(self, name: str, kpis: Mapping[str, Kpi]) -> bool:
        condition = kpis[name].undefined_when
        if condition is None:
            return False
        impossible = f"({name} IS NULL) <> ({condition})"
        points = evaluate_at_test_points([self.when, condition, impossible], list_domains(kpis))
        return any(point["true"] == [0, 1] for point in points)

    def _wrong_sides(self) -> Iterator[Mistake]:
        for side, name in (("rows", self.rows), ("columns", self.columns)):
            if name not in self.scores:
                yield Mistake((side,), f"'{name}'; {list_allowed(name, self.scores)}")
        if self.rows == self.columns:
            yield Mistake(("columns",), f"'{self.columns}' are the rows already; allowed is another score")

    def _wrong_cells(self) -> Iterator[Mistake]:
        names = Counter(cell.name for cell in self.cells)
        for position, cell in enumerate(self.cells):
            place = ("cells", position)
            if names[cell.name] > 1:
                yield Mistake((*place, "name"), f"'{cell.name}' is another cell's name too; allowed is any other")
            if set(cell.scores) != {self.rows, self.columns}:
                found = ", ".join(cell.scores) or "none"
                text = f"'{cell.name}' names {found}; allowed are {self.rows} and {self.columns}, both"
                yield Mistake((*place, "scores"), text)
            for name, (low, high) in cell.scores.items():
                most = self.scores[name].classes if name in self.scores else high
                if not 1 <= low <= high <= most:
                    text = f"'{cell.name}': [{low}, {high}]; allowed are classes from 1 to {most}, the lower one first"
                    yield Mistake((*place, "scores", name), text)

    def _wrong_cover(self) -> Iterator[Mistake]:
        """Pairs of classes that no rectangle takes, or more than one."""
        rows, columns = (range(1, self.scores[name].classes + 1) for name in (self.rows, self.columns))
        empty = []
        for row, column in product(rows, columns):
            place = f"{self.rows} {row}, {self.columns} {column}"
            names = [cell.name for cell in self.cells if self.is_inside(cell, row, column)]
            if not names:
                empty.append(place)
            elif len(names) > 1:
                quoted = " and ".join(f"'{name}'" for name in names)
                yield Mistake(("cells",), f"({place}) is taken by {quoted}; allowed is one of them")
        if empty:
            listed = ", ".join(f"({place})" for place in empty)
            yield Mistake(("cells",), f"no cell takes {listed}; allowed are cells that take each pair of classes once")

    def is_inside(self, cell: GridCell, row: int, column: int) -> bool:
        """Whether a rectangle takes a pair of classes."""
        (top, bottom), (left, right) = cell.scores[self.rows], cell.scores[self.columns]
        return top <= row <= bottom and left <= column <= right
