"""What `make` offers is what `make help` lists."""

import re
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]


def test_help_lists_every_target() -> None:
    targets = set(re.findall(r"^\.PHONY: (\S+)$", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    shown = subprocess.run(["make", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    assert targets == set(re.findall(r"^  make (\S+)", shown, re.MULTILINE))


def test_what_is_asked_reaches_psql_as_it_was_typed() -> None:
    query = "select \"left\", 'it''s' from `x`"
    shown = subprocess.run(
        ["make", "-n", "sql", f"Q={query}"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert '--query "$Q"' in shown.stdout, "by the environment, where no shell reads it"
