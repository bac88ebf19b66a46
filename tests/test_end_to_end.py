"""`make demo` as a newcomer runs it, on a small platform: real Airflow, real databases, what it prints and leaves."""

import csv
import io
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from demo.servers import CHECKOUT
from include.segmentation.publish import tables
from include.segmentation.warehouse.published_table import discover_tables

pytestmark = pytest.mark.end_to_end
LEARNERS = 3000
NAME = "test-end-to-end"
TABLES = [table.name for table in discover_tables(tables)]

Demo = Callable[..., subprocess.CompletedProcess[str]]


def environment() -> dict[str, str]:
    return os.environ | {"SEGMENTATION_DEMO": NAME, "COLUMNS": "140"}


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "demo", *arguments],
            cwd=CHECKOUT,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    call("clean")
    yield call
    call("clean")


@pytest.fixture(scope="module")
def done(demo: Demo) -> str:
    finished = demo("run", "--size", str(LEARNERS))
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def rows(demo: Demo, query: str) -> list[dict[str, str]]:
    finished = demo("sql", "--query", query)
    assert finished.returncode == 0, finished.stderr
    return list(csv.DictReader(io.StringIO(finished.stdout)))


def left_running() -> list[str]:
    """The command lines of all processes that carry this demo's name in their environment or their words."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            variables = (process / "environ").read_bytes()
        except OSError:
            continue
        if f"/{NAME}/" in words or f"SEGMENTATION_DEMO={NAME}".encode() in variables:
            found.append(words)
    return found


def test_every_dag_ran_on_the_scheduler(done: str) -> None:
    for line in (
        "learning__extract            as of 2025-06-01  success",
        "learning__reconcile          as of 2025-05-26  success",
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
    assert len(TABLES) > 20
    for table in TABLES:
        assert table in done
    report = next(line.split(maxsplit=1)[1] for line in done.splitlines() if line.startswith("Report:"))
    assert "<svg" in Path(report).read_text()


def test_every_learner_is_in_one_segment_of_each_macro_segment(demo: Demo, done: str) -> None:
    sizes = rows(
        demo,
        "SELECT cadence, as_of, macro_segment, sum(customers) AS n FROM fct_segment_size WHERE parent_key IS NULL "
        "GROUP BY 1, 2, 3",
    )
    assert len(sizes) == 6 * 4
    assert {int(row["n"]) for row in sizes} == {LEARNERS}
    months = rows(demo, "SELECT DISTINCT month FROM fct_cohort_segment ORDER BY 1")
    assert [row["month"] for row in months] == ["1", "2", "3", "4"]


def test_nothing_is_left_running(demo: Demo, done: str) -> None:
    assert left_running() == []


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
        assert runs["total_entries"] == 9
        assert {run["state"] for run in runs["dag_runs"]} == {"success"}
        assert rows(demo, "SELECT count(*) AS n FROM segmentation_run") == [{"n": "6"}], "beside the running server"
    finally:
        assert demo("stop").returncode == 0
    assert left_running() == []


def shop_lines() -> str:
    """A small shop in the original's CSV: 60 buyers, 3 with cancellations only, lines of nobody, exact duplicates."""
    chance = random.Random(11)
    lines, first = [], datetime(2010, 12, 1, 9)
    for customer in range(12346, 12406):
        for _ in range(chance.randint(1, 12)):
            at = first + timedelta(hours=chance.randint(0, 24 * 370))
            for _ in range(chance.randint(1, 5)):
                lines.append((f"{536000 + len(lines)}", "85123A", "HEART", chance.randint(1, 20), at, "2.55", customer))
    for customer in (18001, 18002, 18003):
        lines.append((f"C{550000 + customer}", "85123A", "HEART", -1, first + timedelta(days=40), "2.55", customer))
    lines += [
        (f"{570000 + i}", "POST", "POSTAGE", 1, first + timedelta(days=9, hours=i), "18.005", "") for i in range(40)
    ]
    lines += lines[:7]
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(
        ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
    )
    writer.writerows((*row[:4], f"{row[4]:%m/%d/%Y %H:%M}", *row[5:], "United Kingdom") for row in lines)
    return table.getvalue()


def test_a_shop_of_ones_own_reconciles(demo: Demo, done: str, tmp_path: Path) -> None:
    data = tmp_path / "shop lines.csv"
    data.write_text(shop_lines())
    count = len(data.read_text().splitlines()) - 1
    finished = demo("run", "--profile", "retail", "--data", str(data))
    assert finished.returncode == 0, finished.stdout + finished.stderr
    figures = {
        line.split("│")[1].strip(): [cell.strip() for cell in line.split("│")[2:]]
        for line in finished.stdout.splitlines()
        if line.startswith("│") and line.count("│") >= 3
    }
    assert figures["invoice lines"][:3] == [f"{count:,}", f"{count:,}", "equal"]
    assert figures["total value"][2] == "equal"
    assert figures["with a purchase"][0] == "60"
    assert figures["cancellations only"][0] == "3"
    assert figures["unknown lines"][0] == "40"
    learners = rows(demo, "SELECT count(*) AS n FROM learning.customer_analytics_record")
    assert learners == [{"n": str(LEARNERS)}], "one demo leaves the other's tables alone"


def test_an_interrupted_demo_leaves_nothing_running(demo: Demo, done: str) -> None:
    # The last one: it begins the learning demo afresh.
    process = subprocess.Popen(
        [sys.executable, "-m", "demo", "run", "--size", "300"],
        cwd=CHECKOUT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Airflow:"):
            break
    time.sleep(3)  # into Airflow's start
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; everything is stopped" in errors
    assert left_running() == []
