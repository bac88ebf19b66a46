"""One macro segment as the page shows it: rows of text, ready for the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import log1p, nan
from typing import Any

from include.segmentation.profile import MacroSegment
from include.segmentation.report import charts, colours, words
from include.segmentation.report.answers import Answers
from include.segmentation.report.queries import Move, Segment, Size

NEW, LEFT = "new", "left"


@dataclass(frozen=True)
class Kpi:
    """A KPI as the run defined it."""

    name: str
    label: str
    unit: str
    window: str
    definition: str
    resolution: float
    rule_only: bool
    undefined_when: str | None
    log: bool


@dataclass(frozen=True)
class Cell:
    """A table cell: its text, a smaller second line, and the CSS of its colours."""

    text: str
    small: str = ""
    style: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Row:
    """A segment and what a table says about it."""

    segment: Segment
    cells: list[Cell]
    colour: str = ""


@dataclass(frozen=True)
class Matrix:
    """Who went where since the run before."""

    columns: list[Segment | str]
    rows: list[tuple[Segment | str, list[Cell]]]
    totals: list[str]


@dataclass(frozen=True)
class Trials:
    """What was tried in one stratum, and the verdict."""

    stratum: str
    verdict: str
    rows: list[list[str]]
    chosen: int | None


@dataclass(frozen=True)
class Cohort:
    """One registration cohort by month: per segment one cell a month, each KPI's range below the share."""

    name: str
    customers: int
    months: list[int]
    rows: list[tuple[Segment, list[tuple[Cell, list[str]] | None]]]
    changes: list[str]


