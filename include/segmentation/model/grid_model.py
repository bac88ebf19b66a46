"""The grid part of a model: the cut points of its scores, and its cells."""

from itertools import pairwise

from include.segmentation.model import FrozenPart


class ScoreModel(FrozenPart):
    """How one KPI becomes a class.

    Attributes:
        classes: the number of classes; some are empty if the fit saw fewer distinct values.
        less_is_better: whether the lowest values form the best class.
        cuts: rising values, each the smallest value of the next range. A value's rank is the number of cuts at or below
            it.
        customers: the customers at the fit per class, from class 1.
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
        """Per class, from class 1: its smallest value, and the smallest value above it.

        An open end is None. Both are None for a class that is empty because there were too few distinct values.
        """
        ends: list[float | None] = [None, *self.cuts, None]
        ranges = list(pairwise(ends))
        empty: list[tuple[float | None, float | None]] = [(None, None)] * (self.classes - len(ranges))
        return [*empty, *reversed(ranges)] if self.less_is_better else [*ranges, *empty]


class CellModel(FrozenPart):
    """A named rectangle: its first and last class by rows, and by columns."""

    name: str
    label: str
    description: str
    rows: tuple[int, int]
    columns: tuple[int, int]


class GridModel(FrozenPart):
    """Customers by two scores.

    Attributes:
        when: a SQL condition that selects the customers to score.
        scores: in the order in which a customer's classes are written.
        rows, columns: the names of the two scores that span the grid.
        cells: together they cover each pair of classes exactly once.
        note: remarks about this fit for readers.
    """

    label: str
    when: str
    scores: list[ScoreModel]
    rows: str
    columns: str
    cells: list[CellModel]
    note: str = ""

    def locate_cell(self, score: str) -> int:
        """Return the position of a score in the text of a customer's classes, from 0."""
        return [item.name for item in self.scores].index(score)

    def has_same_cuts(self, other: "GridModel") -> bool:
        """Return whether another grid is the same apart from its cut points."""
        return self._dump_settings() == other._dump_settings()

    def _dump_settings(self) -> dict[str, object]:
        return self.model_dump(exclude={"scores": {"__all__": {"cuts", "customers"}}, "note": True})
