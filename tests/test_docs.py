"""What the documentation says can be followed: commands parse, links lead somewhere, lines stay short."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from include.segmentation.command_line import make_parser

CHECKOUT = Path(__file__).parents[1]
PAGES = [*sorted(CHECKOUT.glob("*.md")), *sorted((CHECKOUT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(CHECKOUT)) for page in PAGES]
PROGRAM = re.compile(r"^(?:python -m include\.segmentation|segmentation) ")
LONGEST_LINE = 100


def list_commands(start: str) -> list[str]:
    """Every command in a code block of any page that begins with ``start``, without its comment."""
    blocks = [line.strip() for page in PAGES for line in page.read_text().splitlines() if line.startswith("    ")]
    lines = [line for line in (line.removeprefix("$ ") for line in blocks) if re.match(rf"{start}\b", line)]
    commands = [re.split(r"\s{2,}|\s#\s", line)[0] for line in lines]
    return sorted({command for command in commands if "…" not in command})


@pytest.mark.parametrize("command", list_commands("make"))
def test_make_knows_the_target(command: str) -> None:
    words = shlex.split(command.replace("<file>", "file"))
    done = subprocess.run([words[0], "-n", *words[1:]], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [*list_commands("python -m include.segmentation"), *list_commands("segmentation")])
def test_the_command_line_takes_the_arguments(command: str) -> None:
    arguments = shlex.split(PROGRAM.sub("", f"{command} ").strip())
    if arguments != ["--help"]:
        make_parser().parse_args(arguments)


@cache
def read_help(module: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("command", list_commands(r"python -m (?:benchmarks|demo)[.\w]*"))
def test_a_program_knows_the_options(command: str) -> None:
    _, _, module, *arguments = shlex.split(command)
    for option in (word.split("=")[0] for word in arguments if word.startswith("--")):
        assert option in read_help(module)


def list_links(page: Path) -> Iterator[tuple[Path, str]]:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield ((page.parent / path).resolve() if path else page), anchor


def make_anchor(heading: str) -> str:
    """The anchor that Markdown hosts make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in list_links(page):
        assert path.exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
            assert anchor in map(make_anchor, headings), f"{path.name}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_lines_are_short(page: Path) -> None:
    """Tables and code blocks are exceptions."""
    prose = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL).splitlines()
    assert [line for line in prose if len(line) > LONGEST_LINE and not line.startswith(("|", "    ", "!["))] == []


def test_cannot_is_one_word() -> None:
    pattern = "can" + " not"
    command = ["git", "grep", "-niw", pattern, "--", ":!tests/warehouse/schema_without_version.sql"]  # an old schema
    assert subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False).stdout == ""
