"""The picture of a stratum: same bytes for the same fit, readable labels, outliers at the edge."""

import re
from dataclasses import replace

from include.segmentation.report.charts.scatter_chart import SegmentMark, draw_scatter
from include.segmentation.report.queries.model_queries import PublishedPicture

DRAWING = PublishedPicture(
    macro_segment="overall",
    stratum="Card holders",
    keys=["a", "b"],
    kpis=["purchases", "cash"],
    variance=[0.5, 0.25],
    loadings=[[0.9, -0.4], [0.4, 0.9]],
    silhouette=0.184,
    silhouette_in_plane=0.407,
    silhouettes=[[0.6, 0.3, -0.1], [0.5, 0.25]],
    points=[[x / 10, y / 10] for x in range(20) for y in range(10)],
    segments=[x // 10 for x in range(20) for _ in range(10)],
)
MARKS = {"a": SegmentMark("01 many & more", "#0b6375"), "b": SegmentMark("02 few", "#b5541c")}
LABELS = {"purchases": "Purchases", "cash": "Cash"}


def drawn(drawing: PublishedPicture) -> list[tuple[float, float]]:
    uses = re.findall(r'<use [^>]*x="([0-9.]+)" y="([0-9.]+)"', draw_scatter(drawing, MARKS, LABELS).svg)
    return [(float(x), float(y)) for x, y in uses]


def test_the_caption_explains_the_plane_and_what_it_hides() -> None:
    said = draw_scatter(DRAWING, MARKS, LABELS).caption
    for words in (
        "Card holders: a sample of 200 customers at the fit",
        "Component 1: more Purchases, less Cash; component 2: more Cash, more Purchases.",
        "The plane shows 75% of the variance in the KPIs; the other 25% is hidden.",
        "The silhouette of these segments is 0.407 in the plane, and 0.184 in all 2 KPIs.",
    ):
        assert words in said


def test_the_same_fit_gives_the_same_bytes_with_a_name_and_escaped_labels() -> None:
    svg = draw_scatter(DRAWING, MARKS, LABELS).svg
    assert svg == draw_scatter(DRAWING, MARKS, LABELS).svg
    assert 'role="img" aria-label="Card holders: customers in the plane' in svg
    assert "01 many &amp; more" in svg


def test_one_customer_far_out_does_not_squash_the_others() -> None:
    far = replace(DRAWING, points=[*DRAWING.points[:-1], [900.0, -900.0]])
    xs = [x for x, _ in drawn(far)]
    assert len(xs) >= len(DRAWING.points)
    middle = sorted(xs)[len(xs) // 10 : -len(xs) // 10]
    assert max(middle) - min(middle) > 0.4 * (max(xs) - min(xs))


def test_a_segment_without_anyone_in_the_sample_is_in_the_legend_only() -> None:
    alone = replace(DRAWING, segments=[0] * len(DRAWING.points), silhouette=None, silhouette_in_plane=None)
    alone = replace(alone, silhouettes=[])
    drawn_chart = draw_scatter(alone, MARKS, LABELS)
    assert "02 few" in drawn_chart.svg
    assert "silhouette" not in drawn_chart.caption


def test_silhouettes_are_bars_of_customers_beside_the_mean() -> None:
    drawn_chart = draw_scatter(DRAWING, MARKS, LABELS).silhouettes
    assert "silhouettes of a sample of customers, segment by segment" in drawn_chart
    assert "dashed: mean 0.184" in drawn_chart
    assert "01 many &amp; more" in drawn_chart
    assert "#b5541c" in drawn_chart
    assert drawn_chart == draw_scatter(DRAWING, MARKS, LABELS).silhouettes


def test_a_fit_that_kept_no_silhouettes_has_no_bars() -> None:
    assert draw_scatter(replace(DRAWING, silhouettes=[]), MARKS, LABELS).silhouettes == ""
