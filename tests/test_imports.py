"""Who may import whom, read from the code."""

import ast
from collections.abc import Iterator, Mapping
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
DEEPEST = 3

LIBRARY_ROOMS = {"duckdb": "engine", "psycopg": "warehouse"}
"""Library -> the only room that imports it."""
FORBIDDEN = {"engine": {"profile", "lake"}}
"""Room -> the rooms that it does not import."""


def name_module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def name_package(path: Path) -> str:
    return ".".join(path.parent.relative_to(ROOT).parts)


def list_imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Yield the full name of all that is imported anywhere in a file of ``package``, or imported by its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(filter(None, [above, node.module]))
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and node.args:
            yield from (part.value for part in ast.walk(node.args[0]) if is_text(part))


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def find_room(module: str) -> str | None:
    """Return the folder below ``segmentation`` that a module is in; None for other modules."""
    return module.removeprefix(f"{CODE}.").split(".")[0] if module.startswith(f"{CODE}.") else None


def find_breaches(source: str, package: str) -> list[str]:
    """Return what a file imports although it must not."""
    own = find_room(f"{package}.")
    imports = list(list_imports(ast.parse(source), package))
    breaches = [module for module in imports if module.split(".")[0] in OUTSIDE]
    for module in imports:
        room, library = find_room(module), module.split(".")[0]
        is_other_stage = own in STAGES | {BESIDE} and room in STAGES | {BESIDE, ABOVE} and room != own
        is_not_its_library = library in LIBRARY_ROOMS and LIBRARY_ROOMS[library] != own
        if is_other_stage or is_not_its_library or room in FORBIDDEN.get(own or "", ()):
            breaches.append(module)
    return breaches


def test_every_room_is_known() -> None:
    rooms = {
        path.relative_to(ROOT / "include" / "segmentation").parts[0]
        for path in FILES
        if path.parent.name != "segmentation"
    }
    assert rooms == STAGES | BELOW | {ABOVE, BESIDE}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_its_room_may(path: Path) -> None:
    assert find_breaches(path.read_text(), name_package(path)) == []


@pytest.mark.parametrize(
    ("source", "breaches"),
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
        ("import duckdb", ["duckdb"]),
        ("def f():\n    from duckdb import connect", ["duckdb.connect"]),
        ("import_module('duckdb')", ["duckdb"]),
        ("from psycopg.rows import dict_row", ["psycopg.rows.dict_row"]),
    ],
)
def test_a_breach_in_a_stage_is_seen(source: str, breaches: list[str]) -> None:
    assert find_breaches(source, "include.segmentation.validate") == breaches


@pytest.mark.parametrize("source", ["import duckdb", "from include.segmentation.common import text"])
def test_the_engine_may_import_duckdb_and_what_is_common(source: str) -> None:
    assert find_breaches(source, "include.segmentation.engine") == []


@pytest.mark.parametrize(
    "source", ["from include.segmentation.profile import profile", "from include.segmentation.lake.lake import Lake"]
)
def test_the_engine_may_import_neither_profile_nor_lake(source: str) -> None:
    assert len(find_breaches(source, "include.segmentation.engine")) == 1


@pytest.mark.parametrize("stage", ["segment", "report"])
def test_the_room_beside_the_stages_may_import_none_of_them(stage: str) -> None:
    assert len(find_breaches(f"from include.segmentation.{stage} import {stage}", "include.segmentation.track")) == 1


def test_no_folder_lies_too_deep() -> None:
    below = {len(path.parent.relative_to(ROOT / "include" / "segmentation").parts): path for path in FILES}
    assert max(below) <= DEEPEST, below[max(below)]


def read_import_graph() -> dict[str, set[str]]:
    """Return the modules that each module imports when it is loaded."""
    modules = {name_module(path): path for path in FILES}
    graph = {}
    for module, path in modules.items():
        names = set()
        for statement in list_load_time_statements(ast.parse(path.read_text())):
            for name in list_imports(statement, name_package(path)):
                names.add(name if name in modules else name.rpartition(".")[0])
        graph[module] = names & modules.keys() - {module}
    return graph


def list_load_time_statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield the statements that run when a module is loaded: not those for type checkers, nor those in functions."""
    for statement in tree.body:
        is_for_types = isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test)
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef) and not is_for_types:
            yield statement


def find_circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return modules that import each other in a circle, in order; empty if there are none."""
    finished: set[str] = set()

    def follow(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in finished:
            return []
        for imported in sorted(graph[module]):
            if circle := follow(imported, [*path, module]):
                return circle
        finished.add(module)
        return []

    return next((circle for module in sorted(graph) if (circle := follow(module, []))), [])


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = read_import_graph()
    assert graph["include.segmentation.run"] >= {"include.segmentation.errors", "include.segmentation.lake.lake"}
    assert find_circle(graph) == []


def test_a_circle_is_seen() -> None:
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"d", "b"}, "d": set()}) == ["b", "c", "b"]
    assert find_circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
