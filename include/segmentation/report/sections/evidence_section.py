"""Why a stratum has as many segments as it has, and whether they stand apart."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from include.segmentation.report import formatting
from include.segmentation.report.charts import line_charts
from include.segmentation.report.queries.answers import Answers
from include.segmentation.report.queries.model_queries import FitMetric, PublishedCut

SHOWN_STABILITY = 0.75
"""The least Jaccard that a cluster may come back with: a line in the chart."""
_TOP = "top_30_by_"

Metrics = dict[str, FitMetric]


@dataclass(frozen=True)
class StratumTrials:
    """What was tried in one stratum, and the verdict.

    Attributes:
        is_micro: whether a segment was to be cut once more, not a stratum.
        sentences: whether the clusters stand apart, and what sorting by one KPI would have told.
        chart: how the measures change with k, as SVG; empty where there is nothing to draw.
        rows: of the published algorithm, by k: k, least Jaccard, fidelity of the tree, smallest and largest share,
            silhouette.
        chosen: the index of the row that was taken; None where the stratum stayed whole.
        ks: the numbers of clusters that any algorithm found.
        others: per other algorithm its name, and for each of ``ks`` its silhouette and largest share, or nothing.
    """

    stratum: str
    is_micro: bool
    verdict: str
    sentences: list[str]
    chart: str
    rows: list[list[str]]
    chosen: int | None
    ks: list[int]
    others: list[tuple[str, list[tuple[str, str] | None]]]


def make_trials(macro_segment: str, answers: Answers) -> list[StratumTrials]:
    """The evidence stratum by stratum, each with its segments, without those that no one wanted to cut."""
    found = [_trials(cut, answers) for cut in answers.cuts if cut.macro_segment == macro_segment]
    return [one for one in found if one is not None]


def _trials(cut: PublishedCut, answers: Answers) -> StratumTrials | None:
    tried: dict[tuple[str, int], Metrics] = {}
    for quality in answers.evidence:
        if (quality.macro_segment, quality.stratum) == (cut.macro_segment, cut.stratum):
            tried.setdefault((quality.algorithm, quality.k), {})[quality.metric] = quality
    if not (tried or len(cut.keys) > 1 or cut.note):
        return None
    published = {k: metrics for (_, k), metrics in tried.items() if "chosen" in metrics}
    walk = {k: metrics for k, metrics in sorted(published.items()) if k > 1}
    others = {key: metrics for key, metrics in tried.items() if key[1] > 1 and "chosen" not in metrics}
    ks = sorted({k for _, k in others})
    parts = len(cut.keys)
    verdict = f"Cut into {parts} {'micro ' if cut.parent_key else ''}segments." if parts > 1 else "Left whole."
    return StratumTrials(
        stratum=cut.label,
        is_micro=cut.parent_key is not None,
        verdict=f"{verdict} {cut.note[:1].upper()}{cut.note[1:]}." if cut.note else verdict,
        sentences=[*_separation(published, parts), *_sorting(published, parts, answers)],
        chart=_chart(cut, published),
        rows=[_row(k, metrics) for k, metrics in walk.items()],
        chosen=next((i for i, metrics in enumerate(walk.values()) if _value(metrics, "chosen")), None),
        ks=ks,
        others=[
            (algorithm.replace("_", " "), [_other(others.get((algorithm, k), {})) for k in ks])
            for algorithm in sorted({algorithm for algorithm, _ in others})
        ],
    )


def _separation(published: Mapping[int, Metrics], segments: int) -> Iterator[str]:
    """The verdict against one Gaussian, said plainly."""
    for k, metrics in published.items():
        separated, p, apart = (_value(metrics, name) for name in ("separated", "gaussian_p", "clusters_apart"))
        if separated is None or p is None or apart is None:
            continue
        begin = "" if segments == k else f"Cut into {k}: "
        if separated:
            yield f"{begin}Separated: all {k} clusters stand apart, and one Gaussian is not cut so well (p = {p:.2f})."
        elif p > 0.05:
            yield (
                f"{begin}A continuum, cut: one Gaussian of the same covariance is cut as well (p = {p:.2f}). "
                "Customers on two sides of a border are much alike."
            )
        else:
            yield (
                f"{begin}A continuum, cut: {k - apart:.0f} of {k} clusters run into a neighbour without a gap. "
                "Customers on two sides of a border are much alike."
            )


def _sorting(published: Mapping[int, Metrics], segments: int, answers: Answers) -> Iterator[str]:
    """What the customers at the top of one KPI hold, and as many from the best clusters."""
    for metric in published.get(1, {}):
        alone = _value(published[1], metric)
        if not metric.startswith(_TOP) or alone is None:
            continue
        label = answers.now.kpis.get(metric.removeprefix(_TOP), {"label": metric.removeprefix(_TOP)})["label"]
        of_clusters = _value(published.get(segments, {}), metric) if segments > 1 else None
        beside = "" if of_clusters is None else f"; as many from the highest segments hold {of_clusters:.1%}"
        yield f"Sorted by {label}, the top 30% of the customers hold {alone:.1%} of it{beside}."


def _chart(cut: PublishedCut, published: Mapping[int, Metrics]) -> str:
    drawn = {k: metrics for k, metrics in sorted(published.items()) if "inertia" in metrics}
    if len(drawn) < 2:
        return ""
    chosen = len(cut.keys)
    knee = next((k for k, metrics in drawn.items() if _value(metrics, "knee")), None)
    curves = [
        line_charts.EvidenceCurve("Least Jaccard", _points(drawn, "jaccard_min"), chosen, line=SHOWN_STABILITY),
        line_charts.EvidenceCurve(
            f"Inertia left{f', knee at {knee}' if knee else ''}", _shares(_points(drawn, "inertia")), chosen
        ),
        line_charts.EvidenceCurve("Silhouette", _points(drawn, "silhouette"), chosen),
    ]
    metrics = drawn.get(chosen, {})
    silhouettes = {
        f"{cluster:02d}": value
        for cluster in range(1, chosen + 1)
        if (value := _value(metrics, f"silhouette_cluster_{cluster}")) is not None
    }
    return line_charts.draw_evidence_curves(
        [curve for curve in curves if curve.points],
        silhouettes,
        f"{cut.label}: least Jaccard, inertia and silhouette by number of segments",
    )


def _points(drawn: Mapping[int, Metrics], metric: str) -> list[tuple[int, float, float]]:
    """k, value and standard error of every k that has the metric."""
    found = [(k, metrics[metric]) for k, metrics in drawn.items() if metric in metrics]
    return [(k, quality.value, quality.standard_error or 0.0) for k, quality in found if quality.value is not None]


def _shares(points: list[tuple[int, float, float]]) -> list[tuple[int, float, float]]:
    whole = points[0][1] or 1.0
    return [(k, value / whole, 0.0) for k, value, _ in points]


def _row(k: int, metrics: Metrics) -> list[str]:
    return [
        str(k),
        _shown(metrics, "jaccard_min", ".2f"),
        _shown(metrics, "fidelity", ".0%"),
        _shown(metrics, "smallest_share", ".1%"),
        _shown(metrics, "largest_share", ".1%"),
        _shown(metrics, "silhouette", ".3f"),
    ]


def _other(metrics: Metrics) -> tuple[str, str] | None:
    if not metrics:
        return None
    return _shown(metrics, "silhouette", ".3f"), f"largest {_shown(metrics, 'largest_share', '.1%')}"


def _shown(metrics: Metrics, metric: str, form: str) -> str:
    number = _value(metrics, metric)
    return formatting.DASH if number is None else format(number, form)


def _value(metrics: Metrics, metric: str) -> float | None:
    return metrics[metric].value if metric in metrics else None
