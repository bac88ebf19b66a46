"""What the stages of a run leave in the lake for each other: tables as Parquet, summaries as JSON.

Each stage has one class that locates its files, and each of its tasks one summary. No other module builds the path of
such a file or reads a key of such a summary.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Self

import pyarrow as pa

from include.segmentation.errors import ProfileError
from include.segmentation.run import Run, parse_as_of

_RUNS = "_runs"


def find_previous_run(run: Run) -> Run | None:
    """Return the newest earlier run of the cadence that has been published. A fit has no cadence and so no such run."""
    if run.purpose != "segment":
        return None
    earlier = sorted((as_of for as_of in _list_as_ofs(run) if as_of < run.as_of), reverse=True)
    runs = (replace(run, as_of=as_of) for as_of in earlier)
    return next((each for each in runs if PublishSummary.read_from(each) is not None), None)


def _list_as_ofs(run: Run) -> Iterator[datetime]:
    """Yield the as_of of every run of the cadence that has left anything since the profile's start."""
    start = run.profile.find_midnight(run.profile.schedule.start)
    for name in run.lake.artifacts.list_folders(f"{_RUNS}/{run.cadence}"):
        with suppress(ProfileError):  # a folder that no run has made
            as_of = parse_as_of(name, run.profile)
            if as_of > start:
                yield as_of


def _locate(run: Run, stage: str, name: str) -> str:
    """Return a file's path inside the lake.

    Runs that extract, fit or reconcile have folders of their own beside those of the cadences.
    """
    place = run.cadence if run.purpose == "segment" else run.purpose
    return f"{_RUNS}/{place}/{run.as_of_name}/{stage}/{name}"


@dataclass(frozen=True)
class TableArtifact:
    """A table that one stage writes and later ones read."""

    run: Run
    path: str

    @property
    def uri(self) -> str:
        """Where the table is, or would be."""
        return self.run.lake.artifacts.locate(self.path)

    def write_table(self, table: pa.Table) -> str:
        """Write the table and return its URI."""
        return self.run.lake.artifacts.write_table(self.path, table)

    def read_table(self) -> pa.Table:
        """Read the table.

        Raises:
            DataError: the stage that writes it has not run.
        """
        return self.run.lake.artifacts.read_table(self.path)


@dataclass(frozen=True)
class ValidateArtifacts:
    """What the validate stage leaves: Great Expectations' Data Docs."""

    run: Run

    def write_docs(self, folder: Path) -> str:
        """Copy a local folder of Data Docs over earlier ones and return the URI of its index page."""
        return self.run.lake.artifacts.write_folder(self._locate_docs(), folder) + "/index.html"

    def read_docs_page(self, name: str = "index.html") -> str | None:
        """Return the text of one page of the Data Docs, or None if there is none."""
        return self.run.lake.artifacts.read_text(f"{self._locate_docs()}/{name}")

    def _locate_docs(self) -> str:
        return _locate(self.run, "validate", "data_docs")


@dataclass(frozen=True)
class MeasureArtifacts:
    """What the measure stage leaves: the population, the KPIs of each macro segment, signals and figures.

    Where rows of its time have arrived since the previous run was measured, the population and the KPIs at that
    run's as_of are measured again and left too.
    """

    run: Run

    def locate_population(self) -> TableArtifact:
        """Locate the table of customers: customer_id, first_seen, last_seen, age_days and attributes."""
        return self._locate("population")

    def locate_previous_population(self) -> TableArtifact:
        """Locate the population at the previous run's as_of."""
        return self._locate("population.previous")

    def locate_kpis(self, macro_segment: str) -> TableArtifact:
        """Locate the table of KPIs: customer_id, age_days and each KPI as DOUBLE, NULL where undefined."""
        return self._locate(macro_segment)

    def locate_cohort_kpis(self, macro_segment: str) -> TableArtifact:
        """Locate the KPIs at every complete cohort month, with cohort and month in front."""
        return self._locate(f"{macro_segment}.cohort")

    def locate_previous_kpis(self, macro_segment: str) -> TableArtifact:
        """Locate the KPIs at the previous run's as_of."""
        return self._locate(f"{macro_segment}.previous")

    def locate_signals(self) -> TableArtifact:
        """Locate the table of signals: one row per label, landmark and KPI."""
        return self._locate("signals")

    def locate_landmark(self, days: int) -> TableArtifact:
        """Locate the customers that the signals at one landmark come from."""
        return self._locate(f"signals.{days}d")

    def locate_figures(self) -> TableArtifact:
        """Locate the table of figures: one row per value."""
        return self._locate("figures")

    def _locate(self, name: str) -> TableArtifact:
        return TableArtifact(self.run, _locate(self.run, "measure", f"{name}.parquet"))


