"""The contract: what a profile may say, checked before anything runs.

A profile is one YAML file and a folder of SQL. It is loaded from ``include/profiles`` or, with ``--profiles-dir``
or ``SEGMENTATION_PROFILES``, from a folder outside (the YAML file there, its SQL in ``sql/<profile>`` beside it).
"""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from include.segmentation.errors import ProfileError
from include.segmentation.profile.figures import FIGURES, Figure
from include.segmentation.profile.gates import Gates
from include.segmentation.profile.identifiers import NAME_PATTERN, ProfileName, SchemaName, SqlName, require_different
from include.segmentation.profile.lists import EligibilityList
from include.segmentation.profile.macro_segments import AGE_COLUMN, Kpi, MacroSegment
from include.segmentation.profile.mistakes import Mistake, explain_mistakes, list_allowed, raise_mistakes
from include.segmentation.profile.people import (
    Demographic,
    FunnelStep,
    Persona,
    check_funnel,
    check_personas,
)
from include.segmentation.profile.profile_part import ProfilePart
from include.segmentation.profile.signals import SIGNALS, Signals
from include.segmentation.profile.source_declaration import ExtractDeclaration, read_kind
from include.segmentation.profile.sources import Extract, Source, find_source_kind
from include.segmentation.profile.strata_partition import list_domains
from include.segmentation.profile.yaml_errors import explain_yaml_error

Cadence = Literal["daily", "weekly", "monthly"]
CADENCES: tuple[Cadence, ...] = ("daily", "weekly", "monthly")
SHIPPED = Path(__file__).resolve().parents[2] / "profiles"

_CUSTOMER_COLUMNS = (
    "customer_id", "first_seen", "last_seen", "source_rows", AGE_COLUMN, "as_of", "run_id", "cadence", "cohort", "month",
    "stratum", "segment_key", "micro_key", "margin", "scores", "cell", "persona",
)  # fmt: skip


def name_segment_columns(macro_segment: str) -> tuple[str, str, str]:
    """The columns of a macro segment in ``customer_analytics_record``: key, name and micro key."""
    return f"{macro_segment}_segment_key", f"{macro_segment}_segment", f"{macro_segment}_micro_key"


def name_grid_columns(macro_segment: str) -> tuple[str, str]:
    """The columns of a macro segment's grid in ``customer_analytics_record``: the classes and the cell."""
    return f"{macro_segment}_scores", f"{macro_segment}_cell"


class WarehouseTarget(ProfilePart):
    """Where a profile is published."""

    connection: str
    schema_name: SchemaName = Field(alias="schema")


class Schedule(ProfilePart):
    """When a profile runs.

    Attributes:
        start: the first day with data; nothing is extracted or run before it.
        end: the last as_of of a closed data set; open-ended where absent.
        first_fit: the as_of of the first model.
        refit_every: months between two fits.
        primary_cadence: the one cadence that feeds membership and ``customer_analytics_record``.
        reconcile: how often the lake is compared with its MySQL sources.
    """

    start: date
    end: date | None = None
    first_fit: date
    refit_every: int = Field(3, ge=1, description="months")
    primary_cadence: Cadence = "monthly"
    reconcile: Cadence = "weekly"

    @model_validator(mode="after")
    def _ordered(self) -> "Schedule":
        if self.first_fit <= self.start:
            raise ValueError(f"first_fit {self.first_fit} must be after start {self.start}")
        if self.end and self.end < self.first_fit:
            raise ValueError(f"end {self.end} must not be before first_fit {self.first_fit}")
        return self


class Expectation(ProfilePart):
    """One Great Expectations expectation.

    Attributes:
        type: its name in snake_case, such as ``expect_column_values_to_not_be_null``.
        severity: what a failure does: ``quarantine`` holds the failing rows back, ``stop`` ends the run,
            ``warn`` is only recorded.
        args: the expectation's own arguments, such as ``column`` and ``min_value``.
    """

    type: str = Field(pattern=r"^expect_[a-z_]+$")
    severity: Literal["quarantine", "stop", "warn"]
    args: dict[str, Any] = Field(default_factory=dict)


