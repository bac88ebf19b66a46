"""Check a profile: every mistake at once, each with its line; and what only a server knows, where it may be asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import yaml

from include.segmentation import extract, measure, validate
from include.segmentation.authoring.profile_mistakes import find_profile_mistakes
from include.segmentation.authoring.profile_summary import summarise_profile
from include.segmentation.authoring.yaml_lines import YamlLines
from include.segmentation.errors import ProfileError, SegmentationError
from include.segmentation.profile.loader import find_profile_path, read_yaml
from include.segmentation.profile.mistakes import Mistake
from include.segmentation.profile.profile import Profile
from include.segmentation.warehouse import connection


@dataclass(frozen=True)
class ProfileCheck:
    """What a check has found.

    Attributes:
        mistakes: one line each: file, line, key, what was found and what is allowed.
        summary: what the profile says, where there is no mistake.
    """

    mistakes: list[str]
    summary: str


def check_profile(name: str, profiles_dir: Path | None = None, *, connect: bool = False) -> ProfileCheck:
    """Look for every mistake of a profile.

    Args:
        name: the profile.
        profiles_dir: a folder outside to look in first.
        connect: ask the sources for tables, columns, keys and indexes, and run the SQL over empty tables of theirs.

    Raises:
        ProfileError: there is no such profile, or its file is not YAML.
    """
    path = find_profile_path(name, profiles_dir)
    lines = _lines(path)
    doubled = list(lines.find_doubled_key())
    value = yaml.safe_load(path.read_text(encoding="utf-8")) if doubled else read_yaml(path)
    profile, found = find_profile_mistakes(path, value)
    found += doubled
    right = [macro for macro in profile.macro_segments if not any(_is_in_kpis(mistake, macro) for mistake in found)]
    in_files = [*measure.check_templates(profile, right), *extract.check_queries(profile)]
    columns: dict[str, list[str]] = {}
    if connect:
        is_right, tables = not found, dict[str, pa.Schema]()
        found += extract.check_sources(profile, tables.__setitem__)
        found += _wrong_warehouse(profile)
        columns = {extract_name: schema.names for extract_name, schema in tables.items()}
        if is_right and set(tables) == set(profile.extracts) and not in_files:
            in_files += measure.run_over_empty_tables(profile, _seen_by_sql(profile, tables))
    found += validate.check_expectations(profile.expectations, columns)
    found.sort(key=lambda mistake: lines.find_line(mistake.place))
    mistakes = [f"{path}:{lines.find_line(mistake.place)}: {mistake}" for mistake in found] + in_files
    return ProfileCheck(mistakes, "" if mistakes else summarise_profile(profile, asked=connect))


def _lines(path: Path) -> YamlLines:
    try:
        return YamlLines(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        read_yaml(path)  # which says what is wrong
        raise ProfileError(f"{path}: not valid YAML") from None


def _is_in_kpis(mistake: Mistake, macro_segment: str) -> bool:
    return mistake.place[:3] == ("macro_segments", macro_segment, "kpis")


def _wrong_warehouse(profile: Profile) -> Iterator[Mistake]:
    if "warehouse" not in profile.model_fields_set:  # that it is wrong has been said
        return
    try:
        with connection.connect_warehouse(profile):
            pass
    except SegmentationError as error:
        yield Mistake(("warehouse", "connection"), str(error))


def _seen_by_sql(profile: Profile, tables: dict[str, pa.Schema]) -> dict[str, pa.Schema]:
    return {name: schema for name, schema in tables.items() if profile.extracts[name].has_customers}
