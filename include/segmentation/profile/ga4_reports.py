"""The contract of Google Analytics 4 reports: what is asked for, filtered by what, and how demographics are kept."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from include.segmentation.profile.mistakes import Mistake
from include.segmentation.profile.profile_part import ProfilePart
from include.segmentation.profile.source_declaration import ExtractDeclaration, LogLayout, SourceDeclaration

DATE_COLUMN = "date"
REPORT_FLAGS = ("subject_to_thresholding", "data_loss_from_other_row", "sampled_share", "truncated", "empty_reason")
"""What Google says about the whole of a day's report: columns of every row of the day, and of an empty day's one."""
DEMOGRAPHICS = frozenset({"userAgeBracket", "userGender", "brandingInterest"})
"""Google's own estimates about people: inferred for some, thresholded, and not about one user."""
UNKNOWN_VALUES = ("", "(not set)", "(other)", "unknown")
"""Values of a dimension that say nothing. They are different things, kept apart in the lake."""
_PER_USER = "customUser:"

_Text = Annotated[str, Field(min_length=1)]
_Number = Annotated[float, Field(strict=True)]


class FilterCondition(ProfilePart):
    """What a filter asks of one dimension or metric; everything it says must hold.

    In YAML a text (exactly this), a list of texts (one of these), or comparisons: ``begins_with``, ``ends_with``,
    ``contains`` and ``regexp`` (RE2, of the whole value) for dimensions, case told apart; ``equals``, ``at_least``,
    ``more_than``, ``at_most`` and ``less_than`` for metrics; ``not`` for the opposite of any of these.
    """

    one_of: list[str] | None = Field(default=None, min_length=1)
    begins_with: _Text | None = None
    ends_with: _Text | None = None
    contains: _Text | None = None
    regexp: _Text | None = None
    equals: _Number | None = None
    at_least: _Number | None = None
    more_than: _Number | None = None
    at_most: _Number | None = None
    less_than: _Number | None = None
    is_not: "FilterCondition | None" = Field(default=None, alias="not")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"one_of": [value]}
        if isinstance(value, list):
            return {"one_of": value}
        if isinstance(value, dict) and value and not value.keys() & {"one_of", "is_not"}:
            return value
        raise ValueError("allowed is a text, a list of texts, or comparisons such as {begins_with: /learn/}")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.has_texts and self.has_numbers:
            raise ValueError("texts and numbers are compared at once; allowed is one kind")
        return self

    @property
    def has_texts(self) -> bool:
        """Whether texts are compared."""
        inner = self.is_not is not None and self.is_not.has_texts
        return inner or any((self.one_of, self.begins_with, self.ends_with, self.contains, self.regexp))

    @property
    def has_numbers(self) -> bool:
        """Whether numbers are compared."""
        limits = (self.equals, self.at_least, self.more_than, self.at_most, self.less_than)
        inner = self.is_not is not None and self.is_not.has_numbers
        return inner or any(limit is not None for limit in limits)


