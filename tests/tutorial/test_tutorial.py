"""Run the tutorial's commands as a reader does; `python scripts/tutorial.py` updates its outputs."""

import shutil
from collections.abc import Iterator
from uuid import uuid4

import pytest

from demo.servers import CHECKOUT, find_private_dir
from scripts.tutorial import PAGE, follow_steps, list_steps, normalise_answer


@pytest.fixture
def demo() -> Iterator[str]:
    """The name of a separate demo that is removed afterwards."""
    name = f"tutorial-{uuid4().hex[:8]}"
    yield name
    for folder in (CHECKOUT / ".local", find_private_dir()):
        shutil.rmtree(folder / name, ignore_errors=True)


def test_every_command_answers_what_the_page_says(demo: str) -> None:
    steps = list_steps(PAGE.read_text())
    assert len(steps) > 15
    for step, answer in zip(steps, follow_steps(steps, demo), strict=True):
        assert normalise_answer(answer) == normalise_answer(step.answer), step.command
        assert bool(answer) == bool(step.answer), step.command
