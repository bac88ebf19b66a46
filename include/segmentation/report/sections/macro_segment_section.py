"""One macro segment as the page shows it: rows of text, ready for the template."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from include.segmentation.profile.demographics import EVERYONE, Demographic
from include.segmentation.profile.gates import DriftGate
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.report import formatting
from include.segmentation.report.charts import colours, dendrogram, line_charts
from include.segmentation.report.charts.dendrogram import DendrogramBranch, DendrogramJoin
from include.segmentation.report.charts.scatter_chart import ScatterChart, SegmentMark, draw_scatter
from include.segmentation.report.queries.answers import Answers
from include.segmentation.report.queries.grid_queries import PartWorth
from include.segmentation.report.queries.model_queries import PublishedCut
from include.segmentation.report.queries.run_queries import PublishedSegment, SegmentMove, SegmentSize
from include.segmentation.report.sections import (
    cohort_section,
    evidence_section,
    movement_section,
    people_section,
    worth_section,
)
from include.segmentation.report.sections.cohort_section import CohortTable
from include.segmentation.report.sections.evidence_section import StratumTrials
from include.segmentation.report.sections.grid_section import GridView, make_grid
from include.segmentation.report.sections.movement_section import NEW, MigrationMatrix, SegmentFlow
from include.segmentation.report.sections.people_section import DemographicColumns
from include.segmentation.report.sections.table_rows import ReportedKpi, SegmentRow, TableCell
from include.segmentation.report.sections.verdict_section import DriftRow, make_drift_rows


@dataclass(frozen=True)
class MacroSegmentSection:
    """Everything about one macro segment."""

    name: str
    declared: MacroSegment
    answers: Answers
    zone: str
    drift_allowed: DriftGate
    worth_kpis: list[str]
    demographics: dict[str, Demographic]

    @property
    def label(self) -> str:
        """What people call the macro segment."""
        return self.declared.label

    @cached_property
    def kpis(self) -> list[ReportedKpi]:
        """The KPIs as the run defined them, in the profile's order."""
        declared = self.declared.kpis
        said = {
            name: kpi
            for name, kpi in self.answers.now.kpis.items()
            if name in declared or kpi["macro_segment"] == self.name
        }
        return [
            ReportedKpi(
                name=name,
                log=name in declared and declared[name].transform == "log1p",
                **{key: said[name][key] for key in ("label", "unit", "window", "definition", "resolution")},
                **{key: said[name][key] for key in ("rule_only", "undefined_when")},
            )
            for name in sorted(said, key=lambda name: (list(declared).index(name) if name in declared else 99, name))
        ]

    @property
    def shown_kpis(self) -> list[ReportedKpi]:
        """The KPIs that describe a segment: all but those that only decide its stratum."""
        return [kpi for kpi in self.kpis if not kpi.rule_only]

    @cached_property
    def sizes(self) -> list[SegmentSize]:
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
        return {
            size.segment_key: colours.LINE_COLOURS[i % len(colours.LINE_COLOURS)] for i, size in enumerate(self.sizes)
        }

    @property
    def largest(self) -> SegmentSize:
        """The segment with most customers."""
        return max(self.sizes, key=lambda size: size.customers)

    @cached_property
    def moves(self) -> list[SegmentMove]:
        """Who went where since the run before, the largest group first."""
        here = (self.answers.now.as_of, self.name)
        return [move for move in self.answers.moves if (move.as_of, move.macro_segment) == here]

    @property
    def movers(self) -> list[SegmentMove]:
        """Those who were there before, are there still, and changed their segment."""
        return movement_section.select_movers(self.moves)

    def find_segment(self, key: str) -> PublishedSegment:
        """The wording of a segment."""
        return self.answers.segments[key]

    @property
    def lead(self) -> str:
        """How many segments, how many customers changed theirs, and the model."""
        now, before = self.answers.now, self.answers.before
        said = f"{len(self.sizes)} segments of {formatting.format_count(now.customers)} customers"
        if before is not None:
            moved = sum(move.customers for move in self.movers)
            day = formatting.format_day(before.as_of, self.zone)
            said += f"; {formatting.format_count(moved)} changed theirs since {day}"
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
    def table(self) -> list[SegmentRow]:
        """Per segment its change since the run before and each KPI's p25 to p75 with its band."""
        return [
            self._row(size, [self._change(size), *(self._spread(size, kpi) for kpi in self.shown_kpis)])
            for size in self.sizes
        ]

    @cached_property
    def micro(self) -> list[SegmentRow]:
        """Per micro segment the same, but for its change."""
        sizes = [size for size in self.answers.micro_sizes if size.macro_segment == self.name]
        return [
            SegmentRow(
                self.find_segment(size.segment_key), size, "", [self._spread(size, kpi) for kpi in self.shown_kpis]
            )
            for size in sorted(sizes, key=lambda size: self._order(size.segment_key))
        ]

    @cached_property
    def heatmap(self) -> list[SegmentRow]:
        """Per segment the median of each KPI, coloured from the smallest to the largest median of the KPI."""
        return [self._row(size, [self._heat(size, kpi) for kpi in self.shown_kpis]) for size in self.sizes]

    def _row(self, size: SegmentSize, cells: list[TableCell]) -> SegmentRow:
        return SegmentRow(self.find_segment(size.segment_key), size, self.colours[size.segment_key], cells)

    def _change(self, size: SegmentSize) -> TableCell:
        before = self.answers.before
        if before is None:
            return TableCell(formatting.DASH, "first run")
        earlier = [s for s in self.answers.sizes if s.as_of == before.as_of and s.segment_key == size.segment_key]
        if not earlier:
            return TableCell(formatting.DASH, "new segment")
        moved = f"{formatting.format_change(size.entered or 0)} in\n{formatting.format_change(-(size.left or 0))} out"
        return TableCell(formatting.format_change(size.customers - earlier[0].customers), moved)

    def _spread(self, size: SegmentSize, kpi: ReportedKpi) -> TableCell:
        if size.suppressed:
            return TableCell(formatting.DASH, formatting.SUPPRESSED if size.customers else "empty")
        spread = self.answers.spreads.get((size.segment_key, kpi.name))
        if spread is None or spread.p50 is None:
            return TableCell(formatting.DASH, formatting.UNDEFINED)
        return TableCell(formatting.format_range(spread.p25, spread.p75, kpi.resolution), spread.band or "")

    def _heat(self, size: SegmentSize, kpi: ReportedKpi) -> TableCell:
        median = self.find_median(size, kpi)
        if median is None:
            return self._spread(size, kpi)
        known = [m for other in self.sizes if (m := self.find_median(other, kpi)) is not None]
        low, high, here = (kpi.scale_value(m) for m in (min(known), max(known), median))
        position = (here - low) / (high - low) if high > low else 0.0
        return TableCell(formatting.format_value(median, kpi.resolution), style=colours.choose_cell_style(position))

    def find_median(self, size: SegmentSize, kpi: ReportedKpi) -> float | None:
        """The median of a KPI in a segment; None where it is undefined or suppressed."""
        spread = self.answers.spreads.get((size.segment_key, kpi.name))
        return None if size.suppressed or spread is None else spread.p50

    @property
    def own_parts(self) -> list[tuple[str, str]]:
        """The parts of the page that not every macro segment has: id and title."""
        worth_part = [("worth", "What they are worth")] if self.worth_kpis else []
        return worth_part + ([("grid", f"{self.grid.label}: the grid")] if self.grid else [])

    @cached_property
    def worth_rows(self) -> list[SegmentRow]:
        """Per segment what its customers are worth; empty where the profile does not say by which KPIs."""
        return [self._row(size, self.make_worth_cells(size.segment_key)) for size in self.sizes if self.worth_kpis]

    def make_worth_cells(self, key: str) -> list[TableCell]:
        """What the customers of a segment are worth: total, share and per head of each KPI that says it."""
        return worth_section.make_worth_cells(self._worth, key, self.worth_kpis, self.answers.now.kpis)

    @property
    def worth_lead(self) -> str:
        """The segment that is worth most."""
        names = {size.segment_key: f"“{self.find_segment(size.segment_key).name}”" for size in self.sizes}
        return worth_section.describe_worth(self._worth, names, self.worth_kpis, self.answers.now.kpis)

    @property
    def _worth(self) -> list[PartWorth]:
        return [found for found in self.answers.worth if found.macro_segment == self.name]

    @cached_property
    def grid(self) -> GridView | None:
        """Customers by two scores; None where the model has no grid."""
        segments = [self.find_segment(size.segment_key) for size in self.sizes]
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
            line_charts.TrendLine(
                self._chart_label(size), self.colours[key], i >= len(colours.LINE_COLOURS), points[key]
            )
            for i, size in enumerate(self.sizes)
            for key in [size.segment_key]
        ]
        shares = ", ".join(
            f"{self.find_segment(s.segment_key).name} {formatting.format_share(s.share)}" for s in self.sizes
        )
        return line_charts.draw_trend(
            lines, self.zone, f"{self.label}: share of customers per segment over the runs. Now: {shares}"
        )

    @property
    def gone(self) -> int:
        """How many segments of the runs before are not in the run's model any more."""
        ever = {size.segment_key for size in self.answers.sizes if size.macro_segment == self.name and size.customers}
        return len(ever - {size.segment_key for size in self.sizes})

    def _chart_label(self, size: SegmentSize) -> str:
        segment = self.find_segment(size.segment_key)
        # The path already names the stratum; what tells its segments apart comes after it.
        return line_charts.write_chart_label(
            segment.short_path, segment.name.removeprefix(f"{segment.stratum_label}, "), size.share
        )

    @cached_property
    def tree(self) -> str:
        """Everyone, strata, segments and micro segments as a dendrogram in SVG."""
        cuts = [cut for cut in self.answers.cuts if cut.macro_segment == self.name]
        inside = {cut.parent_key: cut for cut in cuts if cut.parent_key}
        strata = [self._stratum(cut, inside) for cut in cuts if not cut.parent_key]
        title = f"{self.label}: from all customers to the strata, their segments and micro segments, with their shares"
        return dendrogram.draw_dendrogram(DendrogramBranch("All customers", 1.0, strata), title)

    def _stratum(self, cut: PublishedCut, inside: Mapping[str, PublishedCut]) -> DendrogramBranch:
        parts = [self._branch(key, f"{cut.label}, ", inside.get(key)) for key in cut.keys]
        if len(parts) == 1:
            return parts[0]
        return DendrogramBranch(cut.label, sum(part.share for part in parts), parts, _joins(cut))

    def _branch(self, key: str, known: str, inside: PublishedCut | None = None) -> DendrogramBranch:
        """A segment or micro segment, without the words that what it is a part of has said already."""
        parts = [self._branch(part, f"{inside.label}: ") for part in inside.keys] if inside else []
        label, joins = self.find_segment(key).name.removeprefix(known), _joins(inside) if inside else []
        return DendrogramBranch(label, self._shares.get(key, 0.0), parts, joins)

    @cached_property
    def _shares(self) -> dict[str, float]:
        """The share of every segment and micro segment, by key."""
        return {size.segment_key: size.share for size in [*self.sizes, *(row.size for row in self.micro)]}

    @property
    def movement(self) -> str:
        """How many moved since the run before, and why."""
        return movement_section.describe_movement(self.moves)

    @cached_property
    def flows(self) -> list[SegmentFlow]:
        """The largest moves with their reasons."""
        return movement_section.list_flows(self.movers, self.answers.segments)

    @cached_property
    def migration(self) -> MigrationMatrix | None:
        """Rows from, columns to; None for a first run."""
        sources = sorted({move.from_key for move in self.moves} - {NEW}, key=self._order)
        targets = [size.segment_key for size in self.sizes]
        return (
            movement_section.make_migration_matrix(self.moves, sources, targets, self.answers.segments)
            if self.moves
            else None
        )

    @property
    def steps(self) -> list[str]:
        """The steps of the funnel."""
        return [step.label for step in self.answers.funnel if step.segment_key == EVERYONE]

    @cached_property
    def funnel(self) -> list[SegmentRow]:
        """Per segment how many of its customers have come to each step."""
        return [
            self._row(size, people_section.make_funnel_cells(self.answers.funnel, size.segment_key))
            for size in self.sizes
        ]

    @cached_property
    def attributes(self) -> list[DemographicColumns]:
        """Per segment who its customers are, a table for each attribute."""
        keys = [size.segment_key for size in self.sizes]
        return people_section.make_demographic_columns(self.answers.demographics, self.name, keys, self.demographics)

    @cached_property
    def scatters(self) -> list[ScatterChart]:
        """The strata that were cut, as pictures."""
        labels = {name: kpi["label"] for name, kpi in self.answers.now.kpis.items()}
        marks = {
            size.segment_key: SegmentMark(self._chart_label(size), self.colours[size.segment_key])
            for size in self.sizes
        }
        return [
            draw_scatter(drawing, marks, labels)
            for drawing in self.answers.drawings
            if drawing.macro_segment == self.name
        ]

    @cached_property
    def trials(self) -> list[StratumTrials]:
        """The evidence for the number of segments, stratum by stratum."""
        return evidence_section.make_trials(self.name, self.answers)

    @cached_property
    def drift(self) -> list[DriftRow]:
        """How far customers were from those of the fit, run by run, the newest first."""
        kpis = {kpi.name: kpi for kpi in self.kpis}
        return make_drift_rows(self.name, self.answers.drifts, kpis, self.drift_allowed, self.zone)

    @property
    def drift_said(self) -> str:
        """Whether the customers of the run are still like those of the fit."""
        newest = self.drift[0]
        over = [measure.name for measure in newest.measures if measure.is_over]
        return f"Over what the profile allows: {', '.join(over)}." if over else "Within what the profile allows."

    @cached_property
    def cohorts(self) -> list[CohortTable]:
        """Thresholds and insights by month, the newest cohort first."""
        rows = [row for row in self.answers.cohorts if row.macro_segment == self.name]
        keys = sorted({row.segment_key for row in rows}, key=self._order)
        return cohort_section.make_cohort_tables(rows, keys, self.answers.segments, self.shown_kpis)


def _joins(cut: PublishedCut) -> list[DendrogramJoin]:
    return [DendrogramJoin(**join) for join in cut.joins]