@dataclass(frozen=True)
class Section:
    """Everything about one macro segment."""

    name: str
    declared: MacroSegment
    answers: Answers
    zone: str

    @property
    def label(self) -> str:
        """What people call the macro segment."""
        return self.declared.label

    @cached_property
    def kpis(self) -> list[Kpi]:
        """The KPIs as the run defined them, in the profile's order."""
        said = {name: kpi for name, kpi in self.answers.now.kpis.items() if kpi["macro_segment"] == self.name}
        declared = self.declared.kpis
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
        """Who went where, the largest group first."""
        return [move for move in self.answers.moves if move.macro_segment == self.name]

    @property
    def movers(self) -> list[Move]:
        """Those who were there before, are there still, and changed their segment."""
        return [m for m in self.moves if m.from_key != m.to_key and m.from_key != NEW and m.to_key != LEFT]

    def segment(self, key: str) -> Segment:
        """The wording of a segment."""
        return self.answers.segments[key]

    @property
    def refitted(self) -> bool:
        """Whether the run before used another model."""
        before = self.answers.before
        return before is not None and before.models.get(self.name) != self.answers.now.models[self.name]

    @cached_property
    def table(self) -> list[Row]:
        """Per segment: customers, share, change, and each KPI's p25 to p75 with its band."""
        rows = []
        for size in self.sizes:
            cells = [Cell(words.count(size.customers)), Cell(words.share(size.share), f"{size.share:.1%}"), self._change(size)]
            cells += [self._spread(size, kpi) for kpi in self.shown_kpis]
            rows.append(Row(self.segment(size.segment_key), cells, self.colours[size.segment_key]))
        return rows

    def _change(self, size: Size) -> Cell:
        before = self.answers.before
        if before is None:
            return Cell("–", "first run")
        earlier = [s for s in self.answers.sizes if s.as_of == before.as_of and s.segment_key == size.segment_key]
        if not earlier:
            return Cell("–", "new segment")
        moved = f"+{words.count(size.entered or 0)} in, −{words.count(size.left or 0)} out"
        return Cell(words.change(size.customers - earlier[0].customers), moved)

    def _spread(self, size: Size, kpi: Kpi) -> Cell:
        if size.suppressed:
            return Cell("–", words.SUPPRESSED if size.customers else "empty")
        spread = self.answers.spreads.get((size.segment_key, kpi.name))
        if spread is None or spread.p50 is None:
            return Cell("–", words.UNDEFINED)
        return Cell(words.span(spread.p25, spread.p75, kpi.resolution), spread.band or "")

    @cached_property
    def heatmap(self) -> list[Row]:
        """Per segment the median of each KPI, coloured from the smallest to the largest median of the KPI."""
        rows = []
        for size in self.sizes:
            cells = []
            for kpi in self.shown_kpis:
                median = self._median(size, kpi)
                if median is None:
                    cells.append(self._spread(size, kpi))
                    continue
                known = [m for other in self.sizes if (m := self._median(other, kpi)) is not None]
                low, high, here = (_scaled(kpi, m) for m in (min(known), max(known), median))
                position = (here - low) / (high - low) if high > low else 0.0
                cells.append(Cell(words.value(median, kpi.resolution), style=colours.cell(position)))
            rows.append(Row(self.segment(size.segment_key), cells))
        return rows

    def _median(self, size: Size, kpi: Kpi) -> float | None:
        spread = self.answers.spreads.get((size.segment_key, kpi.name))
        return None if size.suppressed or spread is None else spread.p50

    @cached_property
    def trend(self) -> str:
        """The shares over the runs as SVG."""
        points: dict[str, list[tuple[datetime, float]]] = {size.segment_key: [] for size in self.sizes}
        for size in self.answers.sizes:
            if size.segment_key in points:
                points[size.segment_key].append((size.as_of, size.share))
        lines = [
            charts.Line(self._chart_label(size), self.colours[size.segment_key], points[size.segment_key])
            for size in self.sizes
        ]
        shares = ", ".join(f"{self.segment(s.segment_key).name} {words.share(s.share)}" for s in self.sizes)
        return charts.trend(lines, self.zone, f"{self.label}: share of customers per segment over the runs. Now: {shares}")

    def _chart_label(self, size: Size) -> str:
        segment = self.segment(size.segment_key)
        return charts.label(segment.short_path, segment.name, size.share)

    @cached_property
    def tree(self) -> str:
        """The dendrogram of the segments that show their medians, as SVG; empty where there are fewer than two."""
        leaves = [
            charts.Leaf(self._chart_label(size), size.share, vector)
            for size in self.sizes
            if not size.suppressed and (vector := self._vector(size))
        ]
        if len(leaves) < 2:
            return ""
        return charts.tree(leaves, f"{self.label}: which segments are alike, as a tree from all customers to the segments")

    def _vector(self, size: Size) -> list[float]:
        medians = [self._median(size, kpi) for kpi in self.shown_kpis]
        return [nan if m is None else _scaled(kpi, m) for kpi, m in zip(self.shown_kpis, medians, strict=True)]

    @cached_property
    def migration(self) -> Matrix | None:
        """Rows from, columns to; None for a first run."""
        if not self.moves:
            return None
        outside = {NEW, LEFT}
        sources = sorted({m.from_key for m in self.moves} - outside, key=self._order)
        targets = [size.segment_key for size in self.sizes]
        came = [*sources, *([NEW] if any(m.from_key == NEW for m in self.moves) else [])]
        went = [*targets, *([LEFT] if any(m.to_key == LEFT for m in self.moves) else [])]
        by_pair = {(m.from_key, m.to_key): m for m in self.moves}
        rows = []
        for source in came:
            cells = [_move_cell(by_pair.get((source, target)), stayed=source == target) for target in went]
            total = sum(m.customers for m in self.moves if m.from_key == source)
            rows.append((self._end(source), [*cells, Cell(words.count(total), strong=True)]))
        totals = [sum(m.customers for m in self.moves if m.to_key == target) for target in went]
        return Matrix(
            columns=[self._end(target) for target in went],
            rows=rows,
            totals=[words.count(total) for total in [*totals, sum(totals)]],
        )

    def _end(self, key: str) -> Segment | str:
        return key if key in (NEW, LEFT) else self.segment(key)

    @cached_property
    def trials(self) -> list[Trials]:
        """The evidence for the number of segments, stratum by stratum."""
        found = []
        for cut in (cut for cut in self.answers.cuts if cut.macro_segment == self.name):
            rows: dict[tuple[str, int], dict[str, float | None]] = {}
            for quality in self.answers.evidence:
                if quality.macro_segment == self.name and quality.stratum == cut.stratum:
                    rows.setdefault((quality.algorithm, quality.k), {})[quality.metric] = quality.value
            tried = {key: metrics for key, metrics in rows.items() if key[1] > 1}
            if not (tried or cut.clustered or cut.note):
                continue
            chosen = [i for i, metrics in enumerate(tried.values()) if metrics.get("chosen")]
            verdict = f"Cut into {cut.segments} segments." if cut.clustered else "Left whole."
            found.append(
                Trials(
                    stratum=cut.label,
                    verdict=" ".join(part for part in (verdict, _sentence(cut.note)) if part),
                    rows=[_trial(algorithm, k, metrics) for (algorithm, k), metrics in tried.items()],
                    chosen=chosen[0] if chosen else None,
                )
            )
        return found

    @cached_property
    def cohorts(self) -> list[Cohort]:
        """Thresholds and insights by month, the newest cohort first."""
        mine = [row for row in self.answers.cohorts if row.macro_segment == self.name]
        return [
            self._cohort([row for row in mine if row.cohort == first])
            for first in sorted({row.cohort for row in mine}, reverse=True)
        ]

    def _cohort(self, found: Sequence[Any]) -> Cohort:
        months = sorted({row.month for row in found})
        keys = sorted({row.segment_key for row in found}, key=self._order)
        groups: dict[tuple[str, int], dict[str, Any]] = {}
        for row in found:
            groups.setdefault((row.segment_key, row.month), {})[row.kpi] = row
        shares = {at: next(iter(group.values())).share for at, group in groups.items()}
        return Cohort(
            name=words.month(found[0].cohort),
            customers=sum(next(iter(group.values())).learners for (_, m), group in groups.items() if m == months[0]),
            months=months,
            rows=[(self.segment(key), [self._cohort_cell(groups.get((key, m))) for m in months]) for key in keys],
            changes=[self._cohort_change(keys, shares, m) for m in months[1:] if m - 1 in months],
        )

    def _cohort_cell(self, group: dict[str, Any] | None) -> tuple[Cell, list[str]] | None:
        if group is None:
            return None
        first = next(iter(group.values()))
        if not any(row.p25 is not None for row in group.values()):
            ranges = [words.SUPPRESSED] if first.learners < 10 else []
        else:
            ranges = [
                f"{kpi.label} {words.span(group[kpi.name].p25, group[kpi.name].p75, kpi.resolution)}"
                for kpi in self.shown_kpis
                if kpi.name in group and group[kpi.name].p25 is not None
            ]
        return Cell(words.share(first.share), words.count(first.learners)), ranges

    def _cohort_change(self, keys: list[str], shares: dict[tuple[str, int], float], month: int) -> str:
        def moved(key: str) -> float:
            return shares.get((key, month), 0.0) - shares.get((key, month - 1), 0.0)

        most = max(keys, key=lambda key: (abs(moved(key)), key))
        if abs(moved(most)) < 0.0005:
            return f"Month {month}: as month {month - 1}."
        verb = "grew" if moved(most) > 0 else "shrank"
        was, became = (words.share(shares.get((most, m), 0.0)) for m in (month - 1, month))
        return f"Month {month}: “{self.segment(most).name}” {verb} from {was} to {became}."


def _scaled(kpi: Kpi, number: float) -> float:
    return log1p(max(number, 0.0)) if kpi.log else number


def _move_cell(move: Move | None, stayed: bool) -> Cell:
    if move is None:
        return Cell("·")
    return Cell(words.count(move.customers), words.share(move.share), colours.cell(move.share), strong=stayed)


def _trial(algorithm: str, k: int, metrics: dict[str, float | None]) -> list[str]:
    def shown(metric: str, form: str) -> str:
        number = metrics.get(metric)
        return "–" if number is None else format(number, form)

    return [
        str(k),
        algorithm,
        shown("jaccard_min", ".2f"),
        shown("smallest_share", ".1%"),
        shown("largest_share", ".1%"),
        shown("silhouette", ".3f"),
    ]


def _sentence(note: str) -> str:
    return f"{note[0].upper()}{note[1:]}." if note else ""
