"""Everything the warehouse says about a run, read at once."""

from dataclasses import dataclass

from include.segmentation.report.queries import grid_queries, model_queries, people_queries, run_queries
from include.segmentation.report.queries.customer_queries import Customer, customers
from include.segmentation.report.queries.figure_queries import Number, numbers
from include.segmentation.report.queries.grid_queries import Reason, Worth
from include.segmentation.report.queries.model_queries import Cut, Drawing, Drift, Quality
from include.segmentation.report.queries.people_queries import PersonaSize, Portion, Step
from include.segmentation.report.queries.run_queries import CohortSpread, Move, PublishedRun, Segment, Size, Spread
from include.segmentation.report.sections.grid_section import Grids
from include.segmentation.report.sections.signal_section import Found, read_signals
from include.segmentation.run import Run
from include.segmentation.warehouse.connection import connect


@dataclass(frozen=True)
class Answers:
    """What the page is made from.

    Attributes:
        before: the run before of the same cadence; None for a first run.
        segments: every segment by key, also those of earlier models.
        sizes: of the segments at this run and those before it, by time.
        micro_sizes: of the micro segments at this run.
        spreads: by (segment key, KPI).
        moves: up to this run and up to those before it, the largest first.
        drifts: of this run and those before it, the newest first.
        customers: some of the run, of every segment.
    """

    now: PublishedRun
    before: PublishedRun | None
    segments: dict[str, Segment]
    sizes: list[Size]
    micro_sizes: list[Size]
    spreads: dict[tuple[str, str], Spread]
    moves: list[Move]
    cohorts: list[CohortSpread]
    evidence: list[Quality]
    cuts: list[Cut]
    drifts: list[Drift]
    drawings: list[Drawing]
    worth: list[Worth]
    grids: Grids
    reasons: list[Reason]
    figures: list[Number]
    funnel: list[Step]
    demographics: list[Portion]
    personas: list[PersonaSize]
    signals: list[Found]
    customers: list[Customer]


def read_answers(run: Run) -> Answers:
    """Ask the warehouse everything about a run in one consistent snapshot.

    Raises:
        DataError: the run has not been published.
    """
    with connect(run.profile) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return Answers(
            now=run_queries.published_run(connection, run),
            before=run_queries.run_before(connection, run),
            segments=run_queries.segments(connection, run),
            sizes=run_queries.sizes(connection, run),
            micro_sizes=run_queries.micro_sizes(connection, run),
            spreads=run_queries.spreads(connection, run),
            moves=run_queries.moves(connection, run),
            cohorts=run_queries.cohorts(connection, run),
            evidence=model_queries.evidence(connection, run),
            cuts=model_queries.cuts(connection, run),
            drifts=model_queries.drifts(connection, run),
            drawings=model_queries.drawings(connection, run),
            worth=grid_queries.worth_of_segments(connection, run),
            grids=Grids(
                cells=grid_queries.cells(connection, run),
                classes=grid_queries.score_classes(connection, run),
                crossings=grid_queries.crossings(connection, run),
                worth=grid_queries.worth_of_cells(connection, run),
                metrics=grid_queries.metrics(connection, run),
            ),
            reasons=grid_queries.reasons(connection, run),
            figures=numbers(connection, run),
            funnel=people_queries.funnel(connection, run),
            demographics=people_queries.demographics(connection, run),
            personas=people_queries.personas(connection, run),
            signals=read_signals(connection, run),
            customers=customers(connection, run),
        )
