"""A fourth business through every stage, from the command line: MySQL in, segment tables and a report out."""

import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import MySQLdb
import psycopg
import pytest
import yaml

from demo.servers import PASSWORD, Server
from demo.stack import write_libpq_uri
from include.segmentation.__main__ import main

CHECKOUT = Path(__file__).parents[1]
PROFILES = CHECKOUT / "tests" / "profiles"
MEMBERS = 900
TABLES = """
CREATE TABLE members (
    member_id INT PRIMARY KEY, joined_at DATETIME NOT NULL, town VARCHAR(40), updated_at DATETIME NOT NULL,
    INDEX (updated_at, member_id)
);
CREATE TABLE loans (
    branch VARCHAR(10), loan_no INT, member_id INT, borrowed_at DATETIME NOT NULL,
    PRIMARY KEY (branch, loan_no), INDEX (borrowed_at, branch, loan_no)
)
"""


@pytest.fixture(scope="module")
def library(
    mariadb_server: Server, postgres_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict]:
    """The environment of a filled library: a third never borrows, a third a little, a third a lot."""
    connection = MySQLdb.connect(host="127.0.0.1", port=mariadb_server.port, user="demo", password=PASSWORD)
    cursor = connection.cursor()
    cursor.execute("CREATE DATABASE library")
    connection.select_db("library")
    for statement in TABLES.split(";"):
        cursor.execute(statement)
    chance = random.Random(7)
    joined = datetime(2024, 1, 2)
    cursor.executemany(
        "INSERT INTO members VALUES (%s, %s, %s, %s)",
        [(i, joined, "Ulm" if i % 9 else None, joined) for i in range(1, MEMBERS + 1)],
    )
    loans = []
    for member in range(1, MEMBERS + 1):
        for _ in range([0, chance.randint(1, 2), chance.randint(15, 25)][member % 3]):
            loans.append(
                (chance.choice("ab"), len(loans), member, joined + timedelta(hours=chance.randint(0, 24 * 115)))
            )
    loans.append(("a", len(loans), None, joined))  # nobody's: held back by the expectation
    cursor.executemany("INSERT INTO loans VALUES (%s, %s, %s, %s)", loans)
    connection.commit()
    with psycopg.connect(write_libpq_uri(postgres_server.write_uri("postgres")), autocommit=True) as admin:
        admin.execute("CREATE DATABASE library")
    never = set(range(1, MEMBERS + 1)) - {member for _, _, member, at in loans if at < datetime(2024, 4, 1)}
    yield os.environ | {
        "NEVER_BORROWED": str(len(never)),
        "SEGMENTATION_LAKE": str(tmp_path_factory.mktemp("lake")),
        "AIRFLOW_CONN_LIBRARY_MYSQL": mariadb_server.write_uri("library"),
        "AIRFLOW_CONN_SEGMENTATION_WAREHOUSE": postgres_server.write_uri("library"),
    }
    cursor.execute("DROP DATABASE library")


