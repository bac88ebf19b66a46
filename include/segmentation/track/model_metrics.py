"""A model's numbers as MLflow metrics: name, value, step."""

from collections.abc import Iterator
from typing import NamedTuple

from include.segmentation.model.model import Model

CHOSEN = "chosen"


class MetricPoint(NamedTuple):
    """One point of a metric.

    Attributes:
        step: k for a metric that is a curve over k, otherwise 0.
    """

    name: str
    value: float
    step: int = 0


def list_metrics(model: Model) -> list[MetricPoint]:
    """List the metrics of the model, of its strata at the chosen k, and of every k that was tried.

    ``<stratum>/<metric>`` describes the chosen k, ``by_k/<stratum>/<algorithm>/<metric>`` each k. For micro segments
    the place of their segment (``repeat.02``) replaces the stratum.
    """
    return [*_list_model_metrics(model), *_list_stratum_metrics(model), *_list_curves(model)]


def map_chosen_k(model: Model) -> dict[str, tuple[str, int]]:
    """Map the place of every stratum or segment that was to be cut to the algorithm and the chosen k."""
    return {row.stratum: (row.algorithm, row.k) for row in model.evidence if row.metric == CHOSEN and row.value == 1}


def read_evidence_of(model: Model, place: str, algorithm: str, k: int) -> dict[str, float]:
    """Return the evidence on one k, by metric."""
    rows = [row for row in model.evidence if (row.stratum, row.algorithm, row.k) == (place, algorithm, k)]
    return {row.metric: row.value for row in rows if row.value is not None}


def _list_model_metrics(model: Model) -> Iterator[MetricPoint]:
    yield MetricPoint("customers", model.customers)
    yield MetricPoint("segments", len(model.list_segments()))
    yield MetricPoint("micro_segments", len(model.list_micro_segments()))


def _list_stratum_metrics(model: Model) -> Iterator[MetricPoint]:
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


def _list_curves(model: Model) -> Iterator[MetricPoint]:
    for row in model.evidence:
        if row.value is not None:
            yield MetricPoint(f"by_k/{row.stratum}/{row.algorithm}/{row.metric}", row.value, row.k)
