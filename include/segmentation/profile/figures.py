"""Figures: small tables about the whole business, computed by the profile's SQL."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from include.segmentation.profile.identifiers import SqlName
from include.segmentation.profile.mistakes import Mistake, list_allowed
from include.segmentation.profile.profile_part import ProfilePart

FIGURES = "figures"
"""The measure stage's name for all figures, and the folder of their SQL."""


class FigureValue(ProfilePart):
    """One number in every row of a figure.

    Attributes:
        label: the name that readers see ("Sold").
        unit: the unit of the number; ``share`` for a number from 0 to 1 that is shown in percent.
        resolution: values are rounded to a multiple of this.
    """

    label: str
    unit: str = ""
    resolution: float = Field(1, gt=0)


class Figure(ProfilePart):
    """A table that ``sql/<profile>/figures/<name>.sql`` returns at as_of.

    Attributes:
        label: the name that readers see ("Sales by month").
        definition: what is counted, in a sentence or two.
        by: one or two text columns, each with its label; the values of the second become columns.
        values: the number columns; with two text columns, a cell shows the first number above the second.
        draw: whether the first value is also drawn as bars.
        customers: the text column that holds customer ids; the warehouse stores them, the page shows pseudonyms.
    """

    label: str
    definition: str
    by: dict[SqlName, str] = Field(min_length=1, max_length=2)
    values: dict[SqlName, FigureValue] = Field(min_length=1)
    draw: Literal["nothing", "bars"] = "nothing"
    customers: str | None = None

    def find_mistakes(self) -> Iterator[Mistake]:
        """Find the parts that do not fit together."""
        for name in self.values:
            if name in self.by:
                yield Mistake(("values", name), "also a text column; allowed: any other name")
        if len(self.by) == 2 and len(self.values) > 2:
            text = f"found {len(self.values)}; allowed: up to 2 in a figure with two text columns"
            yield Mistake(("values",), text)
        if len(self.by) == 2 and self.draw == "bars":
            yield Mistake(("draw",), "bars need a figure with one text column; allowed: nothing")
        if self.customers is not None and self.customers not in self.by:
            text = f"'{self.customers}' is not a text column; {list_allowed(self.customers, self.by)}"
            yield Mistake(("customers",), text)
