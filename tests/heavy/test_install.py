"""The package installs into a fresh environment and brings the command ``segmentation``."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that has the package in editable form, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(folder / "bin" / "pip"), "install", "--quiet", "--no-deps", "--editable", str(CHECKOUT)]
    subprocess.run(install, check=True)
    return folder / "bin"


def call(program: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run an installed program anywhere; the pinned requirements come from this environment."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    variables["PYTHONPATH"] = sysconfig.get_path("purelib")
    return subprocess.run([program, *arguments], cwd=folder, env=variables, capture_output=True, text=True, check=False)


def test_the_command_shows_its_commands(installed: Path, tmp_path: Path) -> None:
    shown = call(installed / "segmentation", "--help", folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("usage: segmentation ")
    assert "check-profile" in shown.stdout


def test_the_command_checks_a_profile_that_comes_with_the_package(installed: Path, tmp_path: Path) -> None:
    checked = call(installed / "segmentation", "check-profile", "retail", folder=tmp_path)
    assert checked.returncode == 0, checked.stderr


def test_a_mistake_is_one_line_and_status_2(installed: Path, tmp_path: Path) -> None:
    refused = call(installed / "segmentation", "check-profile", "unknown", folder=tmp_path)
    assert (refused.returncode, len(refused.stderr.strip().splitlines())) == (2, 1)
