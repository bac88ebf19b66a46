"""Why a stratum has as many segments as it has, and whether they are separated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from include.segmentation.report import formatting
from include.segmentation.report.charts import line_charts
from include.segmentation.report.charts.scatter_chart import ScatterChart, SegmentMark, draw_scatter
from include.segmentation.report.queries.answers import Answers
from include.segmentation.report.queries.model_queries import FitMetric, PublishedCut
from include.segmentation.report.sections.macro_segment_view import MacroSegmentView
from include.segmentation.report.sections.section import Part
from include.segmentation.report.sections.section_template import render_template

STABLE_JACCARD = 0.75
"""Clusters below this Jaccard index are not stable; a line in the chart."""
_TOP = "top_30_by_"
_SIGNIFICANCE = 0.05

Metrics = dict[str, FitMetric]


@dataclass(frozen=True)
class StratumTrials:
    """The cuts that the fit tried in one stratum, and the one it chose.

    Attributes:
        is_micro: whether it cuts a segment into micro segments, not a stratum into segments.
        sentences: whether the clusters are separated, and how sorting by one KPI compares.
        chart: the metrics by k as SVG; empty where there are too few.
        rows: per k of the published algorithm: k, lowest Jaccard, fidelity of the tree, smallest and largest share,
            silhouette.
        chosen: the index of the chosen row; None where the stratum stayed whole.
        ks: the numbers of clusters that the other algorithms reached.
        others: per other algorithm its name, and for each of ``ks`` its silhouette and largest share, or None.
        scatters: pictures of the stratum.
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
    scatters: list[ScatterChart]


def make_evidence_part(view: MacroSegmentView) -> Part:
    """Show the evidence for the number of segments, stratum by stratum."""
    cuts = [cut for cut in view.answers.cuts if cut.macro_segment == view.name]
    trials = [stratum for cut in cuts if (stratum := _make_trials(cut, view))]
    strata = [stratum for stratum in trials if not stratum.is_micro]
    micro = [stratum for stratum in trials if stratum.is_micro]
    body = render_template(__file__, label=view.label, strata=strata, micro=micro)
    return Part(f"{view.name}-evidence", "Why these segments", body)


def _draw_scatters(view: MacroSegmentView, stratum: str) -> list[ScatterChart]:
    labels = {name: kpi["label"] for name, kpi in view.answers.now.kpis.items()}
    marks = {
        size.segment_key: SegmentMark(view.write_chart_label(size), view.colours[size.segment_key])
        for size in view.sizes
    }
    return [
        draw_scatter(picture, marks, labels)
        for picture in view.answers.pictures
        if (picture.macro_segment, picture.stratum) == (view.name, stratum)
    ]


def _make_trials(cut: PublishedCut, view: MacroSegmentView) -> StratumTrials | None:
    answers = view.answers
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
    segments = len(cut.keys)
    verdict = f"Cut into {segments} {'micro ' if cut.parent_key else ''}segments." if segments > 1 else "Kept whole."
    return StratumTrials(
        stratum=cut.label,
        is_micro=cut.parent_key is not None,
        verdict=f"{verdict} {cut.note[:1].upper()}{cut.note[1:]}." if cut.note else verdict,
        sentences=[*_describe_separation(published, segments), *_describe_sorting(published, segments, answers)],
        chart=_draw_chart(cut, published),
        rows=[_make_row(k, metrics) for k, metrics in walk.items()],
        chosen=next((i for i, metrics in enumerate(walk.values()) if _find_value(metrics, "chosen")), None),
        ks=ks,
        others=[
            (algorithm.replace("_", " "), [_format_other(others.get((algorithm, k), {})) for k in ks])
            for algorithm in sorted({algorithm for algorithm, _ in others})
        ],
        scatters=[] if cut.parent_key else _draw_scatters(view, cut.label),
    )


