"""One macro segment as the page shows it: rows of text, ready for the template."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from include.segmentation.profile.gates import Drift
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.profile.people import EVERYONE, Demographic
from include.segmentation.report import formatting
from include.segmentation.report.charts import colours, dendrogram, line_charts
from include.segmentation.report.charts.dendrogram import Branch, Join
from include.segmentation.report.charts.scatter_chart import Mark, Scatter, scatter
from include.segmentation.report.queries.answers import Answers
from include.segmentation.report.queries.grid_queries import Worth
from include.segmentation.report.queries.model_queries import Cut
from include.segmentation.report.queries.run_queries import Move, Segment, Size
from include.segmentation.report.sections import (
    cohort_section,
    evidence_section,
    movement_section,
    people_section,
    worth_section,
)
from include.segmentation.report.sections.cohort_section import Cohort
from include.segmentation.report.sections.evidence_section import Trials
from include.segmentation.report.sections.grid_section import Grid, make_grid
from include.segmentation.report.sections.movement_section import NEW, Flow, Matrix
from include.segmentation.report.sections.people_section import Columns
from include.segmentation.report.sections.table_rows import Cell, Kpi, Row
from include.segmentation.report.sections.verdict_section import DriftRow, drift_rows


@dataclass(frozen=True)
class Section:
    """Everything about one macro segment."""

    name: str
    declared: MacroSegment
    answers: Answers
    zone: str
    drift_allowed: Drift
    worth_kpis: list[str]
    demographics: dict[str, Demographic]

    @property
    def label(self) -> str:
        """What people call the macro segment."""
        return self.declared.label

    @cached_property
    def kpis(self) -> list[Kpi]:
        """The KPIs as the run defined them, in the profile's order."""
        declared = self.declared.kpis
        said = {
            name: kpi
            for name, kpi in self.answers.now.kpis.items()
            if name in declared or kpi["macro_segment"] == self.name
        }
        return [
            Kpi(
                name=name,
                log=name in declared and declared[name].transform == "log1p",
                **{key: said[name][key] for key in ("label", "unit", "window", "definition", "resolution")},
                **{key: said[name][key] for key in ("rule_only", "undefined_when")},
            )
            for name in sorted(said, key=lambda name: (list(declared).index(name) if name in declared else 99, name))
        ]

    @property
    def shown_kpis(self) -> list[Kpi]:
        """The KPIs that describe a segment: all but those that only decide its stratum."""
        return [kpi for kpi in self.kpis if not kpi.rule_only]

    @cached_property
    def sizes(self) -> list[Size]:
        """The segments of the run's model with their sizes, in the order of the strata."""
        found = [
            size
            for size in self.answers.sizes
            if size.macro_segment == self.name and size.as_of == self.answers.now.as_of
        ]
        return sorted(found, key=lambda size: self._order(size.segment_key))

    def _order(self, key: str) -> tuple[int, str, str]:
        segment = self.answers.segments[key]
        strata = [stratum.name for stratum in self.declared.strata]
        return strata.index(segment.stratum) if segment.stratum in strata else len(strata), segment.path, key

    @cached_property
    def colours(self) -> dict[str, str]:
        """A line colour for each segment of the run."""
        return {size.segment_key: colours.LINES[i % len(colours.LINES)] for i, size in enumerate(self.sizes)}

    @property
    def largest(self) -> Size:
        """The segment with most customers."""
        return max(self.sizes, key=lambda size: size.customers)

    @cached_property
    def moves(self) -> list[Move]:
        """Who went where since the run before, the largest group first."""
        here = (self.answers.now.as_of, self.name)
        return [move for move in self.answers.moves if (move.as_of, move.macro_segment) == here]

    @property
    def movers(self) -> list[Move]:
        """Those who were there before, are there still, and changed their segment."""
        return movement_section.movers(self.moves)

    def segment(self, key: str) -> Segment:
        """The wording of a segment."""
        return self.answers.segments[key]

    @property
    def lead(self) -> str:
        """How many segments, how many customers changed theirs, and the model."""
        now, before = self.answers.now, self.answers.before
        said = f"{len(self.sizes)} segments of {formatting.count(now.customers)} customers"
        if before is not None:
            moved = sum(move.customers for move in self.movers)
            said += f"; {formatting.count(moved)} changed theirs since {formatting.day(before.as_of, self.zone)}"
        model = "a new model" if self.refitted else "model"
        return f"{said}. Labelled by {model} {now.models[self.name]}."

    @property
    def disagreements(self) -> list[str]:
        """What names or aliases claim that does not hold for the customers of the run."""
        return [
            str(gate["found"])
            for gate in self.answers.now.gates
            if (gate["name"], gate["macro_segment"]) == ("names_agree", self.name) and gate["verdict"] != "pass"
        ]

    @property
    def refitted(self) -> bool:
        """Whether the run before used another model."""
        before = self.answers.before
        return before is not None and before.models.get(self.name) != self.answers.now.models[self.name]

    @cached_property
    def table(self) -> list[Row]:
        """Per segment its change since the run before and each KPI's p25 to p75 with its band."""
        return [
            self._row(size, [self._change(size), *(self._spread(size, kpi) for kpi in self.shown_kpis)])
            for size in self.sizes
        ]

    @cached_property
    def micro(self) -> list[Row]:
        """Per micro segment the same, but for its change."""
        sizes = [size for size in self.answers.micro_sizes if size.macro_segment == self.name]
        return [
            Row(self.segment(size.segment_key), size, "", [self._spread(size, kpi) for kpi in self.shown_kpis])
            for size in sorted(sizes, key=lambda size: self._order(size.segment_key))
        ]

    @cached_property
    def heatmap(self) -> list[Row]:
        """Per segment the median of each KPI, coloured from the smallest to the largest median of the KPI."""
        return [self._row(size, [self._heat(size, kpi) for kpi in self.shown_kpis]) for size in self.sizes]

    def _row(self, size: Size, cells: list[Cell]) -> Row:
        return Row(self.segment(size.segment_key), size, self.colours[size.segment_key], cells)

    def _change(self, size: Size) -> Cell:
        before = self.answers.before
        if before is None:
            return Cell(formatting.DASH, "first run")
        earlier = [s for s in self.answers.sizes if s.as_of == before.as_of and s.segment_key == size.segment_key]
        if not earlier:
            return Cell(formatting.DASH, "new segment")
        moved = f"{formatting.change(size.entered or 0)} in\n{formatting.change(-(size.left or 0))} out"
        return Cell(formatting.change(size.customers - earlier[0].customers), moved)

    def _spread(self, size: Size, kpi: Kpi) -> Cell:
        if size.suppressed:
            return Cell(formatting.DASH, formatting.SUPPRESSED if size.customers else "empty")
        spread = self.answers.spreads.get((size.segment_key, kpi.name))
        if spread is None or spread.p50 is None:
            return Cell(formatting.DASH, formatting.UNDEFINED)
        return Cell(formatting.span(spread.p25, spread.p75, kpi.resolution), spread.band or "")

    def _heat(self, size: Size, kpi: Kpi) -> Cell:
        median = self.median(size, kpi)
        if median is None:
            return self._spread(size, kpi)
        known = [m for other in self.sizes if (m := self.median(other, kpi)) is not None]
        low, high, here = (kpi.scaled(m) for m in (min(known), max(known), median))
        position = (here - low) / (high - low) if high > low else 0.0
        return Cell(formatting.value(median, kpi.resolution), style=colours.cell(position))

    def median(self, size: Size, kpi: Kpi) -> float | None:
        """The median of a KPI in a segment; None where it is undefined or suppressed."""
        spread = self.answers.spreads.get((size.segment_key, kpi.name))
        return None if size.suppressed or spread is None else spread.p50

    @property
    def own_parts(self) -> list[tuple[str, str]]:
        """The parts of the page that not every macro segment has: id and title."""
        worth_part = [("worth", "What they are worth")] if self.worth_kpis else []
        return worth_part + ([("grid", f"{self.grid.label}: the grid")] if self.grid else [])

    @cached_property
    def worth_rows(self) -> list[Row]:
        """Per segment what its customers are worth; empty where the profile does not say by which KPIs."""
        return [self._row(size, self.worth_cells(size.segment_key)) for size in self.sizes if self.worth_kpis]

    def worth_cells(self, key: str) -> list[Cell]:
        """What the customers of a segment are worth: total, share and per head of each KPI that says it."""
        return worth_section.cells(self._worth, key, self.worth_kpis, self.answers.now.kpis)

    @property
    def worth_lead(self) -> str:
        """The segment that is worth most."""
        names = {size.segment_key: f"“{self.segment(size.segment_key).name}”" for size in self.sizes}
        return worth_section.lead(self._worth, names, self.worth_kpis, self.answers.now.kpis)

    @property
    def _worth(self) -> list[Worth]:
        return [found for found in self.answers.worth if found.macro_segment == self.name]

    @cached_property
    def grid(self) -> Grid | None:
        """Customers by two scores; None where the model has no grid."""
        segments = [self.segment(size.segment_key) for size in self.sizes]
        label = self.declared.grid.label if self.declared.grid else "Grid"
        return make_grid(label, self.name, self.answers.grids, segments, self.worth_kpis, self.answers.now.kpis)

    @cached_property
    def trend(self) -> str:
        """The shares over the runs as SVG; empty for a first run."""
        if self.answers.before is None:
            return ""
        points: dict[str, list[tuple[datetime, float]]] = {size.segment_key: [] for size in self.sizes}
        for size in self.answers.sizes:
            if size.segment_key in points:
                points[size.segment_key].append((size.as_of, size.share))
        lines = [
            line_charts.Line(self._chart_label(size), self.colours[key], i >= len(colours.LINES), points[key])
            for i, size in enumerate(self.sizes)
            for key in [size.segment_key]
        ]
        shares = ", ".join(f"{self.segment(s.segment_key).name} {formatting.share(s.share)}" for s in self.sizes)
        return line_charts.trend(
            lines, self.zone, f"{self.label}: share of customers per segment over the runs. Now: {shares}"
        )

    @property
    def gone(self) -> int:
        """How many segments of the runs before are not in the run's model any more."""
        ever = {size.segment_key for size in self.answers.sizes if size.macro_segment == self.name and size.customers}
        return len(ever - {size.segment_key for size in self.sizes})

    def _chart_label(self, size: Size) -> str:
        segment = self.segment(size.segment_key)
        # The path already names the stratum; what tells its segments apart comes after it.
        return line_charts.label(
            segment.short_path, segment.name.removeprefix(f"{segment.stratum_label}, "), size.share
        )

    @cached_property
    def tree(self) -> str:
        """Everyone, strata, segments and micro segments as a dendrogram in SVG."""
        cuts = [cut for cut in self.answers.cuts if cut.macro_segment == self.name]
        inside = {cut.parent_key: cut for cut in cuts if cut.parent_key}
        strata = [self._stratum(cut, inside) for cut in cuts if not cut.parent_key]
        title = f"{self.label}: from all customers to the strata, their segments and micro segments, with their shares"
        return dendrogram.draw(Branch("All customers", 1.0, strata), title)

    def _stratum(self, cut: Cut, inside: Mapping[str, Cut]) -> Branch:
        parts = [self._branch(key, f"{cut.label}, ", inside.get(key)) for key in cut.keys]
        if len(parts) == 1:
            return parts[0]
        return Branch(cut.label, sum(part.share for part in parts), parts, _joins(cut))

    def _branch(self, key: str, known: str, inside: Cut | None = None) -> Branch:
        """A segment or micro segment, without the words that what it is a part of has said already."""
        parts = [self._branch(part, f"{inside.label}: ") for part in inside.keys] if inside else []
        label, joins = self.segment(key).name.removeprefix(known), _joins(inside) if inside else []
        return Branch(label, self._shares.get(key, 0.0), parts, joins)

    @cached_property
    def _shares(self) -> dict[str, float]:
        """The share of every segment and micro segment, by key."""
        return {size.segment_key: size.share for size in [*self.sizes, *(row.size for row in self.micro)]}

    @property
    def movement(self) -> str:
        """How many moved since the run before, and why."""
        return movement_section.sentence(self.moves)

    @cached_property
    def flows(self) -> list[Flow]:
        """The largest moves with their reasons."""
        return movement_section.flows(self.movers, self.answers.segments)

    @cached_property
    def migration(self) -> Matrix | None:
        """Rows from, columns to; None for a first run."""
        sources = sorted({move.from_key for move in self.moves} - {NEW}, key=self._order)
        targets = [size.segment_key for size in self.sizes]
        return movement_section.matrix(self.moves, sources, targets, self.answers.segments) if self.moves else None

    @property
    def steps(self) -> list[str]:
        """The steps of the funnel."""
        return [step.label for step in self.answers.funnel if step.segment_key == EVERYONE]

    @cached_property
    def funnel(self) -> list[Row]:
        """Per segment how many of its customers have come to each step."""
        return [
            self._row(size, people_section.funnel_cells(self.answers.funnel, size.segment_key)) for size in self.sizes
        ]

    @cached_property
    def attributes(self) -> list[Columns]:
        """Per segment who its customers are, a table for each attribute."""
        keys = [size.segment_key for size in self.sizes]
        return people_section.columns(self.answers.demographics, self.name, keys, self.demographics)

    @cached_property
    def scatters(self) -> list[Scatter]:
        """The strata that were cut, as pictures."""
        labels = {name: kpi["label"] for name, kpi in self.answers.now.kpis.items()}
        marks = {size.segment_key: Mark(self._chart_label(size), self.colours[size.segment_key]) for size in self.sizes}
        return [
            scatter(drawing, marks, labels) for drawing in self.answers.drawings if drawing.macro_segment == self.name
        ]

    @cached_property
    def trials(self) -> list[Trials]:
        """The evidence for the number of segments, stratum by stratum."""
        return evidence_section.trials(self.name, self.answers)

    @cached_property
    def drift(self) -> list[DriftRow]:
        """How far customers were from those of the fit, run by run, the newest first."""
        kpis = {kpi.name: kpi for kpi in self.kpis}
        return drift_rows(self.name, self.answers.drifts, kpis, self.drift_allowed, self.zone)

    @property
    def drift_said(self) -> str:
        """Whether the customers of the run are still like those of the fit."""
        newest = self.drift[0]
        over = [measure.name for measure in newest.measures if measure.is_over]
        return f"Over what the profile allows: {', '.join(over)}." if over else "Within what the profile allows."

    @cached_property
    def cohorts(self) -> list[Cohort]:
        """Thresholds and insights by month, the newest cohort first."""
        rows = [row for row in self.answers.cohorts if row.macro_segment == self.name]
        keys = sorted({row.segment_key for row in rows}, key=self._order)
        return cohort_section.by_month(rows, keys, self.answers.segments, self.shown_kpis)


def _joins(cut: Cut) -> list[Join]:
    return [Join(**join) for join in cut.joins]
