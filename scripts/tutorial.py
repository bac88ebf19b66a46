"""Run the commands of docs/tutorial.md and write their output below each of them."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = CHECKOUT / "docs" / "tutorial.md"
_PROMPT, _INDENT = "    $ ", "    "
_MARK = "@@ {number} @@"
_SECONDS = 1800


@dataclass(frozen=True)
class TutorialStep:
    """One command of the page.

    Attributes:
        answer: the output that the page shows, by line.
    """

    command: str
    answer: list[str]


def list_steps(page: str) -> list[TutorialStep]:
    """List the commands of a page: indented lines that start with ``$``, with the indented lines below them."""
    steps: list[TutorialStep] = []
    for line in page.splitlines():
        if line.startswith(_PROMPT):
            steps.append(TutorialStep(line.removeprefix(_PROMPT), []))
        elif line.startswith(_INDENT) and steps:
            steps[-1].answer.append(line.removeprefix(_INDENT))
    return steps


def follow_steps(steps: list[TutorialStep], name: str) -> list[list[str]]:
    """Run the commands in one shell, as a reader does.

    Args:
        steps: the commands to run.
        name: the name of a separate demo, so that no other demo is touched.

    Returns:
        The output of each command, standard output and errors together.
    """
    typed = "".join(f"{step.command}\necho; echo {_MARK.format(number=i)}\n" for i, step in enumerate(steps))
    home = CHECKOUT / ".local" / name
    own = {"SEGMENTATION_DEMO": name, "SHELL": "/bin/bash", "LANG": "C.UTF-8", "PYTHONPATH": str(CHECKOUT)}
    own["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.run(
        ["bash"],
        input=typed,
        env=os.environ | own,
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    answers, rest = [], process.stdout
    for i in range(len(steps)):
        answer, _, rest = rest.partition(_MARK.format(number=i))
        answers.append(_format_answer(answer, home))
    return answers


def _format_answer(answer: str, home: Path) -> list[str]:
    text = answer.replace(str(home), "…").replace(str(CHECKOUT), "…")
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def replace_answers(page: str, answers: list[list[str]]) -> str:
    """Replace the output below the commands of a page."""
    lines: list[str] = []
    remaining = iter(answers)
    in_answer = False
    for line in page.splitlines():
        if line.startswith(_PROMPT):
            lines += [line, *(f"{_INDENT}{answer_line}".rstrip() for answer_line in next(remaining))]
            in_answer = True
        elif not (in_answer and line.startswith(_INDENT)):
            lines.append(line)
            in_answer = False
    return "\n".join(lines) + "\n"


def normalise_answer(answer: list[str]) -> list[str]:
    """Keep the words of an output, which are the same on every run, without numbers.

    Tables, warnings and the counts of stages are removed; other tests check them.
    """
    words = [line for line in answer if not re.search(r"[│┃┏┡├└|]|--\+--| warn: ", line)]
    plain = [re.sub(r"\s+\w+=.*|\S*\d\S*", "", line) for line in words]
    return [" ".join(line.split()) for line in plain]


if __name__ == "__main__":
    shutil.rmtree(CHECKOUT / ".local" / "tutorial", ignore_errors=True)
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(replace_answers(text, follow_steps(list_steps(text), "tutorial")), encoding="utf-8")
