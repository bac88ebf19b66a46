"""A run's artifacts, behind one engine."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from include.segmentation.artifacts import LabelSummary, MeasureArtifacts, PopulationSummary, SegmentArtifacts
from include.segmentation.engine.engine import Engine
from include.segmentation.errors import DataError, ProfileError
from include.segmentation.model.model import Model
from include.segmentation.model.timeline import TimelineEntry, read_timeline
from include.segmentation.profile.kpis import AGE_COLUMN
from include.segmentation.publish.past_runs import PastRuns, read_past_runs
from include.segmentation.publish.row_counts import ExtractCounts, count_rows
from include.segmentation.run import Run

POPULATION_COLUMNS = ("customer_id", "first_seen", "last_seen", AGE_COLUMN)


@dataclass(frozen=True)
class PublishInputs:
    """A run's artifacts and the models that it was labelled with.

    Attributes:
        engine: has the views ``population``, ``measure_<macro>``, ``label_<macro>``, ``member_<macro>`` (customer_id
            and segment_key, of segments and of micro segments) and, where cohorts are followed,
            ``cohort_measure_<macro>`` and ``cohort_label_<macro>``.
        attributes: the columns that population.sql adds, with their Arrow types.
        models: macro segment -> the model that labelled it.
        timelines: macro segment -> all its models with their status.
        labelled: macro segment -> what the segment stage recorded.
        look_ahead: whether as_of lies before the first model of a macro segment.
        unknown_rows: source rows without a customer.
        rows: per extract, the current accepted and quarantined rows.
        drift: the measures of every macro segment (macro_segment, metric, stratum, kpi, value); empty at other cadences
            than the primary one and before the first fit.
        past: the published runs that this one is compared with.
    """

    run: Run
    engine: Engine
    attributes: dict[str, pa.DataType]
    models: dict[str, Model]
    timelines: dict[str, list[TimelineEntry]]
    labelled: dict[str, LabelSummary]
    look_ahead: bool
    unknown_rows: int
    rows: ExtractCounts
    drift: list[dict[str, Any]]
    past: PastRuns

    @cached_property
    def sizes(self) -> dict[str, dict[str, int]]:
        """Macro segment -> segment key, from its model or from a label -> customers."""
        sizes = {}
        for macro, model in self.models.items():
            counts = self.engine.execute(f"SELECT segment_key, count(*) FROM label_{macro} GROUP BY ALL ORDER BY ALL")
            sizes[macro] = {segment.key: 0 for segment in model.list_segments()} | dict(counts.fetch_rows())
        return sizes

    @cached_property
    def micro_sizes(self) -> dict[str, int]:
        """Key of a micro segment -> customers."""
        sizes: dict[str, int] = {}
        for macro in self.models:
            counts = self.engine.execute(
                f"SELECT micro_key, count(*) FROM label_{macro} WHERE micro_key IS NOT NULL GROUP BY ALL ORDER BY ALL"
            )
            sizes |= dict(counts.fetch_rows())
        return sizes

    def fetch_one(self, query: str) -> tuple[Any, ...]:
        """Fetch the single row of a query."""
        row = self.engine.execute(query).fetch_row()
        assert row is not None, query  # noqa: S101 - aggregates always answer with a row
        return row


def read_inputs(run: Run) -> PublishInputs:
    """Read everything that a run publishes.

    Raises:
        DataError: an earlier stage has not run, or a macro segment was labelled with a model that is not in use.
        ProfileError: an attribute shares its name with another column of customers.
        SourceError: the warehouse refuses.
        UnavailableError: the warehouse cannot be reached.
    """
    engine = run.lake.open_engine()
    measured = PopulationSummary.read_from(run)
    population = MeasureArtifacts(run).locate_population().read_table()
    engine.register_table("population", population)
    attributes = {field.name: field.type for field in population.schema if field.name not in POPULATION_COLUMNS}
    _refuse_shared_names(run, list(attributes))
    timelines = {macro: read_timeline(run.lake, macro) for macro in run.profile.macro_segments}
    labelled = {macro: _read_labelling(run, macro) for macro in timelines}
    models = {}
    for macro, entries in timelines.items():
        models[macro] = _find_model(run, macro, labelled[macro], entries)
        _register_tables(engine, run, macro)
    return PublishInputs(
        run=run,
        engine=engine,
        attributes=attributes,
        models=models,
        timelines=timelines,
        labelled=labelled,
        look_ahead=any(summary.look_ahead for summary in labelled.values()),
        unknown_rows=measured.unknown_rows if measured else 0,
        rows=count_rows(run),
        drift=[{"macro_segment": macro} | row for macro, summary in labelled.items() for row in summary.drift],
        past=read_past_runs(run),
    )


def _register_tables(engine: Engine, run: Run, macro: str) -> None:
    kpis, labels = MeasureArtifacts(run), SegmentArtifacts(run)
    tables = {f"measure_{macro}": kpis.locate_kpis(macro), f"label_{macro}": labels.locate_labels(macro)}
    if run.profile.cohort_months:
        tables[f"cohort_measure_{macro}"] = kpis.locate_cohort_kpis(macro)
        tables[f"cohort_label_{macro}"] = labels.locate_cohort_labels(macro)
    for name, artifact in tables.items():
        engine.register_table(name, artifact.read_table())
    engine.execute(
        f"CREATE TEMP VIEW member_{macro} AS SELECT customer_id, segment_key FROM label_{macro} "
        f"UNION ALL SELECT customer_id, micro_key FROM label_{macro} WHERE micro_key IS NOT NULL"
    )


def _read_labelling(run: Run, macro: str) -> LabelSummary:
    """Read what the segment stage recorded."""
    labelled = LabelSummary.read_from(run, macro)
    if labelled is None:
        raise DataError(f"macro segment '{macro}' of {run.run_id} has not been labelled; run the segment stage first")
    if labelled.follows is None or labelled.on_grid is None:
        raise DataError(
            f"macro segment '{macro}' of {run.run_id} was labelled by an earlier version; run the segment stage again"
        )
    return labelled


def _find_model(run: Run, macro: str, labelled: LabelSummary, entries: list[TimelineEntry]) -> Model:
    """Find the model that made the labels, even if another one is in force by now."""
    model_id, look_ahead = labelled.model_id, labelled.look_ahead
    for model in (entry.model for entry in entries if entry.status == "accepted"):
        if model.model_id == model_id and (look_ahead or model.effective_from <= run.as_of):
            return model
    raise DataError(
        f"macro segment '{macro}' of {run.run_id} was labelled with model {model_id}, which is not an accepted one "
        "in force at its as_of; run the segment stage again"
    )


def _refuse_shared_names(run: Run, attributes: list[str]) -> None:
    """Refuse attributes named like other columns; the profile may have changed since the population was measured."""
    reserved = run.profile.reserved_columns | dict.fromkeys(run.profile.kpis, "a KPI")
    for name in attributes:
        if name in reserved:
            raise ProfileError(
                f"{run.profile.path}: '{name}' is both an attribute of population.sql and {reserved[name]}; "
                "the columns of customer_analytics_record need different names"
            )