def segmentation(environment: dict, command: str, as_of: str) -> subprocess.CompletedProcess[str]:
    arguments = [command, "--profile", "library", "--as-of", as_of, "--profiles-dir", str(PROFILES)]
    return subprocess.run(
        [sys.executable, "-m", "include.segmentation", *arguments],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def published(environment: dict, query: str) -> list[tuple]:
    uri = write_libpq_uri(environment["AIRFLOW_CONN_SEGMENTATION_WAREHOUSE"])
    with psycopg.connect(uri, options="-c search_path=library") as connection:
        return connection.execute(query).fetchall()


def everything(environment: dict) -> dict[str, list[tuple]]:
    names = published(environment, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'library'")
    return {
        name: sorted(published(environment, f'SELECT * FROM "{name}"'), key=repr)
        for (name,) in names
        if name not in ("segmentation_run", "segmentation_check")  # which tell when
    }


def test_a_fourth_business_needs_no_python(library: dict) -> None:
    too_early = segmentation(library, "run", "2024-04-01")
    assert too_early.returncode == 2, "without a model there is nothing to label with"
    assert "fit" in too_early.stderr.splitlines()[-1]

    fitted = segmentation(library, "fit", "2024-04-01")
    assert fitted.returncode == 0, fitted.stderr
    for as_of in ("2024-04-01", "2024-05-01"):
        done = segmentation(library, "run", as_of)
        assert done.returncode == 0, done.stderr

    [(customers, never)] = published(
        library,
        "SELECT count(*), count(*) FILTER (WHERE stratum = 'never') FROM fct_segment_label "
        "WHERE as_of = '2024-04-01' AND macro_segment = 'reading'",
    )
    assert (customers, never) == (MEMBERS, int(library["NEVER_BORROWED"]))
    [(segments,)] = published(library, "SELECT count(*) FROM dim_segment WHERE stratum = 'borrowing' AND is_current")
    assert segments >= 2, "those who borrow a little and those who borrow a lot are two segments"
    [(quarantined,)] = published(library, "SELECT max(quarantined) FROM segmentation_run")
    assert quarantined == 1

    _people_add_up(library)
    before = everything(library)
    assert segmentation(library, "run", "2024-05-01").returncode == 0
    assert everything(library) == before, "the same run twice leaves identical tables"

    reports = sorted(Path(library["SEGMENTATION_LAKE"]).rglob("report.html"))
    assert len(reports) == 2
    assert "Never borrowed" in reports[-1].read_text()


def _people_add_up(library: dict) -> None:
    towns = published(
        library,
        "SELECT value, customers, coverage FROM fct_segment_demographic "
        "WHERE as_of = '2024-05-01' AND segment_key = 'all' ORDER BY value",
    )
    assert towns == [("Ulm", 800, 8 / 9), ("unknown", 100, 8 / 9)]
    steps = "SELECT customers FROM fct_funnel WHERE as_of = '2024-05-01' AND segment_key = %s ORDER BY step"
    [(everyone,), (borrowed,), (regular,)] = published(library, steps % "'all'")
    assert everyone == MEMBERS > borrowed > regular > 0
    who = published(library, "SELECT persona, count(*) FROM customer_analytics_record GROUP BY 1 ORDER BY 1")
    counted = "SELECT persona, customers FROM fct_persona WHERE as_of = '2024-05-01' AND persona <> 'none' ORDER BY 1"
    assert who == published(library, counted)


class Library:
    """The library's profile in a folder of its own, to be changed, and the commands in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(shutil.copytree(PROFILES, folder / "profiles"))
        self.path = self.folder / "library.yaml"
        self.sql = self.folder / "sql" / "library" / "measure" / "reading.sql"
        self.profile = yaml.safe_load(self.path.read_text())

    @property
    def reading(self) -> dict:
        return self.profile["macro_segments"]["reading"]

    def __call__(self, command: str, *arguments: str) -> int:
        self.path.write_text(yaml.safe_dump(self.profile, sort_keys=False))
        return main([command, "--profile", "library", *arguments, "--profiles-dir", str(self.folder)])


def test_a_kpi_is_added_and_retired_without_breaking_history(
    library: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As docs/change-kpis.md says, step by step."""
    for name, value in library.items():
        monkeypatch.setenv(name, value)
    run = Library(tmp_path)
    april = "SELECT * FROM {} WHERE as_of = '2024-04-01' ORDER BY 1, 2, 3, 4"
    months = "SELECT as_of::date::text, count({}) > 0 FROM fct_customer_kpi GROUP BY 1 ORDER BY 1"
    assert run("extract", "--as-of", "2024-04-01") == 0
    assert run("fit", "--as-of", "2024-04-01") == 0
    assert run("run", "--as-of", "2024-04-01") == 0
    columns = "customer_id, cadence, as_of, loans, days_since_last_loan, loans_ever"
    kpis_of_april = published(library, april.replace("*", columns).format("fct_customer_kpi"))
    tables = ("fct_segment_label", "fct_segment_profile", "fct_segment_size")
    told_of_april = {table: published(library, april.format(table)) for table in tables}

    ever = run.reading["kpis"]["loans_ever"]
    run.reading["kpis"]["branches"] = ever | {"label": "Branches", "goal": "Books travel", "owner": "desk"}
    text = run.sql.read_text()
    counted = 'count(DISTINCT l.branch) FILTER (WHERE {{ window("branches", "l.borrowed_at") }}) AS branches,\n    '
    run.sql.write_text(text.replace("    count(*) FILTER", f"    {counted}count(*) FILTER", 1))
    assert run("run", "--as-of", "2024-05-01") == 0, "no fit is needed"
    assert published(library, months.format("branches")) == [("2024-04-01", False), ("2024-05-01", True)]

    late = run.reading["kpis"].pop("days_since_last_loan")
    borrowing = next(each for each in run.reading["strata"] if each["name"] == "borrowing")
    borrowing["kpis"] = ["loans"]
    with_it = run.sql.read_text()
    without_it = re.sub(r" +datediff\(.*AS days_since_last_loan,\n", "", with_it, flags=re.DOTALL)
    run.sql.write_text(without_it)
    before = everything(library)
    assert run("run", "--as-of", "2024-06-01") == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "kpis.days_since_last_loan is not declared, but model library.reading.2024-04-01" in said
    assert everything(library) == before

    run.reading["kpis"]["days_since_last_loan"] = late
    run.sql.write_text(with_it)
    assert run("extract", "--as-of", "2024-06-01") == 0
    assert run("fit", "--as-of", "2024-06-01") == 0
    fitted = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("fit "))
    if "status=candidate" in fitted:
        model = fitted.split("model_id=")[1].split()[0]
        assert run("accept", "--model", model, "--by", "mira") == 0
    assert run("run", "--as-of", "2024-06-01") == 0

    del run.reading["kpis"]["days_since_last_loan"]
    run.sql.write_text(without_it)
    assert run("run", "--as-of", "2024-07-01") == 0
    assert published(library, months.format("days_since_last_loan")) == [
        *(("2024-04-01", True), ("2024-05-01", True), ("2024-06-01", True), ("2024-07-01", False))
    ]
    versions = "SELECT kpi, valid_from::date::text, valid_to::date::text, is_current, goal FROM dim_kpi ORDER BY 1, 2"
    assert published(library, versions) == [
        ("branches", "2024-05-01", None, True, "Books travel"),
        ("days_since_last_loan", "2024-04-01", "2024-07-01", False, ""),
        ("loans", "2024-04-01", None, True, ""),
        ("loans_ever", "2024-04-01", None, True, ""),
    ]
    assert published(library, "SELECT count(days_since_last_loan), count(branches) FROM customer_analytics_record") == [
        (0, MEMBERS)
    ]
    assert published(library, april.replace("*", columns).format("fct_customer_kpi")) == kpis_of_april
    assert {table: published(library, april.format(table)) for table in tables} == told_of_april
