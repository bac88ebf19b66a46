"""The numbers of a model as a tracking server takes them: name, value, step."""

from collections.abc import Iterator
from typing import NamedTuple

from include.segmentation.model.model import Model

CHOSEN = "chosen"


class MetricPoint(NamedTuple):
    """One point of a curve; what is no curve has step 0.

    Attributes:
        step: the k that an evidence is about.
    """

    name: str
    value: float
    step: int = 0


def list_metrics(model: Model) -> list[MetricPoint]:
    """What its strata and segments are like as they were cut, then everything that was tried, over k.

    ``<stratum>/<metric>`` is about the k taken, ``by_k/<stratum>/<algorithm>/<metric>`` about each k; the place of a
    segment that was to be cut once more, ``repeat.02``, stands for a stratum.
    """
    return [*_of_model(model), *_of_strata(model), *_over_k(model)]


def map_chosen_k(model: Model) -> dict[str, tuple[str, int]]:
    """The algorithm and the k taken of every stratum or segment that was to be cut, by its place."""
    return {row.stratum: (row.algorithm, row.k) for row in model.evidence if row.metric == CHOSEN and row.value == 1}


def read_evidence_of(model: Model, place: str, algorithm: str, k: int) -> dict[str, float]:
    """What is known of one k, by metric."""
    about = [row for row in model.evidence if (row.stratum, row.algorithm, row.k) == (place, algorithm, k)]
    return {row.metric: row.value for row in about if row.value is not None}


def _of_model(model: Model) -> Iterator[MetricPoint]:
    yield MetricPoint("customers", model.customers)
    yield MetricPoint("segments", len(model.list_segments()))
    yield MetricPoint("micro_segments", len(model.list_micro_segments()))


def _of_strata(model: Model) -> Iterator[MetricPoint]:
    for stratum in model.strata:
        customers = sum(segment.customers_at_fit for segment in stratum.segments)
        yield MetricPoint(f"{stratum.name}/customers", customers)
        yield MetricPoint(f"{stratum.name}/share", customers / max(model.customers, 1))
        for place, division in stratum.list_divisions():
            yield MetricPoint(f"{place}/segments", len(division.segments))
    for place, (algorithm, k) in map_chosen_k(model).items():
        for metric, value in read_evidence_of(model, place, algorithm, k).items():
            if metric != CHOSEN:
                yield MetricPoint(f"{place}/{metric}", value)


def _over_k(model: Model) -> Iterator[MetricPoint]:
    for row in model.evidence:
        if row.value is not None:
            yield MetricPoint(f"by_k/{row.stratum}/{row.algorithm}/{row.metric}", row.value, row.k)
