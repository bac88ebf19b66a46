"""The tables with a row per customer, streamed from the engine in batches."""

import pyarrow as pa

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.profile.kpis import AGE_COLUMN, Kpi
from include.segmentation.profile.macro_segments import SegmentAnnotation
from include.segmentation.profile.profile import name_grid_columns, name_segment_columns
from include.segmentation.publish.persona_rows import write_persona_sql
from include.segmentation.publish.publish_inputs import PublishInputs
from include.segmentation.warehouse.published_table import Column

_BATCH_ROWS = 100_000


def stream_attributes(inputs: PublishInputs) -> pa.RecordBatchReader:
    """Stream the run's rows of ``dim_customer``."""
    return _stream_rows(
        inputs,
        ["customer_id", "first_seen", "last_seen", _write_as_of(inputs), *map(quote_identifier, inputs.attributes)],
        "",
    )


def stream_kpis(inputs: PublishInputs) -> pa.RecordBatchReader:
    """Stream the run's rows of ``fct_customer_kpi``, with the KPIs of all macro segments side by side."""
    columns = [
        f"'{inputs.run.cadence}' AS cadence",
        _write_as_of(inputs),
        "customer_id",
        f"population.{AGE_COLUMN}",
        "last_seen",
    ]
    return _stream_rows(inputs, columns + _list_kpi_expressions(inputs), _write_joins(inputs, "measure"))


def stream_labels(inputs: PublishInputs) -> pa.RecordBatchReader:
    """Stream the run's rows of ``fct_segment_label``."""
    columns = "customer_id, stratum, segment_key, micro_key, margin"
    columns += ", raw_key, held_from, remeasured_key, previous_model_key, scores, cell"
    parts = [f"SELECT '{macro}' AS macro_segment, {columns} FROM label_{macro}" for macro in inputs.models]
    query = f"SELECT '{inputs.run.cadence}' AS cadence, {_write_as_of(inputs)}, * FROM ({' UNION ALL '.join(parts)})"
    return inputs.engine.execute(query).stream_batches(_BATCH_ROWS)


def stream_record(inputs: PublishInputs) -> pa.RecordBatchReader:
    """Stream the rows of ``customer_analytics_record``."""
    columns = ["customer_id", _write_as_of(inputs), f"'{inputs.run.run_id}' AS run_id"]
    columns += ["first_seen", "last_seen", f"population.{AGE_COLUMN}", *map(quote_identifier, inputs.attributes)]
    columns += [*_list_kpi_expressions(inputs), f"{write_persona_sql(inputs.run.profile)} AS persona"]
    for macro, model in inputs.models.items():
        key, name, micro = name_segment_columns(macro)
        annotations = inputs.run.profile.macro_segments[macro].segments
        names = {
            segment.key: annotations.get(segment.key, SegmentAnnotation()).alias or segment.name
            for segment in model.list_segments()
        }
        inputs.engine.register_table(
            f"name_{macro}", pa.table({"segment_key": list(names), "name": list(names.values())})
        )
        named = f"(SELECT name FROM name_{macro} AS n WHERE n.segment_key = label_{macro}.segment_key)"
        columns += [f"label_{macro}.segment_key AS {key}", f"{named} AS {name}", f"label_{macro}.micro_key AS {micro}"]
        if inputs.run.profile.macro_segments[macro].grid:
            scores, cell = name_grid_columns(macro)
            columns += [f"label_{macro}.scores AS {scores}", f"label_{macro}.cell AS {cell}"]
    return _stream_rows(inputs, columns, _write_joins(inputs, "measure") + _write_joins(inputs, "label"))


def list_attribute_columns(inputs: PublishInputs) -> list[Column]:
    """List the columns that population.sql adds."""
    comment = "An attribute of the customer, from population.sql."
    return [Column(name, map_column_type(kind), comment, nullable=True) for name, kind in inputs.attributes.items()]


def list_kpi_columns(inputs: PublishInputs) -> list[Column]:
    """List one column per KPI."""
    kpis = inputs.run.profile.kpis
    return [Column(name, "double precision", _explain_kpi(kpi), nullable=True) for name, kpi in kpis.items()]


def list_record_columns(inputs: PublishInputs) -> list[Column]:
    """List the columns of attributes, KPIs, segments and grids."""
    texts = {}
    for macro, declared in inputs.run.profile.macro_segments.items():
        key, name, micro = name_segment_columns(macro)
        texts[key] = f"The customer's {declared.label} segment; see dim_segment."
        texts[name] = f"The alias of the customer's {declared.label} segment, or else its name."
        texts[micro] = f"The micro segment within the {declared.label} segment. NULL if the segment has none."
        if declared.grid:
            scores, cell = name_grid_columns(macro)
            texts[scores] = f"The customer's classes in grid {declared.grid.label}; see dim_score_class."
            texts[cell] = f"The customer's cell in grid {declared.grid.label}; see dim_grid_cell."
    segments = [Column(name, "text", comment, nullable=True) for name, comment in texts.items()]
    return list_attribute_columns(inputs) + list_kpi_columns(inputs) + segments


def map_column_type(kind: pa.DataType) -> str:
    """Map an Arrow type to a PostgreSQL type."""
    for is_kind, name in (
        (pa.types.is_integer, "bigint"),
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_floating, "double precision"),
        (pa.types.is_decimal, "numeric"),
        (pa.types.is_date, "date"),
        (pa.types.is_timestamp, "timestamp with time zone"),
    ):
        if is_kind(kind):
            return name
    return "text"


def _explain_kpi(kpi: Kpi) -> str:
    undefined = f" NULL when {kpi.undefined_when}." if kpi.undefined_when else ""
    return f"{kpi.label}: {kpi.definition} In {kpi.unit}, {kpi.window}.{undefined}"


def _stream_rows(inputs: PublishInputs, columns: list[str], joins: str) -> pa.RecordBatchReader:
    query = f"SELECT {', '.join(columns)} FROM population {joins}"
    return inputs.engine.execute(query).stream_batches(_BATCH_ROWS)


def _write_joins(inputs: PublishInputs, part: str) -> str:
    return "".join(f" JOIN {part}_{macro} USING (customer_id)" for macro in inputs.models)


def _list_kpi_expressions(inputs: PublishInputs) -> list[str]:
    """List every KPI once, even if several macro segments measure it."""
    return [f'measure_{macro}."{name}"' for name, macro in inputs.run.profile.kpi_macro_segments.items()]


def _write_as_of(inputs: PublishInputs) -> str:
    return f"TIMESTAMPTZ '{inputs.run.as_of.isoformat()}' AS as_of"
