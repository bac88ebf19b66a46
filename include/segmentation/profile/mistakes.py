"""Mistakes in a profile: the place in the file, what was found there, and what is allowed."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

MistakePlace = tuple[str | int, ...]

_Schema = Mapping[str, Any]
_OWN_FIELD = "path"
"""The field that the loader adds to a profile; a file cannot set it."""
_YAML_WORDS = "YAML reads Yes, No, On and Off without quotes as true and false; put it in quotes"
_KEYS_BELOW = "keys below it"
_SHAPES = {
    "model_type": _KEYS_BELOW,
    "model_attributes_type": _KEYS_BELOW,
    "dict_type": _KEYS_BELOW,
    "list_type": "a list",
}


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    Attributes:
        place: the keys and positions that lead to it from the top of the file.
        text: what was found and what is allowed, in one line.
    """

    place: MistakePlace
    text: str

    def __str__(self) -> str:
        """Such as ``schedule.start: missing``."""
        key = ".".join(str(part) for part in self.place)
        return f"{key}: {self.text}" if key else self.text

    def nest_under(self, *place: str | int) -> "Mistake":
        """Return the same mistake with a place that starts further up."""
        return replace(self, place=(*place, *self.place))


class MistakesError(ValueError):
    """All mistakes of one part of a profile, raised by its validator."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("; ".join(map(str, mistakes)))
        self.mistakes = mistakes


def raise_mistakes(mistakes: Iterable[Mistake]) -> None:
    """Raise mistakes, if there are any.

    Raises:
        MistakesError: there are.
    """
    if listed := list(mistakes):
        raise MistakesError(listed)


def list_allowed(word: object, names: Iterable[str]) -> str:
    """List what is allowed instead of a word: ``allowed: start, end; did you mean 'start'?``."""
    listed = list(names)
    return f"allowed: {', '.join(listed) or 'none'}" + suggest_name(word, listed)


def suggest_name(word: object, names: Iterable[str]) -> str:
    """Suggest the name that is most like a word, as the end of a message; empty if there is none."""
    by_lower_case = {name.lower(): name for name in names}
    matches = get_close_matches(str(word).lower(), by_lower_case, n=1)
    return f"; did you mean '{by_lower_case[matches[0]]}'?" if matches else ""


def explain_mistakes(model: type[BaseModel], value: Any, error: ValidationError) -> Iterator[Mistake]:
    """Explain every mistake that a model reports for a value, with its place in the file."""
    schema = model.model_json_schema()
    for problem in error.errors():
        cause = problem.get("ctx", {}).get("error")
        inner = cause.mistakes if isinstance(cause, MistakesError) else [Mistake((), _explain_problem(schema, problem))]
        for mistake in inner:
            yield Mistake(_find_place(schema, value, (*problem["loc"], *mistake.place)), mistake.text)


def _explain_problem(schema: _Schema, problem: Any) -> str:
    value, kind = problem.get("input"), problem["type"]
    if kind == "extra_forbidden":
        *above, key = problem["loc"]
        return f"unknown key; {list_allowed(key, _list_keys(schema, above))}"
    if kind == "missing":
        return "missing"
    if kind in _SHAPES:
        return _explain_shape(value, _SHAPES[kind])
    message = problem["msg"].removeprefix("Value error, ")
    if kind == "literal_error":
        names = re.findall(r"'(\w+)'", problem["ctx"]["expected"])
        message += suggest_name(value, names)
    if kind == "string_type" and isinstance(value, bool):
        message += f"; {_YAML_WORDS}"
    return f"found {value!r}; {message}" if isinstance(value, str | int | float | date) else message


def _explain_shape(value: object, allowed: str) -> str:
    if value is None:
        return f"found nothing; allowed: {allowed}, with more indentation"
    shape = "keys" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)
    return f"found {shape}; allowed: {allowed}"


def _find_place(schema: _Schema, value: Any, keys: MistakePlace) -> MistakePlace:
    """Find the keys that are in the file: pydantic adds tags for the kind of part that it tried."""
    place: list[str | int] = []
    parts = [schema]
    for key in keys:
        is_tag = any(key in _list_tags(part) for part in parts)
        is_property = any(key in kind.get("properties", ()) for part in parts for kind in _list_kinds(schema, part))
        parts = _step_down(schema, parts, key)
        if not is_tag and _has_key(value, key):
            value = value[key]
            place.append(key)
        elif not is_tag and is_property and isinstance(value, dict):
            value = None
            place.append(key)
    return tuple(place)


def _has_key(value: Any, key: str | int) -> bool:
    return key in value if isinstance(value, dict) else isinstance(value, list) and isinstance(key, int)


def _list_keys(schema: _Schema, above: Iterable[str | int]) -> list[str]:
    """List the keys that are allowed in the part at a place."""
    parts = [schema]
    for key in above:
        parts = _step_down(schema, parts, key)
    names = {name for part in parts for kind in _list_kinds(schema, part) for name in kind.get("properties", ())}
    return sorted(names - {_OWN_FIELD})


def _step_down(schema: _Schema, parts: list[_Schema], key: str | int) -> list[_Schema]:
    """Return the schemas below a key; the same ones if nothing is declared below it."""
    return [below for part in parts for below in _list_parts_below(schema, part, key)] or parts


def _list_parts_below(schema: _Schema, part: _Schema, key: str | int) -> Iterator[_Schema]:
    if key in _list_tags(part):
        yield {"$ref": _list_tags(part)[key]}
        return
    for kind in _list_kinds(schema, part):
        inner = kind.get("items" if isinstance(key, int) else "additionalProperties")
        inner = kind.get("properties", {}).get(key, inner)
        if isinstance(inner, dict):
            yield inner


def _list_tags(part: _Schema) -> dict[str | int, str]:
    """List the kinds of a part that one of its keys decides: value of the key -> kind."""
    return dict(part.get("discriminator", {}).get("mapping", {}))


def _list_kinds(schema: _Schema, part: _Schema) -> Iterator[_Schema]:
    """List the alternatives of a part of a JSON schema, with references resolved."""
    if "$ref" in part:
        yield from _list_kinds(schema, schema["$defs"][part["$ref"].rsplit("/", 1)[-1]])
        return
    choices = [*part.get("oneOf", ()), *part.get("anyOf", ())]
    for choice in choices:
        yield from _list_kinds(schema, choice)
    if not choices:
        yield part
