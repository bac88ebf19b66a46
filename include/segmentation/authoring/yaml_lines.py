"""Where in a YAML file something stands."""

from collections.abc import Iterator

import yaml

from include.segmentation.profile.mistakes import Mistake, MistakePlace


class YamlLines:
    """The lines of a file's keys."""

    def __init__(self, text: str) -> None:
        """Read the text of a file.

        Raises:
            yaml.YAMLError: it is not YAML.
        """
        self._root = yaml.compose(text, Loader=yaml.SafeLoader)

    def find_line(self, place: MistakePlace) -> int:
        """The line of the last key of a place that is there, from 1."""
        node, line = self._root, 1
        for key in place:
            found = next((pair for pair in _entries(node) if pair[0] == str(key)), None)
            if found is None:
                break
            _, mark, node = found
            line = mark.start_mark.line + 1
        return line

    def find_doubled_key(self) -> Iterator[Mistake]:
        """Every key that appears twice in its mapping."""
        yield from _doubled(self._root, ())


def _entries(node: yaml.Node | None) -> list[tuple[str, yaml.Node, yaml.Node]]:
    """The keys of a mapping, or the positions of a list: as text, what shows the line, and what stands there."""
    if isinstance(node, yaml.MappingNode):
        return [(str(key.value), key, value) for key, value in reversed(node.value)]  # of a doubled key the last one
    if isinstance(node, yaml.SequenceNode):
        return [(str(position), value, value) for position, value in enumerate(node.value)]
    return []


def _doubled(node: yaml.Node | None, place: MistakePlace) -> Iterator[Mistake]:
    seen: set[str] = set()
    for key, _, value in _entries(node):
        if key in seen:
            yield Mistake((*place, key), f"key '{key}' appears twice; allowed is once")
        seen.add(key)
        yield from _doubled(value, (*place, key))