class Profile(ProfilePart):
    """One business: its sources, extracts, expectations, KPIs and macro segments.

    Attributes:
        funnel: the steps that customers are counted at, in order.
        demographics: attribute of population.sql -> how customers are counted by it.
        personas: named combinations of macro segments, the first that matches before the others.
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
    def _references(self) -> "Profile":
        raise_mistakes(self.find_mistakes(list(self.sources), list(self.extracts)))
        return self

    def find_mistakes(self, sources: list[str], extracts: list[str]) -> Iterator[Mistake]:
        """What does not fit together.

        Args:
            sources: the names of all its sources, also of those that are wrong themselves.
            extracts: likewise.
        """
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, such as Europe
            yield Mistake(("time_zone",), f"time_zone '{self.time_zone}' is unknown; allowed is an IANA name")
        for name, extract in self.extracts.items():
            yield from (mistake.nest("extracts", name) for mistake in self._wrong_source(extract, sources))
        if "population" in extracts:
            text = "the measure stage's own table; allowed is any other name"
            yield Mistake(("extracts", "population"), text)
        if self.signals and SIGNALS in self.macro_segments:
            text = "the file of the signals would have the same name; allowed is any other name"
            yield Mistake(("macro_segments", SIGNALS), text)
        if self.signals and self.kpis and all(kpi.rule_only for kpi in self.kpis.values()):
            yield Mistake((SIGNALS,), "every KPI is rule_only; allowed is at least one that is not")
        for name in self.expectations:
            if name not in extracts:
                yield Mistake(("expectations", name), f"no such extract; {list_allowed(name, extracts)}")
        if len(self.extracts) == len(extracts):
            for name, extract in self.extracts.items():
                yield from (mistake.nest("extracts", name) for mistake in extract.find_mistakes(self.extracts))
        yield from self._wrong_kpis()
        for name in self.worth:
            if name not in self.kpis:
                yield Mistake(("worth",), f"'{name}'; {list_allowed(name, self.kpis)}")
        if self.figures and FIGURES in self.macro_segments:
            text = "the measure stage's name for the figures; allowed is any other name"
            yield Mistake(("macro_segments", FIGURES), text)
        for name, figure in self.figures.items():
            yield from (mistake.nest("figures", name) for mistake in figure.find_mistakes())
        numbers = list_domains(self.kpis)
        for name, declared in self.lists.items():
            yield from (mistake.nest("lists", name) for mistake in declared.find_mistakes(numbers, self.cells))
        yield from check_funnel(self.funnel, numbers)
        yield from check_personas(self.personas, self.macro_segments)
        for sql in self.sql_files:
            if not sql.is_file():
                yield Mistake((), f"SQL file {sql} is missing")

    def _wrong_source(self, extract: ExtractDeclaration, sources: list[str]) -> Iterator[Mistake]:
        needed = read_kind(find_source_kind(extract.kind))
        if extract.source not in sources:
            yield Mistake(("source",), f"'{extract.source}'; {list_allowed(extract.source, sources)}")
        elif extract.source in self.sources and self.sources[extract.source].kind != needed:
            yield Mistake((), f"kind '{extract.kind}' needs a {needed} source")

    def _wrong_kpis(self) -> Iterator[Mistake]:
        for macro, segment in self.macro_segments.items():
            for kpi, declared in segment.kpis.items():
                place = ("macro_segments", macro, "kpis", kpi)
                if kpi in self.customer_columns:
                    yield Mistake(place, f"{self.customer_columns[kpi]}; allowed is any other name")
                differing = declared.list_differences(self.kpis[kpi])
                if differing:
                    text = (
                        f"KPI '{kpi}' is declared in both {self.homes[kpi]} and {macro}, with another "
                        f"{', '.join(differing)}; allowed is another name, or the same but for transform, scale, weight"
                    )
                    yield Mistake(place, text)

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
    def customer_columns(self) -> dict[str, str]:
        """What stands beside KPIs and attributes in tables of customers: the names that those can not have."""
        columns = dict.fromkeys(_CUSTOMER_COLUMNS, "a column of every customer")
        for macro in self.macro_segments:
            columns |= dict.fromkeys(name_segment_columns(macro), f"a segment column of '{macro}'")
            columns |= dict.fromkeys(name_grid_columns(macro), f"a grid column of '{macro}'")
        return columns

    @cached_property
    def homes(self) -> dict[str, str]:
        """The macro segment of every KPI: the first that declares it, where several cluster on it."""
        homes: dict[str, str] = {}
        for macro, segment in self.macro_segments.items():
            homes |= {name: macro for name in segment.kpis if name not in homes}
        return homes

    @property
    def kpis(self) -> dict[str, Kpi]:
        """Every KPI by name, as its home declares it."""
        return {name: self.macro_segments[macro].kpis[name] for name, macro in self.homes.items()}

    @property
    def cells(self) -> dict[str, list[str]]:
        """The column of every grid's cell -> the names of its cells."""
        grids = {macro: declared.grid for macro, declared in self.macro_segments.items() if declared.grid}
        return {name_grid_columns(macro)[1]: [cell.name for cell in grid.cells] for macro, grid in grids.items()}

    def find_midnight(self, day: date) -> datetime:
        """The moment a day begins in the profile's time zone, in UTC."""
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.time_zone)).astimezone(UTC)


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML that refuses a key written twice; plain YAML would keep the last silently.

    Keys are looked at as they are written: ``<<: *other`` brings along keys that those beside it replace.
    """

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[Any] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise yaml.composer.ComposerError(None, None, f"key '{key.value}' appears twice", key.start_mark)
                seen.add((key.tag, key.value))
        return node


def find_sql_folder(path: Path) -> Path:
    """Where the SQL of the profile in a file belongs."""
    root = path.parent.parent if path.parent == SHIPPED else path.parent
    return root / "sql" / path.stem


def list_profile_dirs(extra: Path | None = None) -> list[Path]:
    """The folders that profiles are looked for in, the shipped one last."""
    outside = [extra] if extra else []
    outside += [Path(text) for text in os.environ.get("SEGMENTATION_PROFILES", "").split(os.pathsep) if text]
    return [*outside, SHIPPED]


def list_profile_names(extra: Path | None = None) -> list[str]:
    """The names of all profiles that can be loaded."""
    return sorted({path.stem for folder in list_profile_dirs(extra) for path in folder.glob("*.yaml")})


def load_profile(name: str, profiles_dir: Path | None = None) -> Profile:
    """Read and check a profile.

    Args:
        name: the profile's name, which is also its file's.
        profiles_dir: a folder outside to look in first.

    Raises:
        ProfileError: there is no such profile, or it says something that it may not say. The message names the file,
            the key, what was found and what is allowed.
    """
    path = find_profile_path(name, profiles_dir)
    value = read_yaml(path)
    found = check_name(value, path)
    try:
        if not found:
            return Profile.model_validate(value | {"path": path})
    except ValidationError as error:
        found = list(explain_mistakes(Profile, value, error))
    raise ProfileError(f"{path}: " + "; ".join(map(str, found)))


def find_profile_path(name: str, profiles_dir: Path | None = None) -> Path:
    """The file of a profile.

    Raises:
        ProfileError: there is no such profile.
    """
    for folder in list_profile_dirs(profiles_dir):
        path = folder / f"{name}.yaml"
        if NAME_PATTERN.fullmatch(name) and path.is_file():
            return path.resolve()
    raise ProfileError(f"profile '{name}' does not exist; {list_allowed(name, list_profile_names(profiles_dir))}")


def read_yaml(path: Path) -> dict[str, Any]:
    """What a profile's file says, not yet checked.

    Raises:
        ProfileError: it is not valid YAML, or not a mapping.
    """
    try:
        with path.open(encoding="utf-8") as file:
            value = yaml.load(file, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError) as error:
        # PyYAML lets whatever goes wrong inside a value through, such as the ValueError of 2024-99-99.
        raise ProfileError(explain_yaml_error(path, error)) from None
    if not isinstance(value, dict):
        raise ProfileError(f"{path}: a profile is a mapping of keys; found {type(value).__name__}")
    return value


def check_name(value: dict[str, Any], path: Path) -> list[Mistake]:
    """The mistake of a profile that is not called as its file, if it is one."""
    if value.get("profile") == path.stem:
        return []
    return [Mistake(("profile",), f"found {value.get('profile')!r}; allowed is the file's name, '{path.stem}'")]
