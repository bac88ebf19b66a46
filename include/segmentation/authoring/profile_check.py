"""Check a profile: report every mistake at once with its line, and on request what only the servers know."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from include.segmentation import extract, measure, validate
from include.segmentation.authoring.profile_mistakes import find_profile_mistakes
from include.segmentation.authoring.profile_summary import summarise_profile
from include.segmentation.errors import SegmentationError
from include.segmentation.profile.loader import find_profile_path
from include.segmentation.profile.mistakes import Mistake
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.yaml_file import YamlFile
from include.segmentation.warehouse import connection


@dataclass(frozen=True)
class ProfileCheck:
    """The result of a check.

    Attributes:
        mistakes: one line each: file, line, key, what was found and what is allowed.
        summary: what the profile says; empty if there are mistakes.
    """

    mistakes: list[str]
    summary: str


def check_profile(name: str, profiles_dir: Path | None = None, *, connect: bool = False) -> ProfileCheck:
    """Find every mistake of a profile.

    Args:
        name: the profile.
        profiles_dir: a folder outside to search first.
        connect: whether to ask the sources for tables, columns, keys and indexes, and to run the SQL over empty tables
            with the same columns.

    Raises:
        ProfileError: there is no such profile, or its file is not YAML.
    """
    file = YamlFile(find_profile_path(name, profiles_dir))
    profile, mistakes = find_profile_mistakes(file)
    macros = [macro for macro in profile.macro_segments if not any(_is_in_kpis(each, macro) for each in mistakes)]
    sql_mistakes = [*measure.check_templates(profile, macros), *extract.check_queries(profile)]
    columns: dict[str, list[str]] = {}
    if connect:
        is_valid, tables = not mistakes, dict[str, pa.Schema]()
        mistakes += extract.check_sources(profile, tables.__setitem__)
        mistakes += _find_warehouse_mistakes(profile)
        columns = {extract_name: schema.names for extract_name, schema in tables.items()}
        if is_valid and set(tables) == set(profile.extracts) and not sql_mistakes:
            sql_mistakes += measure.run_over_empty_tables(
                profile, {name: schema for name, schema in tables.items() if profile.extracts[name].has_customers}
            )
    mistakes += validate.check_expectations(profile.expectations, columns)
    mistakes.sort(key=lambda mistake: file.find_line(mistake.place))
    lines = [*map(file.format_mistake, mistakes), *sql_mistakes]
    return ProfileCheck(lines, "" if lines else summarise_profile(profile, is_connected=connect))


def _is_in_kpis(mistake: Mistake, macro_segment: str) -> bool:
    return mistake.place[:3] == ("macro_segments", macro_segment, "kpis")


def _find_warehouse_mistakes(profile: Profile) -> Iterator[Mistake]:
    if "warehouse" not in profile.model_fields_set:  # its own mistakes are already reported
        return
    try:
        with connection.connect_warehouse(profile):
            pass
    except SegmentationError as error:
        yield Mistake(("warehouse", "connection"), str(error))
