"""A new kind of source is a file of its own and one registry entry; everything else treats it like the others."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from parquet_folder_source import ParquetFolderSource

from demo.servers import Server
from demo.stack import write_libpq_uri
from include.segmentation.__main__ import main
from include.segmentation.authoring import check_profile
from include.segmentation.errors import ProfileError
from include.segmentation.extract import explain_extract, extract, reconcile_extract
from include.segmentation.lake.change_log import LogState
from include.segmentation.profile import sources
from include.segmentation.profile.loader import load_profile
from include.segmentation.run import Run

LIBRARY = Path(__file__).parents[1] / "profiles"
MEMBERS = pa.schema([("member_id", pa.int64()), ("joined_at", pa.timestamp("us", "UTC")), ("town", pa.string())])
LOANS = pa.schema([("loan_id", pa.int64()), ("member_id", pa.int64()), ("borrowed_at", pa.timestamp("us", "UTC"))])
JOINED = datetime(2024, 1, 2, tzinfo=UTC)
TABLES = {"members": MEMBERS, "loans": LOANS}


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "SOURCE_KINDS", [*sources.SOURCE_KINDS, ParquetFolderSource])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one day of each extract, and the connection to it."""
    root = tmp_path / "files"
    connection = {"conn_type": "fs", "extra": {"path": str(root)}}
    monkeypatch.setenv("AIRFLOW_CONN_LIBRARY_FILES", json.dumps(connection))
    write(root, "members", "2024-02-01", [(1, JOINED, "Ulm"), (2, JOINED, None)])
    write(root, "loans", "2024-02-01", [(1, 1, JOINED)])
    return root


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """The library's profile, reading files instead of MySQL."""
    value = yaml.safe_load((LIBRARY / "library.yaml").read_text())
    files = {"kind": "files", "source": "desk"}
    value |= {
        "sources": {"desk": {"kind": "parquet_folder", "connection": "library_files"}},
        "extracts": {
            "members": files
            | {"folder": "members", "mode": "merge", "cursor": "joined_at", "primary_key": ["member_id"]},
            "loans": files | {"folder": "loans", "mode": "append", "cursor": "borrowed_at", "primary_key": ["loan_id"]},
        },
    }
    path = tmp_path / "profiles" / "library.yaml"
    (path.parent / "sql").mkdir(parents=True)
    (path.parent / "sql" / "library").symlink_to(LIBRARY / "sql" / "library")
    path.write_text(yaml.safe_dump(value, sort_keys=False))
    return path


@pytest.fixture
def run(profile: Path, folder: Path, lake_root: Path) -> Iterator[Run]:
    return Run(load_profile("library", profile.parent), "monthly", datetime(2024, 3, 1, tzinfo=UTC))


def write(root: Path, name: str, day: str, rows: list[tuple]) -> None:
    schema = TABLES[name]
    (root / name).mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
    pq.write_table(table, root / name / f"{day}.parquet")


def change(profile: Path, old: str, new: str) -> None:
    text = profile.read_text()
    assert old in text
    profile.write_text(text.replace(old, new, 1))


def test_new_files_are_pulled_once_and_keys_follow_the_declared_mode(run: Run, folder: Path) -> None:
    assert extract(run, "members")["complete_through"] == "2024-02-01T00:00:00+00:00"
    assert extract(run, "members")["rows_written"] == 0
    write(folder, "members", "2024-03-01", [(2, JOINED, "Bonn")])
    assert extract(run, "members")["rows_written"] == 1
    with run.lake.open_engine() as engine:
        run.lake.create_current_view(engine, "members")
        towns = engine.execute("SELECT member_id, town FROM members ORDER BY 1").fetch_rows()
        assert towns == [(1, "Ulm"), (2, "Bonn")]
    assert run.find_late_extracts() == {"loans": None}


