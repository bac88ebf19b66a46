"""What stages leave for each other: where it is, and that it comes back as it was written."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from include.segmentation.artifacts import (
    ExtractSummary,
    KpiSummary,
    LabelSummary,
    MeasureArtifacts,
    PublishSummary,
    ReportArtifacts,
    SegmentArtifacts,
    ValidateArtifacts,
    ValidationCounts,
    find_previous_run,
)
from include.segmentation.errors import DataError
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run, parse_as_of

KPIS = KpiSummary(customers=7, undefined={"gap": 2}, path="somewhere", seconds=0.5)


@pytest.fixture
def retail() -> Profile:
    return load_profile("retail")


@pytest.fixture
def run_at(retail: Profile, lake_root: Path) -> Callable[..., Run]:
    return lambda as_of, cadence="monthly": Run(retail, cadence, parse_as_of(as_of, retail))


def test_runs_and_stages_keep_their_summaries_apart(run_at: Callable[..., Run]) -> None:
    july, august = run_at("2011-07-01"), run_at("2011-08-01")
    assert KPIS.write_to(july, "rfm") == {
        "customers": 7,
        "undefined": {"gap": 2},
        "path": "somewhere",
        "cohort_rows": 0,
        "seconds": 0.5,
    }
    assert KpiSummary.read_from(july, "rfm") == KPIS
    assert KpiSummary.read_from(july, "behaviour") is None
    assert KpiSummary.read_from(august, "rfm") is None
    assert LabelSummary.read_from(july, "rfm") is None


def test_extract_and_fit_have_folders_beside_the_cadence_that_runs_at_the_same_as_of(
    retail: Profile, lake_root: Path
) -> None:
    july = parse_as_of("2011-07-01", retail)
    runs = {purpose: Run(retail, "daily", july, purpose) for purpose in ("extract", "fit", "reconcile", "segment")}
    for number, run in enumerate(runs.values()):
        ValidationCounts(validated=number).write_to(run, "invoice_lines")
    for number, run in enumerate(runs.values()):
        assert ValidationCounts.read_from(run, "invoice_lines") == ValidationCounts(validated=number)
    assert runs["segment"] == Run(retail, "daily", july)


@pytest.mark.parametrize(
    ("purpose", "folder"), [("segment", "daily"), ("extract", "extract"), ("fit", "fit"), ("reconcile", "reconcile")]
)
def test_files_stand_where_earlier_versions_have_put_them(
    retail: Profile, lake_root: Path, tmp_path: Path, purpose: str, folder: str
) -> None:
    run = Run(retail, "daily", parse_as_of("2011-07-01T06:30Z", retail), purpose)
    measured, labels = MeasureArtifacts(run), SegmentArtifacts(run)
    tables = (
        measured.locate_population(),
        measured.locate_previous_population(),
        measured.locate_kpis("rfm"),
        measured.locate_cohort_kpis("rfm"),
        measured.locate_previous_kpis("rfm"),
        measured.locate_signals(),
        measured.locate_landmark(30),
        measured.locate_figures(),
        labels.locate_labels("rfm"),
        labels.locate_cohort_labels("rfm"),
    )
    for table in tables:
        table.write_table(pa.table({"customer_id": ["a"]}))
    KPIS.write_to(run, "rfm")
    PublishSummary().write_to(run)
    ReportArtifacts(run).write_page("<h1>Retail</h1>")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.html").write_text("<h1>Expectations</h1>")
    assert ValidateArtifacts(run).write_docs(tmp_path / "docs").endswith("/validate/data_docs/index.html")
    home = Path(run.lake.uri) / "_runs" / folder / "2011-07-01T063000Z"
    assert sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()) == [
        "measure/figures.parquet",
        "measure/population.parquet",
        "measure/population.previous.parquet",
        "measure/rfm.cohort.parquet",
        "measure/rfm.json",
        "measure/rfm.parquet",
        "measure/rfm.previous.parquet",
        "measure/signals.30d.parquet",
        "measure/signals.parquet",
        "publish/all.json",
        "report/report.html",
        "segment/rfm.cohort.parquet",
        "segment/rfm.parquet",
        "validate/data_docs/index.html",
    ]


def test_tables_and_pages_come_back_as_written(run_at: Callable[..., Run], tmp_path: Path) -> None:
    run = run_at("2011-07-01")
    population = MeasureArtifacts(run).locate_population()
    with pytest.raises(DataError, match=r"population\.parquet does not exist; run the stage before this one first"):
        population.read_table()
    table = pa.table({"customer_id": ["a", "b"]})
    assert population.write_table(table) == population.uri
    assert population.read_table() == table
    assert ReportArtifacts(run).read_page() is None
    assert ReportArtifacts(run).write_page("<h1>Retail</h1>").endswith("report/report.html")
    assert ReportArtifacts(run).read_page() == "<h1>Retail</h1>"
    assert ValidateArtifacts(run).read_docs_page() is None
    (tmp_path / "style.css").write_text("h1 {}")
    ValidateArtifacts(run).write_docs(tmp_path)
    assert ValidateArtifacts(run).read_docs_page("style.css") == "h1 {}"


def test_what_a_source_counts_stands_beside_the_other_keys(run_at: Callable[..., Run]) -> None:
    run = run_at("2011-07-01")
    summary = ExtractSummary(extract="lines", pulled={"rows_read": 3, "bound": "now"}, complete_through=None)
    written = {"extract": "lines", "rows_read": 3, "bound": "now", "complete_through": None, "seconds": 0.0}
    assert summary.write_to(run, "lines") == written == summary.to_dict()
    assert ExtractSummary.read_from(run, "lines") == summary


def test_a_summary_of_another_version_can_be_read(run_at: Callable[..., Run]) -> None:
    run = run_at("2011-07-01")
    LabelSummary(model_id="m1", look_ahead=True).write_to(run, "rfm")
    (path,) = Path(run.lake.uri).rglob("segment/rfm.json")
    path.write_text(json.dumps({"model_id": "m1", "look_ahead": True, "of_a_later_version": 1}))
    assert LabelSummary.read_from(run, "rfm") == LabelSummary(model_id="m1", look_ahead=True)


def test_the_previous_run_is_the_newest_published_one(run_at: Callable[..., Run]) -> None:
    june, july, august = (run_at(day) for day in ("2011-06-01", "2011-07-01", "2011-08-01"))
    assert find_previous_run(august) is None
    for run in (june, august):
        PublishSummary().write_to(run)
    KPIS.write_to(july, "rfm")  # measured, never published
    assert find_previous_run(august) == june
    between = replace(july, as_of=datetime(2011, 7, 31, 23, 59, 59, tzinfo=UTC))
    PublishSummary().write_to(between)
    assert find_previous_run(august) == between


def test_folders_that_no_run_has_made_are_passed_over(run_at: Callable[..., Run]) -> None:
    june, july = run_at("2011-06-01"), run_at("2011-07-01")
    PublishSummary().write_to(june)
    for name in ("notes", "2011-06-31", "20110615", "2010-11-01", "2010-12-01"):  # the profile starts on the last one
        Path(june.lake.uri, "_runs", "monthly", name, "publish").mkdir(parents=True)
        Path(june.lake.uri, "_runs", "monthly", name, "publish", "all.json").write_text("{}")
    assert find_previous_run(july) == june
    assert find_previous_run(june) is None
