"""The previous run of the same cadence, measured again if rows of its time have arrived since."""

from datetime import datetime

from include.segmentation.artifacts import PopulationSummary, PublishSummary, find_previous_run
from include.segmentation.engine.engine import Engine
from include.segmentation.run import Run


def read_reach(run: Run, extracts: list[str]) -> dict[str, int]:
    """Return the last ``_seq`` that the accepted view of each extract shows now."""
    return {extract: run.lake.read_validated_seq(extract) for extract in extracts}


def find_overtaken_run(run: Run, connection: Engine, extracts: list[str]) -> Run | None:
    """Return the previous published run if rows of a time before its as_of have arrived since, or None.

    A published run records how far it has read each extract. A run without this record is measured again.
    """
    previous = find_previous_run(run)
    if previous is None:
        return None
    published = PublishSummary.read_from(previous)
    reach = published.reach if published else {}
    late = (run.lake.has_late_rows(connection, extract, reach.get(extract, 0), previous.as_of) for extract in extracts)
    return previous if any(late) else None


def find_remeasured_as_of(run: Run) -> datetime | None:
    """Return the earlier as_of at which this run's population was measured too, if there is one."""
    population = PopulationSummary.read_from(run)
    return datetime.fromisoformat(population.previous) if population and population.previous else None
