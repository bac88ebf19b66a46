"""The command line as its user sees it: whatever cannot work gives one clear line and status 2."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]


def segmentation(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "include.segmentation", *arguments],
        cwd=CHECKOUT,
        env={key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW_CONN_")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize(
    ("as_of", "words"),
    [
        ("2999-01-01", ["as_of 2999-01-01", "future"]),
        ("2025-01-01", ["schedule.start 2025-01-01"]),
        ("yesterday", ["as_of: found 'yesterday'", "2025-02-01"]),
        ("2025-02-01T00:00", ["offset"]),
        ("0001-01-01T00:00+14:00", ["as_of: found '0001-01-01T00:00+14:00'"]),
        ("2025-02-01T00:00:00.5Z", ["500000 microseconds", "whole seconds"]),
    ],
)
def test_an_as_of_that_no_run_can_have_is_refused(as_of: str, words: list[str]) -> None:
    assert_refused(segmentation("run", "--profile", "learning", "--as-of", as_of), *words)


def test_an_unknown_profile_lists_the_known_ones() -> None:
    assert_refused(
        segmentation("run", "--profile", "lerning", "--as-of", "2025-02-01"), "'lerning'", "learning", "retail"
    )


def test_an_unknown_target_lists_the_known_ones() -> None:
    done = segmentation("measure", "--profile", "learning", "--as-of", "2025-02-01", "--only", "loyality")
    assert_refused(done, "'loyality'", "loyalty")


def test_an_undefined_connection_names_its_variable(tmp_path: Path) -> None:
    done = segmentation(
        "extract", "--profile", "learning", "--as-of", "2025-02-01", "--only", "users", SEGMENTATION_LAKE=str(tmp_path)
    )
    assert_refused(done, "learning_mysql", "AIRFLOW_CONN_LEARNING_MYSQL")
    assert not any(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize(
    ("extract", "variable", "uri"),
    [
        ("users", "AIRFLOW_CONN_LEARNING_MYSQL", "mysql://u:p@127.0.0.1:1/learning"),
        (
            "sessions",
            "AIRFLOW_CONN_LEARNING_GA4",
            '{"conn_type": "google_cloud_platform", '
            '"extra": {"api_endpoint": "http://127.0.0.1:1", "is_anonymous": true}}',
        ),
    ],
)
def test_an_unreachable_source_gives_one_line(tmp_path: Path, extract: str, variable: str, uri: str) -> None:
    done = segmentation(
        *("extract", "--profile", "learning", "--as-of", "2025-02-01", "--only", extract),
        **{"SEGMENTATION_LAKE": str(tmp_path), variable: uri},
    )
    assert_refused(done, variable.removeprefix("AIRFLOW_CONN_").lower(), "127.0.0.1")
    assert not any(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize(
    ("lake", "words"),
    [
        ("/dev/null", ["lake /dev/null: ", "Not a directory"]),
        ("/tmp/50%", ["SEGMENTATION_LAKE: found '/tmp/50%'", "without %"]),
    ],
)
def test_a_lake_that_cannot_be_written_gives_one_line(lake: str, words: list[str]) -> None:
    done = segmentation("extract", "--profile", "retail", "--as-of", "2011-07-01", SEGMENTATION_LAKE=lake)
    assert_refused(done, *words)


def test_a_lake_may_be_a_relative_folder(tmp_path: Path) -> None:
    relative = os.path.relpath(tmp_path, CHECKOUT)
    done = segmentation("measure", "--profile", "retail", "--as-of", "2011-07-01", SEGMENTATION_LAKE=relative)
    assert_refused(done, "'invoice_lines' is complete through nothing yet")


def test_a_stage_names_the_stage_that_has_not_run(tmp_path: Path) -> None:
    done = segmentation("measure", "--profile", "learning", "--as-of", "2025-02-01", SEGMENTATION_LAKE=str(tmp_path))
    assert_refused(done, "extract")


def test_help_names_every_command() -> None:
    done = segmentation("--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: python -m include.segmentation ")
    commands = ["extract", "validate", "measure", "segment", "publish", "report", "run", "fit", "track", "models"]
    commands += ["accept", "reject", "preview", "reconcile", "maintain", "explain-extract", "new-profile"]
    for command in [*commands, "check-profile"]:
        assert f"\n    {command}" in done.stdout


def test_the_installed_command_is_the_same(tmp_path: Path) -> None:
    scripts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, function = scripts["segmentation"].partition(":")
    program = tmp_path / "segmentation"
    program.write_text(f"import sys\nfrom {module} import {function}\nsys.exit({function}())\n")
    done = subprocess.run(
        [sys.executable, program, "--help"],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=True,
    )
    help_text = segmentation("--help").stdout
    assert done.stdout.startswith("usage: segmentation [-h] <command> ...\n")
    assert done.stdout.partition("\n")[2] == help_text.partition("\n")[2]
