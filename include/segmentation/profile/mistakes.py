"""What is wrong in a profile, one mistake at a time: the place in the file, what was found, and what is allowed."""

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
"""What the loader adds to a profile, and no file says."""
_YAML_WORDS = "YAML reads a bare Yes, No, On and Off as true and false; put it in quotes"
_KEYS_BELOW = "are keys below it"
_SHAPES = {
    "model_type": _KEYS_BELOW,
    "model_attributes_type": _KEYS_BELOW,
    "dict_type": _KEYS_BELOW,
    "list_type": "is a list",
}


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    Attributes:
        place: the keys and positions that lead to it, from the top of the file.
        text: what was found and what is allowed, in one line.
    """

    place: MistakePlace
    text: str

    def __str__(self) -> str:
        """Such as ``schedule.start: missing``."""
        key = ".".join(str(part) for part in self.place)
        return f"{key}: {self.text}" if key else self.text

    def nest_under(self, *place: str | int) -> "Mistake":
        """The same mistake, seen from further up."""
        return replace(self, place=(*place, *self.place))


class MistakesError(ValueError):
    """All mistakes of one part of a profile, for a validator to raise."""

    def __init__(self, found: list[Mistake]) -> None:
        super().__init__("; ".join(map(str, found)))
        self.found = found


def raise_mistakes(found: Iterable[Mistake]) -> None:
    """Raise what was found, if anything was.

    Raises:
        MistakesError: something was.
    """
    mistakes = list(found)
    if mistakes:
        raise MistakesError(mistakes)


def list_allowed(found: object, names: Iterable[str]) -> str:
    """What is allowed in place of a word, the nearest last: ``allowed are start, end; did you mean 'start'?``."""
    listed = list(names)
    return f"allowed are {', '.join(listed) or 'none'}" + suggest_name(found, listed)


def suggest_name(found: object, names: Iterable[str]) -> str:
    """The name that a wrong one is near to, as the end of a message; empty where there is none."""
    by_small = {name.lower(): name for name in names}
    near = get_close_matches(str(found).lower(), by_small, n=1)
    return f"; did you mean '{by_small[near[0]]}'?" if near else ""


def explain_mistakes(model: type[BaseModel], value: Any, error: ValidationError) -> Iterator[Mistake]:
    """Every mistake that a model has found in a value, at the place where it stands in the file."""
    schema = model.model_json_schema()
    for problem in error.errors():
        cause = problem.get("ctx", {}).get("error")
        inner = cause.found if isinstance(cause, MistakesError) else [Mistake((), _text(schema, problem))]
        for mistake in inner:
            yield Mistake(_place(schema, value, (*problem["loc"], *mistake.place)), mistake.text)


def _text(schema: _Schema, problem: Any) -> str:
    found, kind = problem.get("input"), problem["type"]
    if kind == "extra_forbidden":
        *above, key = problem["loc"]
        return f"unknown key; {list_allowed(key, _keys(schema, above))}"
    if kind == "missing":
        return "missing"
    if kind in _SHAPES:
        return _wrong_shape(found, _SHAPES[kind])
    message = problem["msg"].removeprefix("Value error, ")
    if kind == "literal_error":
        names = re.findall(r"'(\w+)'", problem["ctx"]["expected"])
        message += suggest_name(found, names)
    if kind == "string_type" and isinstance(found, bool):
        message += f"; {_YAML_WORDS}"
    return f"found {found!r}; {message}" if isinstance(found, str | int | float | date) else message


def _wrong_shape(found: object, wanted: str) -> str:
    if found is None:
        return f"found nothing; allowed {wanted}, indented further than it"
    said = "keys" if isinstance(found, dict) else "a list" if isinstance(found, list) else repr(found)
    return f"found {said}; allowed {wanted}"


def _place(schema: _Schema, value: Any, keys: MistakePlace) -> MistakePlace:
    """The keys that stand in the file, without pydantic's marks of what kind of part it took something for."""
    place: list[str | int] = []
    parts = [schema]
    for key in keys:
        is_mark = any(key in _tags(part) for part in parts)
        is_known = any(key in kind.get("properties", ()) for part in parts for kind in _kinds(schema, part))
        parts = [below for part in parts for below in _below(schema, part, key)] or parts
        if not is_mark and _holds(value, key):
            value = value[key]
            place.append(key)
        elif not is_mark and is_known and isinstance(value, dict):
            value = None
            place.append(key)
    return tuple(place)


def _holds(value: Any, key: str | int) -> bool:
    return key in value if isinstance(value, dict) else isinstance(value, list) and isinstance(key, int)


def _keys(schema: _Schema, above: Iterable[str | int]) -> list[str]:
    """The keys that are allowed in the part at a place."""
    parts = [schema]
    for key in above:
        parts = [below for part in parts for below in _below(schema, part, key)] or parts
    names = {name for part in parts for kind in _kinds(schema, part) for name in kind.get("properties", ())}
    return sorted(names - {_OWN_FIELD})


def _below(schema: _Schema, part: _Schema, key: str | int) -> Iterator[_Schema]:
    if key in _tags(part):
        yield {"$ref": _tags(part)[key]}
        return
    for kind in _kinds(schema, part):
        inner = kind.get("items" if isinstance(key, int) else "additionalProperties")
        inner = kind.get("properties", {}).get(key, inner)
        if isinstance(inner, dict):
            yield inner


def _tags(part: _Schema) -> dict[str | int, str]:
    """Of a part that may be of several kinds, told apart by one key: what the key says -> the kind."""
    return dict(part.get("discriminator", {}).get("mapping", {}))


def _kinds(schema: _Schema, part: _Schema) -> Iterator[_Schema]:
    """What a part of a JSON schema may be, its references followed."""
    if "$ref" in part:
        yield from _kinds(schema, schema["$defs"][part["$ref"].rsplit("/", 1)[-1]])
        return
    choices = [*part.get("oneOf", ()), *part.get("anyOf", ())]
    for choice in choices:
        yield from _kinds(schema, choice)
    if not choices:
        yield part
