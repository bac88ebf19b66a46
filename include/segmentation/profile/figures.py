"""The contract of figures: small tables about the business as a whole, by the profile's SQL."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from include.segmentation.profile.identifiers import SqlName
from include.segmentation.profile.mistakes import Mistake, list_allowed
from include.segmentation.profile.profile_part import ProfilePart

FIGURES = "figures"
"""What the measure stage calls them, and the folder of their SQL."""


class FigureValue(ProfilePart):
    """One number in every row of a figure.

    Attributes:
        label: the words a reader sees ("Sold").
        unit: what one unit is; ``share`` for a number from 0 to 1 that is shown in percent.
        resolution: values are rounded to a multiple of this.
    """

    label: str
    unit: str = ""
    resolution: float = Field(1, gt=0)


class Figure(ProfilePart):
    """A table that ``sql/<profile>/figures/<name>.sql`` returns at as_of.

    Attributes:
        label: the words a reader sees ("Sales by month").
        definition: what is counted, in a sentence or two.
        by: its one or two columns of words, each with its label; of two, the second one's values become columns.
        values: its columns of numbers; of a figure by two, the first stands in the cell and the second below it.
        draw: also as bars, of the first value.
        customers: the column of words that holds customers' ids; the warehouse keeps them, the page shows pseudonyms.
    """

    label: str
    definition: str
    by: dict[SqlName, str] = Field(min_length=1, max_length=2)
    values: dict[SqlName, FigureValue] = Field(min_length=1)
    draw: Literal["nothing", "bars"] = "nothing"
    customers: str | None = None

    def find_mistakes(self) -> Iterator[Mistake]:
        """What does not fit together."""
        for name in self.values:
            if name in self.by:
                yield Mistake(("values", name), "a column of words already; allowed is any other name")
        if len(self.by) == 2 and len(self.values) > 2:
            yield Mistake(("values",), f"found {len(self.values)}; allowed are up to 2 in a figure by two columns")
        if len(self.by) == 2 and self.draw == "bars":
            yield Mistake(("draw",), "bars are of a figure by one column; allowed is nothing")
        if self.customers is not None and self.customers not in self.by:
            text = f"'{self.customers}' is no column of words; {list_allowed(self.customers, self.by)}"
            yield Mistake(("customers",), text)
