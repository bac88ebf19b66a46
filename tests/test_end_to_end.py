"""`make demo` as a newcomer runs it, on a small platform: real Airflow, real databases, what it prints and leaves."""

import csv
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from demo.servers import CHECKOUT, private_dir

pytestmark = pytest.mark.end_to_end
LEARNERS = 3000
NAME = "test-end-to-end"
TABLES = [path.stem for path in (CHECKOUT / "include" / "sql" / "warehouse").glob("*.sql")]

Demo = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "demo", *arguments],
            cwd=CHECKOUT,
            env=os.environ | {"SEGMENTATION_DEMO": NAME, "COLUMNS": "140"},
            capture_output=True,
            text=True,
            check=False,
        )

    call("clean")
    yield call
    call("clean")


@pytest.fixture(scope="module")
def done(demo: Demo) -> str:
    finished = demo("run", "--learners", str(LEARNERS))
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def rows(demo: Demo, query: str) -> list[dict[str, str]]:
    finished = demo("sql", "--query", query)
    assert finished.returncode == 0, finished.stderr
    return list(csv.DictReader(io.StringIO(finished.stdout)))


def processes_below(folder: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words:
            found.append(words)
    return found


def test_every_dag_ran_on_the_scheduler(done: str) -> None:
    for line in (
        "learning__extract            as of 2025-06-01  success",
        "learning__fit                as of 2025-02-01  success",
        *(f"learning__segment_monthly    as of 2025-0{month}-01  success" for month in (2, 3, 4, 5)),
        "learning__segment_weekly     as of 2025-05-26  success",
        "learning__segment_daily      as of 2025-06-01  success",
    ):
        assert line in done


def test_it_prints_segments_claims_counts_and_where_to_look(done: str) -> None:
    for words in ("Loyalty at 2025-05-01", "Never visited", "middle half", "No engagement rises", "33,013", "equal"):
        assert words in done
    assert "DIFFERENT" not in done
    for table in TABLES:
        assert table in done
    report = next(line.split(maxsplit=1)[1] for line in done.splitlines() if line.startswith("Report:"))
    assert "<svg" in Path(report).read_text()


def test_every_learner_is_in_one_segment_of_each_macro_segment(demo: Demo, done: str) -> None:
    sizes = rows(
        demo, "SELECT cadence, as_of, macro_segment, sum(customers) AS n FROM fct_segment_size GROUP BY 1, 2, 3"
    )
    assert len(sizes) == 6 * 4
    assert {int(row["n"]) for row in sizes} == {LEARNERS}
    months = rows(demo, "SELECT DISTINCT month FROM fct_cohort_segment ORDER BY 1")
    assert [row["month"] for row in months] == ["1", "2", "3", "4"]


def test_nothing_is_left_running(demo: Demo, done: str) -> None:
    assert processes_below(private_dir() / NAME) == []
    assert processes_below(CHECKOUT / ".local" / NAME) == []


def test_airflow_opens_with_its_login_and_ends(demo: Demo, done: str) -> None:
    opened = demo("airflow")
    try:
        assert opened.returncode == 0, opened.stdout + opened.stderr
        words = opened.stdout.split()
        url, password = words[words.index("at") + 1], words[words.index("password") + 1].rstrip(");")
        login = {"username": "admin", "password": password}
        token = httpx.post(f"{url}/auth/token", json=login, timeout=30).json()["access_token"]
        runs = httpx.get(
            f"{url}/api/v2/dags/~/dagRuns", headers={"Authorization": f"Bearer {token}"}, timeout=30
        ).json()
        assert runs["total_entries"] == 8
        assert {run["state"] for run in runs["dag_runs"]} == {"success"}
        assert rows(demo, "SELECT count(*) AS n FROM segmentation_run") == [{"n": "6"}], "beside the running server"
    finally:
        assert demo("stop").returncode == 0
    time.sleep(1)
    assert processes_below(private_dir() / NAME) == []
