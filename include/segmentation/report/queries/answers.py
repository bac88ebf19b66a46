"""Everything the page shows, read from the warehouse in one snapshot."""

from dataclasses import dataclass

from include.segmentation.report.queries import grid_queries, model_queries, people_queries, run_queries
from include.segmentation.report.queries.customer_queries import SampledCustomer, sample_customers
from include.segmentation.report.queries.figure_queries import FigureNumber, read_figure_numbers
from include.segmentation.report.queries.grid_queries import GridAnswers, PartWorth, PublishedReason
from include.segmentation.report.queries.model_queries import FitMetric, PublishedCut, PublishedPicture, RunDrift
from include.segmentation.report.queries.people_queries import DemographicShare, PersonaSize, PublishedStep
from include.segmentation.report.queries.run_queries import (
    CohortSpread,
    KpiSpread,
    PublishedRun,
    PublishedSegment,
    SegmentMove,
    SegmentSize,
)
from include.segmentation.report.queries.signal_queries import PublishedSignal, read_signals
from include.segmentation.run import Run
from include.segmentation.warehouse.connection import connect_warehouse


@dataclass(frozen=True)
class Answers:
    """What the page is made from.

    Attributes:
        before: the previous run of the same cadence; None for a first run.
        segments: every segment by key, including those of earlier models.
        sizes: the segments' sizes at this run and earlier ones, by time.
        micro_sizes: the micro segments' sizes at this run.
        spreads: by (segment key, KPI).
        moves: at this run and earlier ones, the largest first.
        drifts: at this run and earlier ones, the newest first.
        customers: a sample of the run's customers.
    """

    now: PublishedRun
    before: PublishedRun | None
    segments: dict[str, PublishedSegment]
    sizes: list[SegmentSize]
    micro_sizes: list[SegmentSize]
    spreads: dict[tuple[str, str], KpiSpread]
    moves: list[SegmentMove]
    cohorts: list[CohortSpread]
    evidence: list[FitMetric]
    cuts: list[PublishedCut]
    drifts: list[RunDrift]
    pictures: list[PublishedPicture]
    worth: list[PartWorth]
    grids: GridAnswers
    reasons: list[PublishedReason]
    figures: list[FigureNumber]
    funnel: list[PublishedStep]
    demographics: list[DemographicShare]
    personas: list[PersonaSize]
    signals: list[PublishedSignal]
    customers: list[SampledCustomer]


def read_answers(run: Run) -> Answers:
    """Read everything about a run in one consistent snapshot.

    Raises:
        DataError: the run has not been published.
    """
    with connect_warehouse(run.profile) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return Answers(
            now=run_queries.read_published_run(connection, run),
            before=run_queries.read_run_before(connection, run),
            segments=run_queries.read_segments(connection, run),
            sizes=run_queries.read_sizes(connection, run),
            micro_sizes=run_queries.read_micro_sizes(connection, run),
            spreads=run_queries.read_spreads(connection, run),
            moves=run_queries.read_moves(connection, run),
            cohorts=run_queries.read_cohorts(connection, run),
            evidence=model_queries.read_evidence(connection, run),
            cuts=model_queries.read_cuts(connection, run),
            drifts=model_queries.read_drifts(connection, run),
            pictures=model_queries.read_pictures(connection, run),
            worth=grid_queries.read_segment_worth(connection, run),
            grids=grid_queries.read_grids(connection, run),
            reasons=grid_queries.read_reasons(connection, run),
            figures=read_figure_numbers(connection, run),
            funnel=people_queries.read_funnel(connection, run),
            demographics=people_queries.read_demographics(connection, run),
            personas=people_queries.read_personas(connection, run),
            signals=read_signals(connection, run),
            customers=sample_customers(connection, run),
        )