def test_rows_of_an_earlier_time_are_late_by_the_declared_time_column(run: Run) -> None:
    extract(run, "loans")
    nothing = pa.table({"source_seq": pa.array([], pa.int64())})
    run.lake.open_quarantine("loans").append(nothing, LogState(cursor=1))  # everything is validated
    with run.lake.open_engine() as engine:
        assert run.lake.has_late_rows(engine, "loans", 0, JOINED + timedelta(days=1))
        assert not run.lake.has_late_rows(engine, "loans", 0, JOINED)


def test_what_the_source_cannot_do_is_refused(run: Run) -> None:
    with pytest.raises(ProfileError, match=r"extract 'loans'; allowed: none$"):
        reconcile_extract(run, "loans")
    with pytest.raises(ProfileError, match=r"extract 'loans'; allowed: none$"):
        explain_extract(run.profile, "loans")


def test_a_profile_is_checked_against_the_files(profile: Path, folder: Path) -> None:
    summary = check_profile("library", profile.parent).summary
    assert "extract  loans: files of desk, append by borrowed_at, key loan_id; expectations: 1" in summary
    change(profile, "- loan_id", "- loan_no")
    mistakes = check_profile("library", profile.parent, connect=True).mistakes
    wanted = "extracts.loans.primary_key: the files have no column 'loan_no'; allowed: loan_id, member_id, borrowed_at"
    assert any(wanted in mistake for mistake in mistakes)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: parquet_folder", "kind: mysql", "extracts.members: kind 'files' needs a parquet_folder source"),
        ("kind: parquet_folder", "kind: ftp", "sources.desk"),
        ("folder: loans", "folders: loans", "library.yaml:22: extracts.loans.folder: missing; "),
        ("folder: loans", "folders: loans", "library.yaml:25: extracts.loans.folders: unknown key; "),
    ],
)
def test_mistakes_are_found_as_in_the_other_kinds(profile: Path, old: str, new: str, message: str) -> None:
    change(profile, old, new)
    with pytest.raises(ProfileError) as refused:
        load_profile("library", profile.parent)
    assert message in str(refused.value)


def test_a_kind_that_is_not_registered_is_refused(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "SOURCE_KINDS", sources.SOURCE_KINDS[:-1])
    with pytest.raises(ProfileError, match=r"sources\.desk.*parquet_folder.*'mysql', 'ga4'"):
        load_profile("library", profile.parent)


def test_a_whole_chain_runs_on_it(
    profile: Path, folder: Path, lake_root: Path, postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From files to a report: a third of the members never borrows, a third a little, a third a lot."""
    chance = random.Random(7)
    count = 450
    write(folder, "members", "2024-04-01", [(member, JOINED, "Ulm") for member in range(1, count + 1)])
    loans = [
        (member * 100 + number, member, JOINED + timedelta(hours=chance.randint(24 * 32, 24 * 80)))
        for member in range(1, count + 1)
        for number in range([0, chance.randint(1, 2), chance.randint(15, 25)][member % 3])
    ]
    loans.append((1, None, JOINED))  # held back by the expectation
    (folder / "loans" / "2024-02-01.parquet").unlink()
    write(folder, "loans", "2024-04-01", loans)
    with psycopg.connect(write_libpq_uri(postgres_server.write_uri("postgres")), autocommit=True) as admin:
        admin.execute("CREATE DATABASE parquet_library")
    uri = postgres_server.write_uri("parquet_library")
    monkeypatch.setenv("AIRFLOW_CONN_SEGMENTATION_WAREHOUSE", uri)
    for stage in ("extract", "validate", "fit", "measure", "segment", "publish", "report"):
        arguments = ["--profile", "library", "--as-of", "2024-04-01", "--profiles-dir", str(profile.parent)]
        assert main([stage, *arguments]) == 0, stage
    with psycopg.connect(write_libpq_uri(uri), options="-c search_path=library") as connection:
        counts = "SELECT stratum, count(*) FROM fct_segment_label GROUP BY 1 ORDER BY 1"
        assert connection.execute(counts).fetchall() == [("borrowing", 300), ("never", 150)]
        assert connection.execute("SELECT quarantined FROM segmentation_run").fetchall() == [(1,)]
    [report] = lake_root.rglob("report.html")
    assert "Never borrowed" in report.read_text()
