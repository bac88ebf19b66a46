"""The walls of the house: who may import whom, read from the code."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = "include.segmentation"
STAGES = {"extract", "validate", "measure", "segment", "publish", "report"}
ABOVE = "authoring"
BESIDE = "track"
BELOW = {"profile", "lake", "engine", "model", "warehouse", "common"}
OUTSIDE = {"airflow", "dags", "plugins", "demo", "tests", "segmentation_airflow", "segmentation_plugin"}
FILES = sorted((ROOT / "include" / "segmentation").rglob("*.py"))


def imported(source: str, package: str) -> Iterator[str]:
    """Every module that a file of ``package`` imports, wherever in it, by its whole name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(filter(None, [above, node.module]))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def stage_of(module: str) -> str | None:
    """The stage that a module belongs to, or the room beside them; None for what they share and for what is above."""
    name = module.removeprefix(f"{CODE}.").split(".")[0]
    return name if module.startswith(f"{CODE}.") and name in STAGES | {BESIDE} else None


def is_above(module: str) -> bool:
    """Whether a module is of the room that stands above the stages, as the command line does."""
    return module.startswith(f"{CODE}.{ABOVE}")


def breaches(source: str, package: str) -> list[str]:
    """What a file imports although it may not."""
    own = stage_of(f"{package}.")
    found = list(imported(source, package))
    others = [module for module in found if own and (stage_of(module) not in (None, own) or is_above(module))]
    return others + [module for module in found if module.split(".")[0] in OUTSIDE]


def test_every_stage_is_looked_at() -> None:
    rooms = {
        path.relative_to(ROOT / "include" / "segmentation").parts[0]
        for path in FILES
        if path.parent.name != "segmentation"
    }
    assert rooms == STAGES | BELOW | {ABOVE, BESIDE}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_stage_imports_no_other_stage_and_nothing_from_outside(path: Path) -> None:
    assert breaches(path.read_text(), ".".join(path.parent.relative_to(ROOT).parts)) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import include.segmentation.measure.sql_templates", ["include.segmentation.measure.sql_templates"]),
        ("from include.segmentation import measure", ["include.segmentation.measure"]),
        ("def f():\n    from include.segmentation.measure import measure", ["include.segmentation.measure.measure"]),
        ("from ..measure import sql_templates", ["include.segmentation.measure.sql_templates"]),
        ("from .suite import Suites", []),
        ("from include.segmentation.lake.lake import Lake", []),
        ("from include.segmentation.authoring import preview", ["include.segmentation.authoring.preview"]),
        ("from include.segmentation.track import track", ["include.segmentation.track.track"]),
        ("import airflow.sdk", ["airflow.sdk"]),
        ("from demo import claims", ["demo.claims"]),
    ],
)
def test_a_breach_is_seen(source: str, found: list[str]) -> None:
    assert breaches(source, "include.segmentation.validate") == found


def test_what_stands_beside_the_stages_enters_none() -> None:
    for source in ("from include.segmentation.segment import fit", "from include.segmentation.report import report"):
        assert len(breaches(source, "include.segmentation.track")) == 1