class GA4Extract(ExtractDeclaration):
    """One GA4 report, a day at a time.

    Attributes:
        filter: dimension or metric -> what its rows must have, applied by GA4. A dimension need not be one of the
            report's.
        lookback: how many of the last days are written again at every pull, because GA4 restates them.
        coverage_of: for demographics, the report that counts everybody: the same without these dimensions.
        per_user_demographics: the property really delivers demographics per user. Without it a report may not hold
            both; with it rows that hold both must arrive.
    """

    kind: Literal["report"]
    dimensions: list[str] = Field(min_length=1, max_length=9)
    metrics: list[str] = Field(min_length=1, max_length=10)
    filter: dict[str, FilterCondition] = Field(default_factory=dict)
    lookback: int = Field(3, ge=0, description="days")
    coverage_of: str | None = None
    per_user_demographics: bool = False

    @model_validator(mode="after")
    def _by_day(self) -> Self:
        if DATE_COLUMN not in self.dimensions:
            raise ValueError("a report is read by day: dimensions must hold 'date'")
        names = [name_column(name) for name in [*self.dimensions, *self.metrics]]
        if len({*names, *REPORT_FLAGS}) < len(names) + len(REPORT_FLAGS):
            raise ValueError(f"columns {', '.join(names)} and the flags {', '.join(REPORT_FLAGS)} need different names")
        return self

    @model_validator(mode="after")
    def _filters_fit(self) -> Self:
        for name, condition in self.filter.items():
            if name == DATE_COLUMN:
                raise ValueError("filter 'date': a report is read by day; allowed are other dimensions and metrics")
            if name in self.metrics and condition.has_texts:
                raise ValueError(f"filter '{name}': a metric; allowed are comparisons such as {{at_least: 1}}")
            if name not in self.metrics and condition.has_numbers:
                raise ValueError(
                    f"filter '{name}': numbers are compared, so it must be one of the metrics {', '.join(self.metrics)}"
                )
        return self

    @model_validator(mode="after")
    def _people_apart(self) -> Self:
        both = bool(self.demographics and self.users)
        guessed, named = ", ".join(self.demographics), ", ".join(self.users)
        if both and not self.per_user_demographics:
            raise ValueError(
                f"'{guessed}' is Google's estimate, not about one user, and can not stand beside '{named}'; allowed "
                "are two reports, or per_user_demographics: true where the property really delivers both together"
            )
        if self.per_user_demographics and not both:
            raise ValueError("per_user_demographics: the report does not hold both a demographic and a customUser:")
        if self.coverage_of and not self.demographics:
            raise ValueError(f"coverage_of: the report has no demographic; such are {', '.join(sorted(DEMOGRAPHICS))}")
        return self

    @property
    def demographics(self) -> list[str]:
        """The dimensions, asked for or filtered by, that are Google's estimates."""
        return [name for name in self._names if name in DEMOGRAPHICS]

    @property
    def users(self) -> list[str]:
        """The dimensions, asked for or filtered by, that tell users apart."""
        return [name for name in self._names if name.startswith(_PER_USER)]

    @property
    def has_customers(self) -> bool:
        """Whether its rows are about single customers; Google's estimates are about groups."""
        return not self.demographics or self.per_user_demographics

    @property
    def log_layout(self) -> LogLayout:
        """A day is written whole, each time as a new batch."""
        key = [name_column(dimension) for dimension in self.dimensions]
        return LogLayout(key, "batches", time_column=DATE_COLUMN, batch_column=DATE_COLUMN)

    @property
    def summary(self) -> str:
        """Its source and dimensions."""
        return f"report of {self.source}, {', '.join(self.dimensions)}"

    def find_mistakes(self, extracts: Mapping[str, ExtractDeclaration]) -> Iterator[Mistake]:
        """Find a ``coverage_of`` that is not the same report without its demographics."""
        if self.coverage_of is None:
            return
        whole = extracts.get(self.coverage_of)
        dimensions = [dimension for dimension in self.dimensions if dimension not in DEMOGRAPHICS]
        if (
            not isinstance(whole, GA4Extract)
            or (whole.source, whole.filter) != (self.source, self.filter)
            or sorted(whole.dimensions) != sorted(dimensions)
            or self.metrics[0] not in whole.metrics
        ):
            yield Mistake(
                ("coverage_of",),
                f"'{self.coverage_of}'; allowed is a report of source '{self.source}' with dimensions "
                f"{', '.join(dimensions)}, metric {self.metrics[0]} and the same filter",
            )

    @property
    def _names(self) -> list[str]:
        return list(dict.fromkeys([*self.dimensions, *self.filter]))


def name_column(name: str) -> str:
    """The lake's name of a dimension or metric: ``customUser:learner_id`` -> ``learner_id``."""
    plain = name.rpartition(":")[2]
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in plain).lstrip("_")


class GA4Source(SourceDeclaration):
    """A Google Analytics 4 property."""

    extracts: ClassVar = (GA4Extract,)
    reader: ClassVar = "include.segmentation.extract.ga4.ga4_reader:GA4Reader"

    kind: Literal["ga4"]
    property: str = Field(pattern=r"^properties/\d+$")
