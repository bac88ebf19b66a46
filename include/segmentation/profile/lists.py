"""Lists: who is eligible for something and why, by the first reason that is true."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import sqlglot
from pydantic import Field
from sqlglot import exp

from include.segmentation.errors import ProfileError
from include.segmentation.profile.conditions import (
    ColumnDomain,
    Condition,
    is_never_true,
    list_condition_columns,
    parse_condition,
)
from include.segmentation.profile.identifiers import ProfileName
from include.segmentation.profile.mistakes import Mistake, list_allowed
from include.segmentation.profile.profile_part import ProfilePart

NO_REASON = "none"
"""The reason of customers for whom no reason of the profile is true; they are not eligible."""


class ListReason(ProfilePart):
    """Why a customer is on a list or is not.

    Attributes:
        label: the name that readers see ("Returns as much as they buy").
        when: a SQL condition over the profile's KPIs, ``age_days`` and the cells of grids (``rfm_cell = 'loyal'``);
            undefined counts as false.
        eligible: whether customers with this reason are eligible.
    """

    name: ProfileName
    label: str
    when: Condition
    eligible: bool


class EligibilityList(ProfilePart):
    """The customers of a campaign or programme, evaluated again by every run.

    Attributes:
        label: the name that readers see ("Insiders").
        reasons: in order; the first one that is true for a customer decides.
    """

    label: str
    description: str = ""
    owner: str = ""
    reasons: list[ListReason] = Field(min_length=1)

    def find_mistakes(
        self, numbers: Mapping[str, ColumnDomain], texts: Mapping[str, Sequence[str]]
    ) -> Iterator[Mistake]:
        """Find the parts that do not fit together.

        Args:
            numbers: the number columns that conditions may name, with their domains.
            texts: the text columns that conditions may name, with their values.
        """
        names = Counter(reason.name for reason in self.reasons)
        for position, reason in enumerate(self.reasons):
            place = ("reasons", position)
            if reason.name == NO_REASON or names[reason.name] > 1:
                use = "means that no reason is true" if reason.name == NO_REASON else "is also another reason's name"
                yield Mistake((*place, "name"), f"'{reason.name}' {use}; allowed: any other name")
            try:
                parse_condition(reason.when, [*numbers, *texts])
            except ProfileError as error:
                yield Mistake((*place, "when"), f"reason '{reason.name}': {error}")
                continue
            for text in _find_impossible_constants(reason.when, texts):
                yield Mistake((*place, "when"), f"reason '{reason.name}': {text}")
            if not set(list_condition_columns(reason.when)) & set(texts) and is_never_true(reason.when, numbers):
                text = f"reason '{reason.name}': '{reason.when}' can never be true"
                yield Mistake((*place, "when"), text)
        if not any(reason.eligible for reason in self.reasons):
            yield Mistake(("reasons",), "none makes a customer eligible; allowed: at least one with eligible: true")


def _find_impossible_constants(condition: str, texts: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Describe the constants that the column compared with them can never have."""
    tree = sqlglot.parse_one(condition, read="duckdb")
    for column in tree.find_all(exp.Column):
        comparison = column.parent
        while isinstance(comparison, exp.Paren):
            comparison = comparison.parent
        for literal in comparison.find_all(exp.Literal) if comparison else ():
            values = texts.get(column.name)
            if values is None and literal.is_string:
                yield f"{column.name} is compared with {literal.sql()}; allowed: numbers"
            if values is not None and (not literal.is_string or literal.this not in values):
                yield f"{column.name} is compared with {literal.sql()}; {list_allowed(literal.this, values)}"
