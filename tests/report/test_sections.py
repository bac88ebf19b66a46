"""A section is one module and one registry line."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from markupsafe import Markup
from page_reader import Page
from report_warehouse import WarehouseBuilder

from include.segmentation.report import sections
from include.segmentation.report.charts.bar_chart import draw_bars
from include.segmentation.report.page.report_page import render_report
from include.segmentation.report.sections.macro_segment_view import MacroSegmentView
from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.section import Part, Sheet

DAY = "2025-03-01"


def make_movers_sheet(report: ReportContext) -> list[Sheet]:
    """A section as an engineer would add it: how many customers moved at each run, as a chart."""
    moved = {move.as_of: 0 for move in report.answers.moves}
    for move in report.answers.moves:
        moved[move.as_of] += move.customers if move.from_key != move.to_key else 0
    if not moved:
        return []
    days = [f"{as_of:%d %b}" for as_of in moved]
    chart = Markup(draw_bars(days, list(moved.values()), "Movers: customers per run"))
    return [Sheet("movers", "Movers & more", "How many moved.", parts=[Part("movers-chart", "By run", chart)])]


def make_largest_part(view: MacroSegmentView) -> Part:
    """A part of every macro segment."""
    return Part(f"{view.name}-largest", "Largest", Markup("<p>Largest: {}</p>").format(view.largest.customers))


@pytest.fixture
def register() -> Iterator[Callable[[list[Any], int, Any], None]]:
    """Insert a section into a registry for one test."""
    copies: list[tuple[list[Any], list[Any]]] = []

    def insert(registry: list[Any], place: int, maker: Any) -> None:
        copies.append((registry, list(registry)))
        registry.insert(place, maker)

    yield insert
    for registry, copy in reversed(copies):
        registry[:] = copy


def test_a_section_with_a_chart_is_one_registry_line(club: WarehouseBuilder, register: Callable[..., None]) -> None:
    place = sections.SECTIONS.index(sections.make_run_sheet)
    register(sections.SECTIONS, place, make_movers_sheet)
    text = render_report(club.run(DAY))
    page = Page(text)
    assert 'role="img" aria-label="Movers: customers per run"' in text
    assert (
        page.ids.index("customers") < page.ids.index("movers") < page.ids.index("movers-chart") < page.ids.index("run")
    )
    assert {"#movers", "#movers-chart"} <= set(page.links)
    assert "Movers & more How many moved. By run" in " ".join(page.text.split())
    assert page.text.count("Movers & more") == 2  # the navigation and the heading


def test_a_section_without_anything_to_show_leaves_no_trace(
    club: WarehouseBuilder, register: Callable[..., None]
) -> None:
    before = render_report(club.run("2025-02-01"))
    register(sections.SECTIONS, 0, make_movers_sheet)
    assert render_report(club.run("2025-02-01")) == before


def test_a_part_of_every_macro_segment_is_one_registry_line(
    club: WarehouseBuilder, register: Callable[..., None]
) -> None:
    place = sections.MACRO_SEGMENT_PARTS.index(sections.make_trend_part)
    register(sections.MACRO_SEGMENT_PARTS, place, make_largest_part)
    page = Page(render_report(club.run(DAY)))
    assert page.ids.index("loyalty-largest") + 1 == page.ids.index("loyalty-trend")
    assert "Largest: 600" in page.text


def test_the_page_has_every_section_in_the_order_of_the_registry(club: WarehouseBuilder) -> None:
    club.profile = club.profile.model_copy(update={"worth": ["visits"]})
    page = Page(render_report(club.run(DAY)))
    parts = [name.removeprefix("loyalty-") for name in page.ids if name.startswith("loyalty-")]
    assert parts == [
        *("title", "segments", "worth", "trend", "kpis", "moves", "cohorts"),
        *("evidence", "tree", "drift", "definitions"),
    ]
    sheets = [name.removesuffix("-title") for name in page.ids if name.endswith("-title")]
    assert sheets == ["loyalty", "customers", "run"]
    assert [link for link in page.links if link.removeprefix("#") in {"top", *sheets}][: 1 + len(sheets)] == [
        "#top",
        *(f"#{name}" for name in sheets),
    ]
