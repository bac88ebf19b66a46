"""Rows of lists: who is on them, and which reason decided about each customer."""

import json
from decimal import Decimal

import pyarrow as pa

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.common.suppression import SUPPRESS_BELOW
from include.segmentation.profile.kpis import AGE_COLUMN
from include.segmentation.profile.lists import NO_REASON, EligibilityList
from include.segmentation.profile.profile import name_grid_columns
from include.segmentation.publish.distribution_rows import write_total_sql
from include.segmentation.publish.publish_inputs import PublishInputs
from include.segmentation.warehouse.published_table import Row

_BATCH_ROWS = 100_000
_NO_REASON_LABEL = "None of these"


def stream_members(inputs: PublishInputs) -> pa.RecordBatchReader:
    """Stream the run's rows of ``fct_list_member``."""
    _decide_reasons(inputs)
    reasons = [
        {"list": name, "nth": nth, "reason": reason.name}
        for name, declared in inputs.run.profile.lists.items()
        for nth, reason in enumerate(declared.reasons, start=1)
        if reason.eligible
    ]
    schema = pa.schema([("list", pa.string()), ("nth", pa.int32()), ("reason", pa.string())])
    inputs.engine.register_table("reasons", pa.Table.from_pylist(reasons, schema=schema))
    here = f"'{inputs.run.cadence}' AS cadence, TIMESTAMPTZ '{inputs.run.as_of.isoformat()}' AS as_of"
    query = f"SELECT {here}, list, customer_id, reason FROM listed JOIN reasons USING (list, nth)"
    return inputs.engine.execute(query).stream_batches(_BATCH_ROWS)


def make_reason_rows(inputs: PublishInputs) -> list[Row]:
    """Make the rows of ``fct_list_reason``."""
    _decide_reasons(inputs)
    (population,) = inputs.fetch_one("SELECT count(*) FROM population")
    rows = []
    for name, declared in inputs.run.profile.lists.items():
        totals_by_reason = _total_reasons(inputs, name)
        sums = {
            kpi: sum((of_kpi[kpi] or Decimal(0) for _, of_kpi in totals_by_reason.values()), Decimal(0))
            for kpi in inputs.run.profile.worth
        }
        for nth, reason in enumerate(_list_reasons(declared), start=1):
            customers, totals = totals_by_reason.get(nth, (0, {}))
            worth = {
                kpi: {"total": None, "share_of_total": None}
                if value is None
                else {"total": float(value), "share_of_total": float(value / sums[kpi]) if sums[kpi] > 0 else None}
                for kpi, value in totals.items()
                if customers >= SUPPRESS_BELOW
            }
            head = {"list": name, "list_label": declared.label, "description": declared.description}
            counts = {"customers": customers, "share": customers / population, "worth": json.dumps(worth)}
            rows.append(head | {"owner": declared.owner, "position": nth} | reason | counts)
    return rows


def _decide_reasons(inputs: PublishInputs) -> None:
    """Fill temporary table ``listed`` with the number of the deciding reason per list and customer."""
    inputs.engine.execute("CREATE OR REPLACE TEMP TABLE listed (list VARCHAR, customer_id VARCHAR, nth INTEGER)")
    for name, declared in inputs.run.profile.lists.items():
        cases = " ".join(f"WHEN ({reason.when}) THEN {nth}" for nth, reason in enumerate(declared.reasons, start=1))
        inputs.engine.execute(
            f"INSERT INTO listed SELECT $list, customer_id, CASE {cases} ELSE {len(declared.reasons) + 1} END "
            f"FROM ({_write_customer_query(inputs)})",
            {"list": name},
        )


def _list_reasons(declared: EligibilityList) -> list[Row]:
    """List the reasons in order, followed by the one for customers without any."""
    reasons = [
        {"reason": reason.name, "label": reason.label, "rule": reason.when, "is_eligible": reason.eligible}
        for reason in declared.reasons
    ]
    return [*reasons, {"reason": NO_REASON, "label": _NO_REASON_LABEL, "rule": "", "is_eligible": False}]


def _total_reasons(inputs: PublishInputs, name: str) -> dict[int, tuple[int, dict[str, Decimal | None]]]:
    """Map the number of a reason to its customers and the total of each worth KPI (None if undefined)."""
    profile = inputs.run.profile
    sums = ", ".join(
        [
            "count(*) AS customers",
            *(f"{write_total_sql(k, profile.kpis[k])} AS {quote_identifier(k)}" for k in profile.worth),
        ]
    )
    result = inputs.engine.execute(
        f"SELECT nth, {sums} FROM listed JOIN ({_write_customer_query(inputs)}) USING (customer_id) "
        "WHERE list = $list GROUP BY nth",
        {"list": name},
    )
    return {
        row["nth"]: (row["customers"], {kpi: row[kpi] for kpi in profile.worth})
        for row in result.fetch_table().to_pylist()
    }


def _write_customer_query(inputs: PublishInputs) -> str:
    """Write a query of every customer with all KPIs, their age and their cells in all grids."""
    profile = inputs.run.profile
    columns = ["population.customer_id", f"population.{AGE_COLUMN}"]
    columns += [f"measure_{macro}.{quote_identifier(name)}" for name, macro in profile.kpi_macro_segments.items()]
    columns += [
        f"label_{m}.cell AS {name_grid_columns(m)[1]}" for m in profile.macro_segments if profile.macro_segments[m].grid
    ]
    joins = "".join(f" JOIN {part}_{m} USING (customer_id)" for m in inputs.models for part in ("measure", "label"))
    return f"SELECT {', '.join(columns)} FROM population{joins}"