def _describe_separation(published: Mapping[int, Metrics], segments: int) -> Iterator[str]:
    """Describe the test against a single Gaussian."""
    for k, metrics in published.items():
        separated, p, apart = (_find_value(metrics, name) for name in ("separated", "gaussian_p", "clusters_apart"))
        if separated is None or p is None or apart is None:
            continue
        prefix = "" if segments == k else f"Cut into {k}: "
        if separated:
            yield (
                f"{prefix}Separated: all {k} clusters have a gap to their neighbours, and a single Gaussian does not "
                f"split as well (p = {p:.2f})."
            )
            continue
        if p > _SIGNIFICANCE:
            reason = f"a single Gaussian with the same covariance splits just as well (p = {p:.2f})"
        else:
            joined = round(k - apart)
            reason = f"{joined} of {k} clusters {'has' if joined == 1 else 'have'} no gap to a neighbour"
        yield f"{prefix}Not separated: {reason}. Customers on the two sides of a border are much alike."


def _describe_sorting(published: Mapping[int, Metrics], segments: int, answers: Answers) -> Iterator[str]:
    """Compare the top customers by one KPI with as many customers from the best clusters."""
    for metric in published.get(1, {}):
        alone = _find_value(published[1], metric)
        if not metric.startswith(_TOP) or alone is None:
            continue
        label = answers.now.kpis.get(metric.removeprefix(_TOP), {"label": metric.removeprefix(_TOP)})["label"]
        of_clusters = _find_value(published.get(segments, {}), metric) if segments > 1 else None
        comparison = (
            "" if of_clusters is None else f"; as many from the segments with the highest means hold {of_clusters:.1%}"
        )
        yield f"The top 30% of customers by {label} hold {alone:.1%} of the total{comparison}."


def _draw_chart(cut: PublishedCut, published: Mapping[int, Metrics]) -> str:
    measured = {k: metrics for k, metrics in sorted(published.items()) if "inertia" in metrics}
    if len(measured) < 2:
        return ""
    chosen = len(cut.keys)
    knee = next((k for k, metrics in measured.items() if _find_value(metrics, "knee")), None)
    curves = [
        line_charts.EvidenceCurve("Lowest Jaccard", _list_points(measured, "jaccard_min"), chosen, STABLE_JACCARD),
        line_charts.EvidenceCurve(
            f"Inertia{f', knee at {knee}' if knee else ''}", _relate_to_first(_list_points(measured, "inertia")), chosen
        ),
        line_charts.EvidenceCurve("Silhouette", _list_points(measured, "silhouette"), chosen),
    ]
    metrics = measured.get(chosen, {})
    silhouettes = {
        f"{cluster:02d}": value
        for cluster in range(1, chosen + 1)
        if (value := _find_value(metrics, f"silhouette_cluster_{cluster}")) is not None
    }
    return line_charts.draw_evidence_curves(
        [curve for curve in curves if curve.points],
        silhouettes,
        f"{cut.label}: lowest Jaccard, inertia and silhouette by number of segments",
    )


def _list_points(measured: Mapping[int, Metrics], metric: str) -> list[tuple[int, float, float]]:
    """List k, value and standard error of every k that has the metric."""
    points = [(k, metrics[metric]) for k, metrics in measured.items() if metric in metrics]
    return [(k, quality.value, quality.standard_error or 0.0) for k, quality in points if quality.value is not None]


def _relate_to_first(points: list[tuple[int, float, float]]) -> list[tuple[int, float, float]]:
    whole = points[0][1] or 1.0
    return [(k, value / whole, 0.0) for k, value, _ in points]


def _make_row(k: int, metrics: Metrics) -> list[str]:
    return [
        str(k),
        _format_metric(metrics, "jaccard_min", ".2f"),
        _format_metric(metrics, "fidelity", ".0%"),
        _format_metric(metrics, "smallest_share", ".1%"),
        _format_metric(metrics, "largest_share", ".1%"),
        _format_metric(metrics, "silhouette", ".3f"),
    ]


def _format_other(metrics: Metrics) -> tuple[str, str] | None:
    if not metrics:
        return None
    return _format_metric(metrics, "silhouette", ".3f"), f"largest {_format_metric(metrics, 'largest_share', '.1%')}"


def _format_metric(metrics: Metrics, metric: str, form: str) -> str:
    number = _find_value(metrics, metric)
    return formatting.DASH if number is None else format(number, form)


def _find_value(metrics: Metrics, metric: str) -> float | None:
    return metrics[metric].value if metric in metrics else None
