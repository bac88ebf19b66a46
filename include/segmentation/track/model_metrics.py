"""The numbers of a model as a tracking server takes them: name, value, step."""

from collections.abc import Iterator
from typing import NamedTuple

from include.segmentation.model.model import Model

CHOSEN = "chosen"


class Number(NamedTuple):
    """One point of a curve; what is no curve has step 0.

    Attributes:
        step: the k that an evidence is about.
    """

    name: str
    value: float
    step: int = 0


def numbers(model: Model) -> list[Number]:
    """What its strata and segments are like as they were cut, then everything that was tried, over k.

    ``<stratum>/<metric>`` is about the k taken, ``by_k/<stratum>/<algorithm>/<metric>`` about each k; the place of a
    segment that was to be cut once more, ``repeat.02``, stands for a stratum.
    """
    return [*_of_model(model), *_of_strata(model), *_over_k(model)]


def taken(model: Model) -> dict[str, tuple[str, int]]:
    """The algorithm and the k taken of every stratum or segment that was to be cut, by its place."""
    return {row.stratum: (row.algorithm, row.k) for row in model.evidence if row.metric == CHOSEN and row.value == 1}


def evidence_of(model: Model, place: str, algorithm: str, k: int) -> dict[str, float]:
    """What is known of one k, by metric."""
    about = [row for row in model.evidence if (row.stratum, row.algorithm, row.k) == (place, algorithm, k)]
    return {row.metric: row.value for row in about if row.value is not None}


def _of_model(model: Model) -> Iterator[Number]:
    yield Number("customers", model.customers)
    yield Number("segments", len(model.segments()))
    yield Number("micro_segments", len(model.micro_segments()))


def _of_strata(model: Model) -> Iterator[Number]:
    for stratum in model.strata:
        customers = sum(segment.customers_at_fit for segment in stratum.segments)
        yield Number(f"{stratum.name}/customers", customers)
        yield Number(f"{stratum.name}/share", customers / max(model.customers, 1))
        for place, division in stratum.divisions():
            yield Number(f"{place}/segments", len(division.segments))
    for place, (algorithm, k) in taken(model).items():
        for metric, value in evidence_of(model, place, algorithm, k).items():
            if metric != CHOSEN:
                yield Number(f"{place}/{metric}", value)


def _over_k(model: Model) -> Iterator[Number]:
    for row in model.evidence:
        if row.value is not None:
            yield Number(f"by_k/{row.stratum}/{row.algorithm}/{row.metric}", row.value, row.k)
