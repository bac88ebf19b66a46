"""Personas: named combinations of macro segments."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod

from pydantic import Field

from include.segmentation.profile.identifiers import DifferentNames, ProfileName, SqlName
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.profile.mistakes import Mistake, MistakePlace, list_allowed
from include.segmentation.profile.profile_part import ProfilePart

NO_PERSONA = "none"
"""The persona of customers who match no persona of the profile."""
_MAX_CASES = 200_000

_Position = tuple[str | None, str | None]
"""A customer's stratum and segment key in one macro segment; None stands for all that no persona names."""


class Persona(ProfilePart):
    """A named combination of macro segments.

    Attributes:
        label: the name that readers see ("Long-term engaged").
        when: macro segment -> strata, and segments or micro segments by their key or alias in ``segments``. A customer
            must be in one of them in every macro segment. The first persona that matches a customer is theirs.
        personas: the parts of this persona; customers who match none of them have this persona itself.
    """

    name: ProfileName
    label: str
    when: dict[SqlName, DifferentNames] = Field(min_length=1)
    description: str = ""
    recommended_action: str = ""
    owner: str = ""
    personas: list["Persona"] = Field(default_factory=list)


def walk_personas(
    personas: Sequence[Persona], parent: Persona | None = None
) -> Iterator[tuple[Persona, Persona | None]]:
    """Walk through all personas, parents first, each with its parent."""
    for persona in personas:
        yield persona, parent
        yield from walk_personas(persona.personas, persona)


def resolve_persona_words(macro: MacroSegment, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Resolve the words of a condition to keys of segments and micro segments, and to strata."""
    strata = [stratum.name for stratum in macro.strata if stratum.name in words]
    keys = [key for key, annotation in macro.segments.items() if key in words or annotation.alias in words]
    return keys, strata


def find_persona_mistakes(personas: Sequence[Persona], macros: Mapping[str, MacroSegment]) -> Iterator[Mistake]:
    """Find personas with the same name, with unknown words, or that can never match."""
    mistakes = [*_find_name_mistakes(personas), *_find_word_mistakes(personas, macros, ("personas",))]
    yield from mistakes
    if personas and not mistakes:
        yield from _find_unreachable_personas(personas, macros)


def _find_name_mistakes(personas: Sequence[Persona]) -> Iterator[Mistake]:
    names: set[str] = {NO_PERSONA}
    for persona, _ in walk_personas(personas):
        if persona.name in names:
            use = "means that no persona matches" if persona.name == NO_PERSONA else "is another persona's name"
            yield Mistake(("personas",), f"'{persona.name}' {use}; allowed: any other name")
        names.add(persona.name)


def _find_word_mistakes(
    personas: Sequence[Persona], macros: Mapping[str, MacroSegment], place: MistakePlace
) -> Iterator[Mistake]:
    for position, persona in enumerate(personas):
        here = (*place, position)
        for macro, words in persona.when.items():
            if macro not in macros:
                yield Mistake((*here, "when", macro), f"no such macro segment; {list_allowed(macro, macros)}")
                continue
            allowed = _list_words(macros[macro])
            for word in words:
                if word not in allowed:
                    reason = f"'{word}' is no stratum, key or alias; {list_allowed(word, allowed)}"
                    yield Mistake((*here, "when", macro), f"persona '{persona.name}': {reason}")
        yield from _find_word_mistakes(persona.personas, macros, (*here, "personas"))


def _list_words(macro: MacroSegment) -> list[str]:
    """List what a condition may name: strata, and the keys and aliases of annotated segments."""
    aliases = [annotation.alias for annotation in macro.segments.values() if annotation.alias]
    return [*(stratum.name for stratum in macro.strata), *macro.segments, *aliases]


def _find_unreachable_personas(personas: Sequence[Persona], macros: Mapping[str, MacroSegment]) -> Iterator[Mistake]:
    """Find every persona that no customer can have, because earlier ones match first."""
    words: dict[str, list[str]] = {}
    for persona, _ in walk_personas(personas):
        for macro, names in persona.when.items():
            words.setdefault(macro, []).extend(names)
    positions = [_list_positions(macros[macro], names) for macro, names in words.items()]
    cases = prod(map(len, positions))
    if cases > _MAX_CASES:
        yield Mistake(("personas",), f"too many combinations to check ({cases}); allowed: {_MAX_CASES}")
        return
    paths = {_find_path(personas, dict(zip(words, case, strict=True)), macros) for case in product(*positions)}
    reachable = {name for path in paths for name in path}
    for persona, parent in walk_personas(personas):
        if persona.name not in reachable and (parent is None or parent.name in reachable):
            where = f"is not in '{parent.name}', or " if parent else ""
            text = f"persona '{persona.name}' can never match: every customer it names {where}matches an earlier one"
            yield Mistake(("personas",), text)


def _list_positions(macro: MacroSegment, words: Sequence[str]) -> list[_Position]:
    """List the positions that conditions with these words can tell apart."""
    keys, strata = resolve_persona_words(macro, words)
    others = [None] if len(strata) < len(macro.strata) else []
    return list(product([*strata, *others], [None, *keys]))


def _find_path(
    personas: Sequence[Persona], case: Mapping[str, _Position], macros: Mapping[str, MacroSegment]
) -> tuple[str, ...]:
    """Find the persona of a customer: the names from the outermost persona to the customer's own."""
    for persona in personas:
        if all(
            _is_in(case[macro], resolve_persona_words(macros[macro], words)) for macro, words in persona.when.items()
        ):
            return (persona.name, *_find_path(persona.personas, case, macros))
    return ()


def _is_in(position: _Position, allowed: tuple[list[str], list[str]]) -> bool:
    (stratum, key), (keys, strata) = position, allowed
    return stratum in strata or key in keys
