"""Personas: named combinations of macro segments."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from pydantic import Field

from include.segmentation.profile.identifiers import DifferentNames, ProfileName, SqlName
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.profile.mistakes import Mistake, MistakePlace, list_allowed
from include.segmentation.profile.profile_part import ProfilePart

NO_PERSONA = "none"
"""Stands for the customers whom no persona takes; no persona can be called so."""


_MOST_CASES = 200_000


class Persona(ProfilePart):
    """A named combination of macro segments.

    Attributes:
        label: the words a reader sees ("Long-term engaged").
        when: macro segment -> where its customers are in it: strata, and segments or micro segments named by a key or
            an alias of ``segments``. All macro segments must agree; the first persona that matches takes a customer.
        personas: what it is divided into; whom none of them takes stays in this one.
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
    """Every persona with the one that it is a part of, in the order of the profile, parents first."""
    for persona in personas:
        yield persona, parent
        yield from walk_personas(persona.personas, persona)


def resolve_persona_words(declared: MacroSegment, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What the words of a condition stand for: keys of segments and micro segments, and strata."""
    strata = [stratum.name for stratum in declared.strata if stratum.name in words]
    return [key for key, said in declared.segments.items() if key in words or said.alias in words], strata


def find_persona_mistakes(personas: Sequence[Persona], macros: Mapping[str, MacroSegment]) -> Iterator[Mistake]:
    """Personas that have one name, name what does not exist, or can never take anyone."""
    wrong = [*_wrong_names(personas), *_wrong_words(personas, macros, ("personas",))]
    yield from wrong
    if personas and not wrong:
        yield from _never_first(personas, macros)


def _wrong_names(personas: Sequence[Persona]) -> Iterator[Mistake]:
    seen: set[str] = {NO_PERSONA}
    for persona, _ in walk_personas(personas):
        if persona.name in seen:
            whose = "stands for whom no persona takes" if persona.name == NO_PERSONA else "is another persona's name"
            yield Mistake(("personas",), f"'{persona.name}' {whose}; allowed is any other")
        seen.add(persona.name)


def _wrong_words(
    personas: Sequence[Persona], macros: Mapping[str, MacroSegment], place: MistakePlace
) -> Iterator[Mistake]:
    for position, persona in enumerate(personas):
        here = (*place, position)
        for macro, words in persona.when.items():
            if macro not in macros:
                yield Mistake((*here, "when", macro), f"no such macro segment; {list_allowed(macro, macros)}")
                continue
            known = _words(macros[macro])
            for word in words:
                if word not in known:
                    text = (
                        f"persona '{persona.name}': '{word}' is no stratum, key or alias; {list_allowed(word, known)}"
                    )
                    yield Mistake((*here, "when", macro), text)
        yield from _wrong_words(persona.personas, macros, (*here, "personas"))


def _words(declared: MacroSegment) -> list[str]:
    """What a condition may name: strata, and the keys and aliases of segments that the profile says something about."""
    aliases = [said.alias for said in declared.segments.values() if said.alias]
    return [*(stratum.name for stratum in declared.strata), *declared.segments, *aliases]


def _never_first(personas: Sequence[Persona], macros: Mapping[str, MacroSegment]) -> Iterator[Mistake]:
    """Every persona that others before it leave nobody for, wherever a customer may be."""
    named = list(dict.fromkeys(macro for persona, _ in walk_personas(personas) for macro in persona.when))
    places = [
        _places(macros[m], [word for each, _ in walk_personas(personas) for word in each.when.get(m, [])])
        for m in named
    ]
    cases = 1
    for found in places:
        cases *= len(found)
    if cases > _MOST_CASES:
        yield Mistake(("personas",), f"too many combinations to be checked ({cases}); allowed are {_MOST_CASES}")
        return
    taken = {_first(personas, dict(zip(named, case, strict=True)), macros) for case in product(*places)}
    reached = {name for path in taken for name in path}
    for persona, parent in walk_personas(personas):
        if persona.name not in reached and (parent is None or parent.name in reached):
            where = f"is not in '{parent.name}', or " if parent else ""
            text = f"persona '{persona.name}' can take nobody: whoever it names {where}is taken by one before it"
            yield Mistake(("personas",), text)


def _places(declared: MacroSegment, words: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Stratum and key of a customer as far as the words of conditions tell them apart; None for all others."""
    keys, strata = resolve_persona_words(declared, words)
    others = [None] if len(strata) < len(declared.strata) else []
    return list(product([*strata, *others], [None, *keys]))


def _first(
    personas: Sequence[Persona], case: Mapping[str, tuple[str | None, str | None]], macros: Mapping[str, MacroSegment]
) -> tuple[str, ...]:
    """The names of the persona that takes a customer and of those that it is a part of, from above."""
    for persona in personas:
        if all(
            _is_in(case[macro], resolve_persona_words(macros[macro], words)) for macro, words in persona.when.items()
        ):
            return (persona.name, *_first(persona.personas, case, macros))
    return ()


def _is_in(place: tuple[str | None, str | None], wanted: tuple[list[str], list[str]]) -> bool:
    stratum, key = place
    return stratum in wanted[1] or key in wanted[0]
