"""Customers by persona."""

from include.segmentation.publish.common_columns import AS_OF, CADENCE
from include.segmentation.publish.persona_rows import make_persona_rows
from include.segmentation.warehouse.published_table import Column, PublishedTable

FCT_PERSONA = PublishedTable(
    name="fct_persona",
    comment=(
        "One row per run and persona that the profile declares: named combinations of segments. The row none "
        "counts customers whom no persona matches."
    ),
    columns=(
        CADENCE,
        AS_OF,
        Column("persona", "text", "The persona's name in the profile, or none for customers whom no persona matches."),
        Column("position", "integer", "The persona's position in the profile, from 1. The first that matches decides."),
        Column("part_of", "text", "The persona that this one refines. NULL at the top level.", nullable=True),
        Column("label", "text", "The persona's title for readers."),
        Column("description", "text", "What its customers have in common."),
        Column("recommended_action", "text", "What to do with these customers, according to the profile."),
        Column("owner", "text", "Who is responsible for the persona."),
        Column("customers", "bigint", "The number of customers of the persona and all personas that refine it."),
        Column("share", "double precision", "Their share of the population, 0 to 1."),
        Column(
            "own_customers", "bigint", "The customers whom no refining persona matches. These add up to the population."
        ),
    ),
    primary_key=("cadence", "as_of", "persona"),
    make_rows=make_persona_rows,
)
