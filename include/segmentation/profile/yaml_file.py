"""YAML files: what they say, and the line of every key."""

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, MappingNode, Node, SequenceNode
from ruamel.yaml.composer import ComposerError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.resolver import VersionedResolver

from include.segmentation.errors import ProfileError, join_lines
from include.segmentation.profile.mistakes import Mistake, MistakePlace

_TEXTS = re.compile(r"[yYnN]|[-+]_+|[-+]?[\d_]+[eE][-+]?\d+|[-+]?[\d_.]+[eE]\d+")
_HINTS = {
    "mapping values are not allowed here": "this line is not indented like its neighbours, "
    "a colon is missing in a line above, or a text with ': ' in it needs quotes",
    "expected <block end>": "this line is not indented like its neighbours",
    "could not find expected ':'": "a colon is missing here or in the line above",
    "character '\\t'": "indent with spaces, not with tabs",
    "cannot start any token": "a text that begins with it needs quotes",
    "expected ',' or": "a bracket or brace opened before is not closed",
}


class _Resolver(VersionedResolver):
    """YAML 1.1, except that y, n, 1e3 and 1.5e3 are texts, as most YAML 1.1 readers take them."""

    processing_version = (1, 1)

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if isinstance(value, str) and _TEXTS.fullmatch(value):
            implicit = (False, implicit[1])
        return super().resolve(kind, value, implicit)


class YamlFile:
    """A file that holds one mapping.

    Attributes:
        path: the file.
        value: what it says; of a key that appears twice, the first.
    """

    def __init__(self, path: Path) -> None:
        """Read a file.

        Raises:
            ProfileError: it is not valid YAML, or not a mapping.
        """
        yaml = _create_parser()
        self.path = path
        try:
            self._root = yaml.compose(path.read_text(encoding="utf-8"))
            self._duplicates = list(_find_duplicate_keys(self._root, ()))
            self.value: dict[str, Any] = self._root and yaml.constructor.construct_document(self._root)
        except (YAMLError, ValueError, TypeError, AttributeError, RecursionError) as error:
            # ruamel.yaml does not wrap errors inside a value, such as the ValueError of 2024-99-99.
            raise ProfileError(_explain_yaml_error(path, error)) from None
        if not isinstance(self.value, dict):
            raise ProfileError(f"{path}: a profile is a mapping of keys; found {type(self.value).__name__}")

    def find_duplicate_keys(self) -> list[Mistake]:
        """Find the keys that appear twice in their mapping; a key beside ``<<: *other`` may repeat one of the other."""
        return self._duplicates

    def find_line(self, place: MistakePlace) -> int:
        """Return the line, from 1, of the last key of a place that is in the file."""
        node, line = self._root, 1
        for key in place:
            entries = {name: (mark, value) for name, mark, value in _list_entries(node)}
            if str(key) not in entries:
                break
            mark, node = entries[str(key)]
            line = mark.start_mark.line + 1
        return line

    def format_mistake(self, mistake: Mistake) -> str:
        """Return a mistake in one line: file, line, key, what was found and what is allowed."""
        return f"{self.path}:{self.find_line(mistake.place)}: {mistake}"


def format_flow_yaml(value: Any) -> str:
    """Format a value as YAML in one line, such as ``{type: x, args: {column: '1'}}``."""
    yaml, text = _create_parser(), StringIO()
    yaml.width, yaml.sort_base_mapping_type_on_output = 10_000, False  # type: ignore[assignment]
    yaml.default_flow_style = True
    yaml.dump(value, text)
    return text.getvalue().strip().removesuffix("...").strip()


def _create_parser() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Resolver, yaml.allow_duplicate_keys = _Resolver, True
    return yaml


def _list_entries(node: Node | None) -> list[tuple[str, Node, Node]]:
    """The entries of a mapping or list: key or position, the node that shows its line, and its value."""
    if isinstance(node, MappingNode):
        return [(str(key.value), key, value) for key, value in node.value]
    if isinstance(node, SequenceNode):
        return [(str(position), value, value) for position, value in enumerate(node.value)]
    return []


def _find_duplicate_keys(node: Node | None, place: MistakePlace) -> Iterator[Mistake]:
    keys: set[tuple[str | None, str]] = set()
    for name, key, value in _list_entries(node):
        if isinstance(node, MappingNode) and isinstance(key, MappingNode | SequenceNode):
            raise ComposerError(None, None, "found unhashable key", key.start_mark)
        if (key.tag, name) in keys:
            yield Mistake((*place, name), f"key '{name}' appears twice; allowed: once")
        keys.add((key.tag, name))
        yield from _find_duplicate_keys(value, (*place, name))


def _explain_yaml_error(path: Path, error: Exception) -> str:
    """One line: the file, the line where reading ended, what was found there, and what is probably meant."""
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return f"{path}: not valid YAML: {join_lines(error)}"
    message = f"{path}:{error.problem_mark.line + 1}: not valid YAML: {error.problem}"
    start = error.context_mark
    if error.context and start is not None and start.line != error.problem_mark.line:
        message += f" ({error.context} that begins in line {start.line + 1})"
    hint = next((hint for problem, hint in _HINTS.items() if problem in str(error.problem)), "")
    return f"{message}; {hint}" if hint else message