@dataclass(frozen=True)
class SegmentArtifacts:
    """What the segment stage leaves: the labels of each macro segment."""

    run: Run

    def locate_labels(self, macro_segment: str) -> TableArtifact:
        """Locate the table of labels: one row per customer."""
        return self._locate(macro_segment)

    def locate_cohort_labels(self, macro_segment: str) -> TableArtifact:
        """Locate the labels at every complete cohort month."""
        return self._locate(f"{macro_segment}.cohort")

    def _locate(self, name: str) -> TableArtifact:
        return TableArtifact(self.run, _locate(self.run, "segment", f"{name}.parquet"))


@dataclass(frozen=True)
class ReportArtifacts:
    """What the report stage leaves: one HTML page."""

    run: Run

    def write_page(self, page: str) -> str:
        """Write the page and return its URI."""
        return self.run.lake.artifacts.write_text(self._locate_page(), page)

    def read_page(self) -> str | None:
        """Return the page, or None if there is none."""
        return self.run.lake.artifacts.read_text(self._locate_page())

    def _locate_page(self) -> str:
        return _locate(self.run, "report", "report.html")


@dataclass(frozen=True, kw_only=True)
class _Summary:
    """What a task counted and how long it took. A field that earlier versions did not write has a default.

    Attributes:
        seconds: how long the task took.
    """

    stage: ClassVar[str]
    target: ClassVar[str] = ""
    """The name of the summary of a task that is called without a target."""

    seconds: float = 0.0

    def write_to(self, run: Run, target: str = "") -> dict[str, Any]:
        """Write the summary as JSON.

        Args:
            run: the run that the task belongs to.
            target: the extract or macro segment that the task was called for.

        Returns:
            The summary as read back from JSON, for Airflow and the command line.
        """
        text = json.dumps(self.to_dict(), default=str)
        run.lake.artifacts.write_text(self._locate(run, target), text)
        return dict(json.loads(text))

    @classmethod
    def read_from(cls, run: Run, target: str = "") -> Self | None:
        """Return what the task of a run wrote, or None if it has not run."""
        text = run.lake.artifacts.read_text(cls._locate(run, target))
        return None if text is None else cls._from_json(json.loads(text))

    @classmethod
    def _locate(cls, run: Run, target: str) -> str:
        return _locate(run, cls.stage, f"{target or cls.target}.json")

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as Airflow, the command line and the JSON file show them."""
        values = asdict(self)
        seconds = values.pop("seconds")
        return {**values, "seconds": seconds}

    @classmethod
    def _from_json(cls, values: dict[str, Any]) -> Self:
        return cls(**{each.name: values[each.name] for each in fields(cls) if each.name in values})


@dataclass(frozen=True, kw_only=True)
class ExtractSummary(_Summary):
    """One pull of an extract.

    Attributes:
        pulled: rows_read, rows_written, pages and what the source adds: ``bound`` for MySQL, ``days`` and ``quota`` for
            Google Analytics. In JSON they stand beside the other fields.
        complete_through: ISO time in UTC, or None where the log is not yet complete through any time.
    """

    stage: ClassVar[str] = "extract"

    extract: str
    pulled: dict[str, Any]
    complete_through: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, with what was pulled beside them."""
        values = super().to_dict()
        return {"extract": values.pop("extract"), **values.pop("pulled"), **values}

    @classmethod
    def _from_json(cls, values: dict[str, Any]) -> Self:
        own = {each.name for each in fields(cls)}
        pulled = {name: value for name, value in values.items() if name not in own}
        return super()._from_json({**values, "pulled": pulled})


@dataclass(frozen=True, kw_only=True)
class ReconcileSummary(_Summary):
    """One comparison of a change log with its source.

    Attributes:
        method: ``ranges`` of the primary key, ``buckets`` of checksums, or read ``whole``.
        compared, differing: how many ranges, buckets or rows were compared, and how many of them differed.
        missing, changed, deleted: rows found and corrected.
    """

    stage: ClassVar[str] = "reconcile"

    extract: str
    method: str
    compared: int
    differing: int
    rows_compared: int
    rows_fetched: int
    missing: int
    changed: int
    deleted: int


@dataclass(frozen=True, kw_only=True)
class MaintainSummary(_Summary):
    """One compaction of an extract's change log and quarantine.

    Attributes:
        files_removed: from the disk.
    """

    stage: ClassVar[str] = "maintain"

    extract: str
    files_before: int
    files: int
    files_removed: int


@dataclass(frozen=True, kw_only=True)
class ValidateSummary(_Summary):
    """One validation of all extracts.

    Attributes:
        extracts: the three counts by extract.
        data_docs: the URI of the index page, or None where there was nothing to check.
    """

    stage: ClassVar[str] = "validate"
    target: ClassVar[str] = "summary"

    extracts: dict[str, dict[str, int]]
    validated: int
    quarantined: int
    warned: int
    data_docs: str | None


