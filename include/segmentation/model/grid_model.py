"""What a model keeps of a grid: the cut points of its scores, and its cells."""

from itertools import pairwise

from include.segmentation.model import FrozenPart


class ScoreModel(FrozenPart):
    """How one KPI becomes a class.

    Attributes:
        classes: how many there are; with fewer distinct values at the fit than that, some are empty.
        less_is_better: whether the lowest values are the best class.
        cuts: rising values, each the lowest of those above it; the rank of a value is the number of cuts that it
            reaches.
        customers: at the fit, by class from 1.
    """

    name: str
    label: str
    kpi: str
    classes: int
    less_is_better: bool
    cuts: list[float]
    customers: list[int]

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        """Per class from 1 its lowest value and the lowest above it.

        None where it is open, and for both where there were too few distinct values for the class.
        """
        ends: list[float | None] = [None, *self.cuts, None]
        ranges = list(pairwise(ends))
        empty: list[tuple[float | None, float | None]] = [(None, None)] * (self.classes - len(ranges))
        return [*empty, *reversed(ranges)] if self.less_is_better else [*ranges, *empty]


class CellModel(FrozenPart):
    """A named rectangle: the first and last class of the rows, and of the columns, that it takes."""

    name: str
    label: str
    description: str
    rows: tuple[int, int]
    columns: tuple[int, int]


class GridModel(FrozenPart):
    """Customers by two scores.

    Attributes:
        when: a SQL condition, who is scored.
        scores: in the order in which a customer's classes are written.
        rows, columns: the names of the two that span the grid.
        cells: they take every pair of classes once.
        note: what a reader should know about this fit.
    """

    label: str
    when: str
    scores: list[ScoreModel]
    rows: str
    columns: str
    cells: list[CellModel]
    note: str = ""

    def locate_cell(self, score: str) -> int:
        """Where a score stands in the text of a customer's classes, from 0."""
        return [one.name for one in self.scores].index(score)

    def has_same_cuts(self, other: "GridModel") -> bool:
        """Whether another grid means the same but for where its cut points lie."""
        return self._meaning() == other._meaning()

    def _meaning(self) -> dict[str, object]:
        return self.model_dump(exclude={"scores": {"__all__": {"cuts", "customers"}}, "note": True})
