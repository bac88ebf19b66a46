"""Rows of funnels and demographics."""

from collections.abc import Mapping

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.common.suppression import SUPPRESS_BELOW
from include.segmentation.errors import ProfileError
from include.segmentation.profile.demographics import EVERYONE, OTHER_VALUES, UNKNOWN_VALUE
from include.segmentation.profile.kpis import AGE_COLUMN
from include.segmentation.profile.mistakes import list_allowed
from include.segmentation.publish.ga4_coverage import read_report_demographics
from include.segmentation.publish.publish_inputs import PublishInputs
from include.segmentation.warehouse.published_table import Row


def make_funnel_rows(inputs: PublishInputs) -> list[Row]:
    """Make the rows of ``fct_funnel``: every step, for the whole population and every segment.

    A customer has reached all steps before the first one whose condition does not hold, so no step can have more
    customers than the one before it.
    """
    steps = inputs.run.profile.funnel
    if not steps:
        return []
    homes = inputs.run.profile.kpi_macro_segments
    kpis = ", ".join(
        [f"population.{AGE_COLUMN}", *(f"measure_{macro}.{quote_identifier(name)}" for name, macro in homes.items())]
    )
    joins = " ".join(f"JOIN measure_{macro} USING (customer_id)" for macro in inputs.models)
    conditions_met = " + ".join(
        f"CASE WHEN {step.when}\nTHEN {1 << place} ELSE 0 END" for place, step in enumerate(steps)
    )
    inputs.engine.execute(
        f"CREATE OR REPLACE TEMP TABLE conditions_met AS SELECT customer_id, {conditions_met} AS conditions_met "
        f"FROM (SELECT population.customer_id, {kpis} FROM population {joins})"
    )
    groups: dict[tuple[str, str], dict[int, int]] = {group: {} for group in _list_groups(inputs)}
    counts = inputs.engine.execute(
        f"SELECT macro_segment, segment_key, conditions_met, count(*) FROM ({_write_membership_query(inputs)}) "
        "JOIN conditions_met USING (customer_id) GROUP BY ALL"
    )
    for macro, key, conditions, customers in counts.fetch_rows():
        groups[macro, key][conditions] = customers
    return [row for group, customers in groups.items() for row in _make_step_rows(inputs, group, customers)]


def _make_step_rows(inputs: PublishInputs, group: tuple[str, str], customers: Mapping[int, int]) -> list[Row]:
    """Make a segment's steps from the number of customers by conditions met (bit 0: the first step's condition)."""
    size = before = sum(customers.values())
    rows = []
    for place, step in enumerate(inputs.run.profile.funnel):
        all_so_far = (2 << place) - 1
        reached = sum(number for bits, number in customers.items() if bits & all_so_far == all_so_far)
        met = sum(number for bits, number in customers.items() if bits >> place & 1)
        figures = dict.fromkeys(("customers", "share", "conversion", "met"))
        if size >= SUPPRESS_BELOW:
            figures |= {"customers": reached, "share": reached / size, "met": met}
        if place and before >= SUPPRESS_BELOW:
            figures["conversion"] = reached / before
        texts = {"step": place + 1, "name": step.name, "label": step.label, "suppressed": size < SUPPRESS_BELOW}
        rows.append({"macro_segment": group[0], "segment_key": group[1]} | texts | figures)
        before = reached
    return rows


def make_demographic_rows(inputs: PublishInputs) -> list[Row]:
    """Make the rows of ``fct_segment_demographic``.

    Attributes are counted per segment. Google's estimates describe groups, not customers, so they appear only as shares
    of the whole population.

    Raises:
        ProfileError: the population was measured without an attribute that the profile counts by.
    """
    rows: list[Row] = []
    for dimension, declared in inputs.run.profile.demographics.items():
        if dimension not in inputs.attributes:
            raise ProfileError(
                f"{inputs.run.profile.path}: demographics.{dimension}: no attribute of the population; "
                f"{list_allowed(dimension, inputs.attributes)}; or run the measure stage again"
            )
        for (macro, key), counts in _count_values(inputs, dimension, declared.unknown).items():
            place = {"macro_segment": macro, "segment_key": key, "dimension": dimension}
            rows += [place | row | {"report": ""} for row in _make_share_rows(counts)]
    for (report, dimension), users in read_report_demographics(inputs.run).items():
        place = {"macro_segment": EVERYONE, "segment_key": EVERYONE, "dimension": dimension, "report": report}
        rows += [place | row | {"customers": None} for row in _make_share_rows(users)]
    return rows


def _count_values(
    inputs: PublishInputs, dimension: str, unknown: list[str]
) -> dict[tuple[str, str], dict[str | None, int]]:
    """Count the customers of each segment by value; None stands for unknown."""
    values: dict[tuple[str, str], dict[str | None, int]] = {group: {} for group in _list_groups(inputs)}
    counts = inputs.engine.execute(
        f"WITH valued AS (SELECT customer_id, trim(CAST({quote_identifier(dimension)} AS VARCHAR)) AS value "
        "FROM population) SELECT macro_segment, segment_key, "
        "CASE WHEN value NOT IN (SELECT unnest($unknown)) THEN value END AS value, count(*) "
        f"FROM ({_write_membership_query(inputs)}) JOIN valued USING (customer_id) GROUP BY ALL",
        {"unknown": ["", UNKNOWN_VALUE, *unknown]},
    )
    for macro, key, value, customers in counts.fetch_rows():
        values[macro, key][value] = customers
    return values


def _make_share_rows(counts: Mapping[str | None, int]) -> list[Row]:
    """Make a row per value, the largest first, then ``other`` and ``unknown``; an empty segment has none.

    So that nobody can be identified by subtraction, ``other`` takes all values of fewer than 10 customers, and the next
    smallest ones until it holds 10.
    """
    everyone = sum(counts.values())
    if not everyone:
        return []
    large = {value: number for value, number in counts.items() if value is not None}
    other = large.pop(OTHER_VALUES, 0)
    for value, number in sorted(large.items(), key=lambda pair: (pair[1], pair[0])):
        if number < SUPPRESS_BELOW or 0 < other < SUPPRESS_BELOW:
            other += large.pop(value)
    rows = sorted(large.items(), key=lambda pair: (-pair[1], pair[0]))
    rows += [(OTHER_VALUES, other)] if other else []
    unknown = counts.get(None, 0)
    coverage = (everyone - unknown) / everyone
    return [
        {"value": value, "customers": number, "share": number / everyone, "coverage": coverage}
        for value, number in [*rows, (UNKNOWN_VALUE, unknown)]
    ]


def _list_groups(inputs: PublishInputs) -> list[tuple[str, str]]:
    segments = [(macro, segment.key) for macro, model in inputs.models.items() for segment in model.list_segments()]
    return [(EVERYONE, EVERYONE), *segments]


def _write_membership_query(inputs: PublishInputs) -> str:
    """Write a query of every customer in the whole population and in a segment of each macro segment."""
    columns = "AS macro_segment, segment_key, customer_id"
    parts = [f"SELECT '{macro}' {columns} FROM label_{macro}" for macro in inputs.models]
    return " UNION ALL ".join(
        [f"SELECT '{EVERYONE}' AS macro_segment, '{EVERYONE}' AS segment_key, customer_id FROM population", *parts]
    )
