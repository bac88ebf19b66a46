"""Rows of personas: a customer has the first persona whose conditions all hold."""

from collections.abc import Sequence

from include.segmentation.common.sql_quoting import quote_string
from include.segmentation.profile.personas import NO_PERSONA, Persona, resolve_persona_words, walk_personas
from include.segmentation.profile.profile import Profile
from include.segmentation.publish.publish_inputs import PublishInputs
from include.segmentation.warehouse.published_table import Row

_NO_PERSONA = Persona.model_construct(
    name=NO_PERSONA, label="No persona", when={}, description="Whom no persona takes."
)


def write_persona_sql(profile: Profile) -> str:
    """Write a customer's persona, or NULL, as a SQL expression over the views ``label_<macro>``."""
    return f"CAST({_write_case(profile, profile.personas, 'NULL')} AS VARCHAR)"


def make_persona_rows(inputs: PublishInputs) -> list[Row]:
    """Make the rows of ``fct_persona``, including personas without customers."""
    profile = inputs.run.profile
    if not profile.personas:
        return []
    labels = " ".join(f"JOIN label_{macro} USING (customer_id)" for macro in inputs.models)
    result = inputs.engine.execute(
        f"SELECT coalesce({write_persona_sql(profile)}, '{NO_PERSONA}'), count(*) FROM population {labels} GROUP BY ALL"
    )
    own = dict(result.fetch_rows())
    (population,) = inputs.fetch_one("SELECT count(*) FROM population")
    rows = []
    for position, (persona, parent) in enumerate([*walk_personas(profile.personas), (_NO_PERSONA, None)], start=1):
        customers = sum(own.get(part.name, 0) for part, _ in walk_personas([persona]))
        rows.append(
            {
                "persona": persona.name,
                "position": position,
                "part_of": parent.name if parent else None,
                "label": persona.label,
                "description": persona.description,
                "recommended_action": persona.recommended_action,
                "owner": persona.owner,
                "customers": customers,
                "share": customers / population,
                "own_customers": own.get(persona.name, 0),
            }
        )
    return rows


def _write_case(profile: Profile, choices: Sequence[Persona], otherwise: str) -> str:
    if not choices:
        return otherwise
    cases = [
        f"WHEN {_write_condition(profile, each)} THEN {_write_case(profile, each.personas, quote_string(each.name))}"
        for each in choices
    ]
    return f"CASE {' '.join(cases)} ELSE {otherwise} END"


def _write_condition(profile: Profile, persona: Persona) -> str:
    tests = []
    for macro, words in persona.when.items():
        keys, strata = resolve_persona_words(profile.macro_segments[macro], words)
        conditions = [f"label_{macro}.stratum IN {_write_list(strata)}"] if strata else []
        if keys:
            conditions += [f"label_{macro}.{column} IN {_write_list(keys)}" for column in ("segment_key", "micro_key")]
        tests.append(f"coalesce({' OR '.join(conditions)}, false)")
    return " AND ".join(tests)


def _write_list(values: Sequence[str]) -> str:
    return f"({', '.join(map(quote_string, values))})"
