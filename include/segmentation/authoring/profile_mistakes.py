"""Find every mistake of a profile's file at once: an invalid part does not hide the mistakes of the others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from include.segmentation.profile.funnel import FunnelStep
from include.segmentation.profile.kpis import Kpi
from include.segmentation.profile.lists import EligibilityList
from include.segmentation.profile.loader import find_name_mistakes
from include.segmentation.profile.macro_segments import MacroSegment, SegmentAnnotation
from include.segmentation.profile.mistakes import Mistake, explain_mistakes
from include.segmentation.profile.personas import Persona
from include.segmentation.profile.profile import Expectation, Profile, WarehouseTarget
from include.segmentation.profile.sources import Extract, Source
from include.segmentation.profile.strata import Stratum
from include.segmentation.profile.yaml_file import YamlFile


def find_profile_mistakes(file: YamlFile) -> tuple[Profile, list[Mistake]]:
    """Check what a file says.

    Returns:
        The profile, built from its valid parts only if there are mistakes, and the mistakes.
    """
    mistakes = [*file.find_duplicate_keys(), *find_name_mistakes(file)]
    try:
        profile = Profile.model_validate(file.value | {"path": file.path, "profile": file.path.stem})
    except ValidationError as error:
        mistakes += explain_mistakes(Profile, file.value, error)
        profile = _build_from_valid_parts(file.value, file.path)
        mistakes += _find_mistakes_between_parts(profile, file.value)
    return profile, list(dict.fromkeys(mistakes))


def _build_from_valid_parts(value: dict[str, Any], path: Path) -> Profile:
    macros = {name: _build_macro_segment(raw) for name, raw in _as_mapping(value.get("macro_segments")).items()}
    time_zone = value.get("time_zone", "UTC")
    parts: dict[str, Any] = {
        "profile": path.stem,
        "path": path,
        "time_zone": time_zone if isinstance(time_zone, str) else "UTC",
        "sources": _select_valid(Source, value.get("sources")),
        "extracts": _select_valid(Extract, value.get("extracts")),
        "expectations": _select_valid(list[Expectation], value.get("expectations")),
        "macro_segments": macros,
    }
    parts |= _select_valid(WarehouseTarget, {"warehouse": value.get("warehouse")})
    valid_macros = _select_valid(MacroSegment, value.get("macro_segments"))
    if len(valid_macros) == len(macros):  # otherwise some of the names that these parts may use are unknown
        parts |= {"macro_segments": valid_macros, "lists": _select_valid(EligibilityList, value.get("lists"))}
        parts |= _select_valid(list[FunnelStep], {"funnel": value.get("funnel", [])})
        parts |= _select_valid(list[Persona], {"personas": value.get("personas", [])})
    return Profile.model_construct(**parts)


def _build_macro_segment(raw: Any) -> MacroSegment:
    macro = _as_mapping(raw)
    strata = macro.get("strata")
    return MacroSegment.model_construct(
        kpis=_select_valid(Kpi, macro.get("kpis")),
        strata=[_build_stratum(each) for each in strata] if isinstance(strata, list) else [],
        segments=_select_valid(SegmentAnnotation, macro.get("segments")),
    )


def _build_stratum(raw: Any) -> Stratum:
    """Build a stratum; an invalid one becomes a stratum without KPIs that has the same name."""
    try:
        return Stratum.model_validate(raw)
    except ValidationError:
        return Stratum.model_construct(name=str(_as_mapping(raw).get("name")), label="", when="true")


def _find_mistakes_between_parts(profile: Profile, value: dict[str, Any]) -> Iterator[Mistake]:
    """Make the comparisons that a model skips while one of its parts is invalid."""
    for name, macro in profile.macro_segments.items():
        kpis = [str(kpi) for kpi in _as_mapping(_as_mapping(value["macro_segments"][name]).get("kpis"))]
        for mistake in macro.find_mistakes(kpis, is_whole=False):
            yield mistake.nest_under("macro_segments", name)
    sources, extracts = (list(_as_mapping(value.get(part))) for part in ("sources", "extracts"))
    yield from profile.find_mistakes(sources, extracts)


def _select_valid(kind: Any, raw: Any) -> dict[str, Any]:
    """Select the entries of a mapping that are valid on their own."""
    adapter, valid = TypeAdapter(kind), {}
    for name, value in _as_mapping(raw).items():
        try:
            valid[name] = adapter.validate_python(value)
        except ValidationError:
            continue
    return valid


def _as_mapping(raw: Any) -> dict[str, Any]:
    return raw if isinstance(raw, dict) else {}
