"""Every mistake of a profile's file at once, also between parts of which one is wrong itself."""

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


def find_profile_mistakes(path: Path, value: dict[str, Any]) -> tuple[Profile, list[Mistake]]:
    """Check what a file says.

    Args:
        path: the file.
        value: what it says.

    Returns:
        The profile, of what is right where not everything is, and the mistakes.
    """
    found = find_name_mistakes(value, path)
    own = {"path": path, "profile": path.stem}
    try:
        profile = Profile.model_validate(value | own)
    except ValidationError as error:
        found += explain_mistakes(Profile, value, error)
        profile = _what_is_right(value, path)
        found += _between(profile, value)
    return profile, list(dict.fromkeys(found))


def _what_is_right(value: dict[str, Any], path: Path) -> Profile:
    macros = {name: _macro(raw) for name, raw in _mapping(value.get("macro_segments")).items()}
    time_zone = value.get("time_zone", "UTC")
    parts: dict[str, Any] = {
        "profile": path.stem,
        "path": path,
        "time_zone": time_zone if isinstance(time_zone, str) else "UTC",
        "sources": _right(Source, value.get("sources")),
        "extracts": _right(Extract, value.get("extracts")),
        "expectations": _right(list[Expectation], value.get("expectations")),
        "macro_segments": macros,
    }
    parts |= _right(WarehouseTarget, {"warehouse": value.get("warehouse")})
    right = _right(MacroSegment, value.get("macro_segments"))
    if len(right) == len(macros):  # else it is not known what there is
        parts |= {"macro_segments": right, "lists": _right(EligibilityList, value.get("lists"))}
        parts |= _right(list[FunnelStep], {"funnel": value.get("funnel", [])})
        parts |= _right(list[Persona], {"personas": value.get("personas", [])})
    return Profile.model_construct(**parts)


def _macro(raw: Any) -> MacroSegment:
    said = _mapping(raw)
    strata = said.get("strata")
    return MacroSegment.model_construct(
        kpis=_right(Kpi, said.get("kpis")),
        strata=[_stratum(each) for each in strata] if isinstance(strata, list) else [],
        segments=_right(SegmentAnnotation, said.get("segments")),
    )


def _stratum(raw: Any) -> Stratum:
    """A stratum; where it is wrong, one in its place that says nothing."""
    try:
        return Stratum.model_validate(raw)
    except ValidationError:
        return Stratum.model_construct(name=str(_mapping(raw).get("name")), label="", when="true")


def _between(profile: Profile, value: dict[str, Any]) -> Iterator[Mistake]:
    """What a model does not compare while one of its parts is wrong."""
    for name, macro in profile.macro_segments.items():
        kpis = [str(kpi) for kpi in _mapping(_mapping(value["macro_segments"][name]).get("kpis"))]
        for mistake in macro.find_mistakes(kpis, is_whole=False):
            yield mistake.nest_under("macro_segments", name)
    sources, extracts = (list(_mapping(value.get(part))) for part in ("sources", "extracts"))
    yield from profile.find_mistakes(sources, extracts)


def _right(kind: Any, raw: Any) -> dict[str, Any]:
    """The entries of a mapping that are right themselves."""
    adapter, right = TypeAdapter(kind), {}
    for name, value in _mapping(raw).items():
        try:
            right[name] = adapter.validate_python(value)
        except ValidationError:
            continue
    return right


def _mapping(raw: Any) -> dict[str, Any]:
    return raw if isinstance(raw, dict) else {}
