"""The run before of the same cadence, measured once more where rows of its time have come since it was measured."""

from datetime import datetime

from include.segmentation.artifacts import PopulationSummary, PublishSummary, find_previous_run
from include.segmentation.engine.engine import Engine
from include.segmentation.run import Run


def read_reach(run: Run, extracts: list[str]) -> dict[str, int]:
    """How far the accepted view of each extract reaches now: its last ``_seq``."""
    return {extract: run.lake.read_validated_seq(extract) for extract in extracts}


def find_overtaken_run(run: Run, connection: Engine, extracts: list[str]) -> Run | None:
    """The published run before, where rows of a time before its as_of have come since it was measured; or None.

    What it was measured from is in what it recorded when it was published; of a run that did not record it, this is
    not known, and it is measured again.
    """
    previous = find_previous_run(run)
    if previous is None:
        return None
    published = PublishSummary.read_from(previous)
    known = published.reach if published else {}
    late = (run.lake.has_late_rows(connection, extract, known.get(extract, 0), previous.as_of) for extract in extracts)
    return previous if any(late) else None


def find_remeasured_as_of(run: Run) -> datetime | None:
    """The earlier as_of that this run's population was measured at too, if there is one."""
    population = PopulationSummary.read_from(run)
    return datetime.fromisoformat(population.previous) if population and population.previous else None
