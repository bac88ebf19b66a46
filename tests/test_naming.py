"""The rules of docs/naming.md that a machine can check."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
PACKAGE = CHECKOUT / "include" / "segmentation"
FOLDERS = (PACKAGE, CHECKOUT / "plugins", CHECKOUT / "demo", CHECKOUT / "benchmarks", CHECKOUT / "scripts")
MODULES = sorted(path for folder in FOLDERS for path in folder.rglob("*.py") if "versions" not in path.parts)
RULES = (CHECKOUT / "docs" / "naming.md").read_text()
VERBS = set(re.findall(r"^\| `(\w+)` \|", RULES[RULES.index("## Verbs") :], re.MULTILINE))
STAGES = {"extract", "validate", "measure", "segment", "publish", "report", "fit", "track"}
BOOLEAN_PREFIXES = {"is", "has", "can", "supports"}
PARTICIPLES = {
    "asked", "begun", "brought", "done", "found", "given", "held", "kept", "known", "made", "meant", "said", "seen",
    "shown", "taken", "told", "wanted", "written",
}  # fmt: skip
FOREIGN_NAMES = {
    "main": "the usual entry of a program",
    "do_GET": "http.server calls it",
    "do_POST": "http.server calls it",
    "date_time_string": "http.server calls it",
    "log_message": "http.server calls it",
    "get_link": "Airflow calls it",
    "notify": "Airflow calls it",
    "serialize": "Airflow calls it",
    "deserialize": "Airflow calls it",
    "execute_complete": "Airflow calls it",
}
STORED_NAMES = {"gate_verdict.py": {"found"}, "label_study.py": {"taken"}}
"""Fields whose names are columns of published tables, or keys of their JSON."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


def list_definitions(path: Path) -> Iterator[Function]:
    """Public functions of a module and public methods of its public classes; functions inside functions are private."""
    for node in ast.parse(path.read_text()).body:
        body = node.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_") else [node]
        yield from (each for each in body if isinstance(each, Function) and not each.name.startswith("_"))


def is_property(function: Function) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in function.decorator_list)


def list_functions() -> Iterator[tuple[str, Function]]:
    for path in MODULES:
        for function in list_definitions(path):
            if not is_property(function) and function.name not in FOREIGN_NAMES:
                yield f"{path.relative_to(CHECKOUT)}: {function.name}", function


def test_the_page_lists_verbs() -> None:
    assert len(VERBS) > 50


def test_a_function_begins_with_a_verb_of_the_page() -> None:
    known = VERBS | BOOLEAN_PREFIXES | STAGES
    assert [place for place, function in list_functions() if function.name.split("_")[0] not in known] == []


def test_every_verb_of_the_page_is_used() -> None:
    names = {function.name.split("_")[0] for _, function in list_functions()} | STAGES
    assert sorted(VERBS - names) == []


def test_only_stages_are_called_by_a_verb_alone() -> None:
    alone = [
        f"{path.relative_to(CHECKOUT)}: {node.name}"
        for path in MODULES
        for node in ast.parse(path.read_text()).body
        if isinstance(node, Function) and "_" not in node.name and node.name not in STAGES | set(FOREIGN_NAMES)
    ]
    assert alone == []


def test_a_question_returns_a_bool() -> None:
    questions = [(place, each) for place, each in list_functions() if each.name.split("_")[0] in BOOLEAN_PREFIXES]
    assert questions
    assert [place for place, each in questions if each.returns is None or ast.unparse(each.returns) != "bool"] == []


def test_a_property_that_is_a_bool_is_named_as_a_question() -> None:
    properties = [each for path in MODULES for each in list_definitions(path) if is_property(each)]
    flags = [each.name for each in properties if each.returns is not None and ast.unparse(each.returns) == "bool"]
    assert flags
    assert [name for name in flags if not re.match(r"(is|has|can|supports|needs|allows)_", name)] == []


def test_no_empty_verbs() -> None:
    assert [place for place, function in list_functions() if re.match(r"(get|do|handle|process)_", function.name)] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_no_participle_stands_alone_as_a_name(path: Path) -> None:
    tree = ast.parse(path.read_text())
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    assert sorted(names & PARTICIPLES - STORED_NAMES.get(path.name, set())) == []


def list_public_names(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, Function | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))


def test_a_public_name_is_defined_in_one_module_only() -> None:
    places = defaultdict(list)
    for path in (path for path in MODULES if PACKAGE in path.parents):
        for name in list_public_names(path):
            if not name.startswith("_") and name not in FOREIGN_NAMES:
                places[name].append(str(path.relative_to(PACKAGE)))
    assert {name: paths for name, paths in places.items() if len(set(paths)) > 1} == {}


def test_no_two_modules_share_a_file_name() -> None:
    places = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        if not path.name.startswith("__"):
            places[path.name].append(str(path.relative_to(PACKAGE)))
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}
