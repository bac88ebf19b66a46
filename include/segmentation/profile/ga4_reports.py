"""Google Analytics 4 reports: dimensions, metrics and filters, and the rules for demographics."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from include.segmentation.profile.mistakes import Mistake
from include.segmentation.profile.profile_part import ProfilePart
from include.segmentation.profile.source_declaration import ExtractDeclaration, LogLayout, SourceDeclaration

DATE_COLUMN = "date"
REPORT_FLAGS = ("subject_to_thresholding", "data_loss_from_other_row", "sampled_share", "truncated", "empty_reason")
"""Google's remarks on the whole report of a day: columns of every row; a day without rows gets one row for them."""
DEMOGRAPHICS = frozenset({"userAgeBracket", "userGender", "brandingInterest"})
"""Google's estimates: inferred for some users, thresholded, and not available per user."""
UNKNOWN_VALUES = ("", "(not set)", "(other)", "unknown")
"""Values of a dimension that carry no information. Their meanings differ, so the lake keeps them apart."""
_PER_USER = "customUser:"

_Text = Annotated[str, Field(min_length=1)]
_Number = Annotated[float, Field(strict=True)]


class FilterCondition(ProfilePart):
    """The filter of one dimension or metric; all its comparisons must be true.

    In YAML: a text (an exact match), a list of texts (any of them), or a mapping of comparisons. Dimensions have the
    case-sensitive ``begins_with``, ``ends_with``, ``contains`` and ``regexp`` (RE2, for the whole value); metrics have
    ``equals``, ``at_least``, ``more_than``, ``at_most`` and ``less_than``; ``not`` negates any of these.
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
    def _expand_short_form(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"one_of": [value]}
        if isinstance(value, list):
            return {"one_of": value}
        if isinstance(value, dict) and value and not value.keys() & {"one_of", "is_not"}:
            return value
        raise ValueError("allowed: a text, a list of texts, or comparisons such as {begins_with: /learn/}")

    @model_validator(mode="after")
    def _refuse_mixed_kinds(self) -> Self:
        if self.has_texts and self.has_numbers:
            raise ValueError("it compares texts and numbers; allowed: one of the two")
        return self

    @property
    def has_texts(self) -> bool:
        """Whether it compares texts."""
        inner = self.is_not is not None and self.is_not.has_texts
        return inner or any((self.one_of, self.begins_with, self.ends_with, self.contains, self.regexp))

    @property
    def has_numbers(self) -> bool:
        """Whether it compares numbers."""
        limits = (self.equals, self.at_least, self.more_than, self.at_most, self.less_than)
        inner = self.is_not is not None and self.is_not.has_numbers
        return inner or any(limit is not None for limit in limits)


class GA4Extract(ExtractDeclaration):
    """One GA4 report, a day at a time.

    Attributes:
        filter: dimension or metric -> the condition that GA4 applies. The dimension need not be in the report.
        lookback: how many of the last days every pull rewrites, because GA4 restates them.
        coverage_of: for demographics, the same report without these dimensions, which counts all users.
        per_user_demographics: whether the property delivers demographics per user. If not, a report must not have
            both; if so, rows with both must arrive.
    """

    kind: Literal["report"]
    dimensions: list[str] = Field(min_length=1, max_length=9)
    metrics: list[str] = Field(min_length=1, max_length=10)
    filter: dict[str, FilterCondition] = Field(default_factory=dict)
    lookback: int = Field(3, ge=0, description="days")
    coverage_of: str | None = None
    per_user_demographics: bool = False

    @model_validator(mode="after")
    def _require_days(self) -> Self:
        if DATE_COLUMN not in self.dimensions:
            raise ValueError("a report is read by day: dimensions must include 'date'")
        names = [name_column(name) for name in [*self.dimensions, *self.metrics]]
        if len({*names, *REPORT_FLAGS}) < len(names) + len(REPORT_FLAGS):
            raise ValueError(f"columns {', '.join(names)} and the flags {', '.join(REPORT_FLAGS)} need different names")
        return self

    @model_validator(mode="after")
    def _check_filters(self) -> Self:
        for name, condition in self.filter.items():
            if name == DATE_COLUMN:
                raise ValueError("filter 'date': a report is read by day; allowed: other dimensions and metrics")
            if name in self.metrics and condition.has_texts:
                raise ValueError(f"filter '{name}': it is a metric; allowed: comparisons such as {{at_least: 1}}")
            if name not in self.metrics and condition.has_numbers:
                raise ValueError(
                    f"filter '{name}': it compares numbers; allowed: the metrics {', '.join(self.metrics)}"
                )
        return self

    @model_validator(mode="after")
    def _keep_demographics_apart(self) -> Self:
        has_both = bool(self.demographics and self.users)
        estimates, users = ", ".join(self.demographics), ", ".join(self.users)
        if has_both and not self.per_user_demographics:
            raise ValueError(
                f"'{estimates}' is Google's estimate, not available per user, and cannot be combined with '{users}'; "
                "allowed: two reports, or per_user_demographics: true if the property delivers both together"
            )
        if self.per_user_demographics and not has_both:
            raise ValueError("per_user_demographics: the report needs both a demographic and a customUser:")
        if self.coverage_of and not self.demographics:
            allowed = ", ".join(sorted(DEMOGRAPHICS))
            raise ValueError(f"coverage_of: the report has no demographic; allowed: {allowed}")
        return self

    @property
    def demographics(self) -> list[str]:
        """The dimensions of the report and its filter that are Google's estimates."""
        return [name for name in self._all_dimensions if name in DEMOGRAPHICS]

    @property
    def users(self) -> list[str]:
        """The dimensions of the report and its filter that identify users."""
        return [name for name in self._all_dimensions if name.startswith(_PER_USER)]

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
                f"'{self.coverage_of}'; allowed: a report of source '{self.source}' with dimensions "
                f"{', '.join(dimensions)}, metric {self.metrics[0]} and the same filter",
            )

    @property
    def _all_dimensions(self) -> list[str]:
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
