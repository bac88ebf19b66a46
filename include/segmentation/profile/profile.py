"""A profile: everything that one business declares, as one YAML file and a folder of SQL.

Profiles are in ``include/profiles``, with their SQL in ``include/sql/<profile>``, or in a folder outside, with their
SQL in ``sql/<profile>`` beside the file.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from include.segmentation.profile.demographics import Demographic
from include.segmentation.profile.figures import FIGURES, Figure
from include.segmentation.profile.funnel import FunnelStep, find_funnel_mistakes
from include.segmentation.profile.gates import Gates
from include.segmentation.profile.identifiers import ProfileName, SchemaName, SqlName, require_different
from include.segmentation.profile.kpis import AGE_COLUMN, Kpi, list_domains
from include.segmentation.profile.lists import EligibilityList
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.profile.mistakes import Mistake, list_allowed, raise_mistakes
from include.segmentation.profile.personas import Persona, find_persona_mistakes
from include.segmentation.profile.profile_part import ProfilePart
from include.segmentation.profile.schedule import Schedule
from include.segmentation.profile.signals import SIGNALS, Signals
from include.segmentation.profile.source_declaration import read_kind
from include.segmentation.profile.sources import Extract, Source, find_source_kind

SHIPPED_PROFILES = Path(__file__).resolve().parents[2] / "profiles"
"""The folder of the profiles that come with the project."""

_CUSTOMER_COLUMNS = (
    "customer_id", "first_seen", "last_seen", "source_rows", AGE_COLUMN, "as_of", "run_id", "cadence", "cohort",
    "month", "stratum", "segment_key", "micro_key", "margin", "scores", "cell", "persona",
)  # fmt: skip


def find_sql_folder(path: Path) -> Path:
    """Find the folder for the SQL of a profile's file."""
    root = path.parent.parent if path.parent == SHIPPED_PROFILES else path.parent
    return root / "sql" / path.stem


def name_segment_columns(macro_segment: str) -> tuple[str, str, str]:
    """Name a macro segment's columns in ``customer_analytics_record``: key, name and micro key."""
    return f"{macro_segment}_segment_key", f"{macro_segment}_segment", f"{macro_segment}_micro_key"


def name_grid_columns(macro_segment: str) -> tuple[str, str]:
    """Name the columns of a macro segment's grid in ``customer_analytics_record``: classes and cell."""
    return f"{macro_segment}_scores", f"{macro_segment}_cell"


class WarehouseTarget(ProfilePart):
    """Where a profile is published."""

    connection: str
    schema_name: SchemaName = Field(alias="schema")


class Expectation(ProfilePart):
    """One Great Expectations expectation.

    Attributes:
        type: its name in snake_case, such as ``expect_column_values_to_not_be_null``.
        severity: what a failure does: ``quarantine`` holds the failing rows back, ``stop`` ends the run,
            ``warn`` only records it.
        args: the arguments of the expectation, such as ``column`` and ``min_value``.
    """

    type: str = Field(pattern=r"^expect_[a-z_]+$")
    severity: Literal["quarantine", "stop", "warn"]
    args: dict[str, Any] = Field(default_factory=dict)


