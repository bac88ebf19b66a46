"""A table that the tests add."""

from typing import Any

from include.segmentation.publish.common_columns import AS_OF, CADENCE
from include.segmentation.publish.publish_inputs import PublishInputs
from include.segmentation.warehouse.published_table import Column, PublishedTable


def count_countries(inputs: PublishInputs) -> list[dict[str, Any]]:
    """Count customers by country."""
    rows = inputs.engine.execute("SELECT country, count(*) AS customers FROM population GROUP BY country")
    return list(rows.fetch_table().to_pylist())


FCT_COUNTRY = PublishedTable(
    name="fct_country",
    comment="One row per run and country.",
    columns=(
        CADENCE,
        AS_OF,
        Column("country", "text", "The country."),
        Column("customers", "bigint", "The number of the country's customers."),
    ),
    primary_key=("cadence", "as_of", "country"),
    make_rows=count_countries,
)