@dataclass(frozen=True, kw_only=True)
class ValidationCounts(_Summary):
    """What this run has counted of one extract, over all its tries."""

    stage: ClassVar[str] = "validate"

    validated: int = 0
    quarantined: int = 0
    warned: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the three counts."""
        return {"validated": self.validated, "quarantined": self.quarantined, "warned": self.warned}


@dataclass(frozen=True, kw_only=True)
class PopulationSummary(_Summary):
    """One measurement of the population.

    Attributes:
        unknown_rows: source rows without a customer.
        attributes: the columns that population.sql adds.
        customer_id_type: the engine's type of customer_id in the extracts.
        reach: the last ``_seq`` of each extract that was measured.
        previous: the as_of of the previous run where it was measured again, as ISO time.
    """

    stage: ClassVar[str] = "measure"
    target: ClassVar[str] = "population"

    customers: int
    unknown_rows: int
    attributes: list[str]
    customer_id_type: str
    path: str
    reach: dict[str, int] = field(default_factory=dict)
    previous: str | None = None


@dataclass(frozen=True, kw_only=True)
class KpiSummary(_Summary):
    """One measurement of a macro segment's KPIs.

    Attributes:
        undefined: how many customers each KPI that declares ``undefined_when`` is undefined for.
        cohort_rows: 0 where the profile follows no cohorts.
    """

    stage: ClassVar[str] = "measure"

    customers: int
    undefined: dict[str, int]
    path: str
    cohort_rows: int = 0


@dataclass(frozen=True, kw_only=True)
class SignalSummary(_Summary):
    """One measurement of signals.

    Attributes:
        customers: by landmark, such as ``30d``.
        outcomes: rows by outcome.
    """

    stage: ClassVar[str] = "measure"
    target: ClassVar[str] = "signals"

    customers: dict[str, int]
    rows: int
    outcomes: dict[str, int]
    path: str


@dataclass(frozen=True, kw_only=True)
class FigureSummary(_Summary):
    """One measurement of the business figures."""

    stage: ClassVar[str] = "measure"
    target: ClassVar[str] = "figures"

    figures: int
    rows: int
    path: str


@dataclass(frozen=True, kw_only=True)
class FitSummary(_Summary):
    """One fit of a macro segment's model.

    Attributes:
        lineage: how many segments survived, split, merged, appeared or disappeared.
    """

    stage: ClassVar[str] = "fit"

    model_id: str
    status: str
    customers: int
    strata: int
    segments: int
    micro_segments: int
    lineage: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class LabelSummary(_Summary):
    """One labelling of a macro segment's customers.

    Attributes:
        look_ahead: whether as_of lies before the first model.
        held_back: customers whose published segment is not the one that the model says.
        sizes: customers by published segment key.
        fingerprint: a hash of the labels; None in files of earlier versions.
        on_grid: customers whom the grid takes; None in files of earlier versions.
        follows: run_id and model_id of the previous run and, where its labels matter, their fingerprint; empty where
            there is no previous run; None in files of earlier versions.
        drift: the measures of drift (metric, stratum, kpi, value), at the primary cadence.
        cohort_rows: 0 where the profile follows no cohorts.
    """

    stage: ClassVar[str] = "segment"

    model_id: str
    look_ahead: bool
    customers: int = 0
    held_back: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    fingerprint: str | None = None
    on_grid: int | None = None
    follows: dict[str, str | None] | None = None
    drift: list[dict[str, Any]] = field(default_factory=list)
    cohort_rows: int = 0


@dataclass(frozen=True, kw_only=True)
class PublishSummary(_Summary):
    """One publish.

    Attributes:
        schema: of the warehouse.
        look_ahead: whether as_of lies before the first model of a macro segment.
        gates: how many gates gave a verdict.
        warnings: how many verdicts are no pass.
        fits_asked: macro segments whose drift asks for a fit.
        rows: rows of this run by published table.
        stale: runs of the cadence that were compared with another run than the one that is before them now.
        reach: the last ``_seq`` of each extract that was measured.
    """

    stage: ClassVar[str] = "publish"
    target: ClassVar[str] = "all"

    run_id: str = ""
    schema: str = ""
    customers: int = 0
    look_ahead: bool = False
    gates: int = 0
    warnings: int = 0
    fits_asked: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)
    reach: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReportSummary(_Summary):
    """One report.

    Attributes:
        bytes: the size of the page.
    """

    stage: ClassVar[str] = "report"
    target: ClassVar[str] = "report"

    path: str
    bytes: int