class Profile(ProfilePart):
    """One business: its sources, extracts, expectations, KPIs and macro segments.

    Attributes:
        funnel: the steps of the funnel, in order.
        demographics: attribute of population.sql -> how customers are counted by it.
        personas: named combinations of macro segments; the first that matches a customer is theirs.
    """

    profile: ProfileName
    title: str
    customers: str = Field("customers", min_length=1, description="what its customers are called, in the plural")
    time_zone: str = "UTC"
    warehouse: WarehouseTarget
    schedule: Schedule
    sources: dict[ProfileName, Source] = Field(min_length=1)
    extracts: dict[SqlName, Extract] = Field(min_length=1)
    expectations: dict[ProfileName, list[Expectation]] = Field(default_factory=dict)
    cohort_months: int = Field(0, ge=0, le=24, description="months of 30 days since registration to follow; 0 = none")
    macro_segments: dict[SqlName, MacroSegment] = Field(min_length=1)
    worth: Annotated[list[SqlName], AfterValidator(require_different)] = Field(
        default_factory=list, description="KPIs that say what customers are worth"
    )
    lists: dict[SqlName, EligibilityList] = Field(default_factory=dict)
    figures: dict[SqlName, Figure] = Field(default_factory=dict)
    funnel: list[FunnelStep] = Field(default_factory=list)
    demographics: dict[SqlName, Demographic] = Field(default_factory=dict)
    personas: list[Persona] = Field(default_factory=list)
    signals: Signals | None = None
    gates: Gates = Gates()
    path: Path = Field(exclude=True)

    @model_validator(mode="after")
    def _refuse_mistakes(self) -> Self:
        raise_mistakes(self.find_mistakes(list(self.sources), list(self.extracts)))
        return self

    def find_mistakes(self, sources: list[str], extracts: list[str]) -> Iterator[Mistake]:
        """Find the parts that do not fit together.

        Args:
            sources: the names of all sources, including invalid ones.
            extracts: the names of all extracts, including invalid ones.
        """
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, such as Europe
            yield Mistake(("time_zone",), f"time_zone '{self.time_zone}' is unknown; allowed: an IANA name")
        yield from self._find_extract_mistakes(sources, extracts)
        yield from self._find_kpi_mistakes()
        yield from self._find_signal_mistakes()
        yield from self._find_figure_mistakes()
        domains = list_domains(self.kpis)
        for name, eligibility in self.lists.items():
            for mistake in eligibility.find_mistakes(domains, self.grid_cells):
                yield mistake.nest_under("lists", name)
        yield from find_funnel_mistakes(self.funnel, domains)
        yield from find_persona_mistakes(self.personas, self.macro_segments)
        for sql in self.sql_files:
            if not sql.is_file():
                yield Mistake((), f"SQL file {sql} is missing")

    def _find_extract_mistakes(self, sources: list[str], extracts: list[str]) -> Iterator[Mistake]:
        for name, extract in self.extracts.items():
            kind = read_kind(find_source_kind(extract.kind))
            if extract.source not in sources:
                text = f"'{extract.source}'; {list_allowed(extract.source, sources)}"
                yield Mistake(("extracts", name, "source"), text)
            elif extract.source in self.sources and self.sources[extract.source].kind != kind:
                yield Mistake(("extracts", name), f"kind '{extract.kind}' needs a {kind} source")
        if "population" in extracts:
            text = "this is the measure stage's own table; allowed: any other name"
            yield Mistake(("extracts", "population"), text)
        for name in self.expectations:
            if name not in extracts:
                yield Mistake(("expectations", name), f"no such extract; {list_allowed(name, extracts)}")
        if len(self.extracts) == len(extracts):
            for name, extract in self.extracts.items():
                yield from (mistake.nest_under("extracts", name) for mistake in extract.find_mistakes(self.extracts))

    def _find_kpi_mistakes(self) -> Iterator[Mistake]:
        for macro, segment in self.macro_segments.items():
            for name, kpi in segment.kpis.items():
                place = ("macro_segments", macro, "kpis", name)
                if name in self.reserved_columns:
                    yield Mistake(place, f"{self.reserved_columns[name]}; allowed: any other name")
                differing_keys = kpi.list_differing_keys(self.kpis[name])
                if differing_keys:
                    text = (
                        f"KPI '{name}' is declared in both {self.kpi_macro_segments[name]} and {macro}, with another "
                        f"{', '.join(differing_keys)}; allowed: another name, or other values of transform, scale "
                        "and weight only"
                    )
                    yield Mistake(place, text)
        for name in self.worth:
            if name not in self.kpis:
                yield Mistake(("worth",), f"'{name}'; {list_allowed(name, self.kpis)}")

    def _find_signal_mistakes(self) -> Iterator[Mistake]:
        if self.signals and SIGNALS in self.macro_segments:
            text = "the SQL file of the signals has the same name; allowed: any other name"
            yield Mistake(("macro_segments", SIGNALS), text)
        if self.signals and self.kpis and all(kpi.rule_only for kpi in self.kpis.values()):
            yield Mistake((SIGNALS,), "every KPI is rule_only; allowed: at least one that is not")

    def _find_figure_mistakes(self) -> Iterator[Mistake]:
        if self.figures and FIGURES in self.macro_segments:
            text = "this is the measure stage's name for the figures; allowed: any other name"
            yield Mistake(("macro_segments", FIGURES), text)
        for name, figure in self.figures.items():
            yield from (mistake.nest_under("figures", name) for mistake in figure.find_mistakes())

    @cached_property
    def sql_dir(self) -> Path:
        """The folder of the profile's SQL."""
        return find_sql_folder(self.path)

    @property
    def sql_files(self) -> list[Path]:
        """Every SQL file that the profile needs."""
        queries = [extract.query_file for extract in self.extracts.values() if extract.query_file]
        measures = ["population", *self.macro_segments, *([SIGNALS] if self.signals else [])]
        return [self.sql_dir / "extract" / query for query in queries] + [
            *(self.sql_dir / "measure" / f"{name}.sql" for name in measures),
            *(self.sql_dir / FIGURES / f"{name}.sql" for name in self.figures),
        ]

    @cached_property
    def reserved_columns(self) -> dict[str, str]:
        """The names that KPIs and attributes cannot have -> the column of the customer tables that has it."""
        columns = dict.fromkeys(_CUSTOMER_COLUMNS, "a column of every customer")
        for macro in self.macro_segments:
            columns |= dict.fromkeys(name_segment_columns(macro), f"a segment column of '{macro}'")
            columns |= dict.fromkeys(name_grid_columns(macro), f"a grid column of '{macro}'")
        return columns

    @cached_property
    def kpi_macro_segments(self) -> dict[str, str]:
        """KPI -> its macro segment; the first one, if several declare it."""
        macros: dict[str, str] = {}
        for macro, segment in self.macro_segments.items():
            macros |= {name: macro for name in segment.kpis if name not in macros}
        return macros

    @property
    def kpis(self) -> dict[str, Kpi]:
        """Every KPI by name, as ``kpi_macro_segments`` declares it."""
        return {name: self.macro_segments[macro].kpis[name] for name, macro in self.kpi_macro_segments.items()}

    @property
    def grid_cells(self) -> dict[str, list[str]]:
        """Column of a grid's cells -> the names of the cells."""
        grids = {macro: segment.grid for macro, segment in self.macro_segments.items() if segment.grid}
        return {name_grid_columns(macro)[1]: [cell.name for cell in grid.cells] for macro, grid in grids.items()}

    def find_midnight(self, day: date) -> datetime:
        """Find the start of a day in the profile's time zone, in UTC."""
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.time_zone)).astimezone(UTC)
