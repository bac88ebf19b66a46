"""Why a file is not YAML, in words for who wrote it."""

from pathlib import Path

import yaml

_MEANT = {
    "mapping values are not allowed here": "this line is indented otherwise than those beside it, "
    "a colon is missing in a line above, or a text with ': ' in it needs quotes",
    "expected <block end>": "this line is indented otherwise than those beside it",
    "could not find expected ':'": "a colon is missing here or in the line above",
    "character '\\t'": "indent by spaces; a tab is none",
    "cannot start any token": "a text that begins with it needs quotes",
    "expected ',' or": "a bracket or brace that was opened before is not closed",
}


def explain_yaml_error(path: Path, error: Exception) -> str:
    """One line: the file, the line where reading ended, what was found there, and what is likely meant."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f"{path}: not valid YAML: {' '.join(str(error).split())}"
    found = f"{path}:{error.problem_mark.line + 1}: not valid YAML: {error.problem}"
    start = error.context_mark
    if error.context and start is not None and start.line != error.problem_mark.line:
        found += f" ({error.context} that begins in line {start.line + 1})"
    meant = next((words for problem, words in _MEANT.items() if problem in str(error.problem)), "")
    return f"{found}; {meant}" if meant else found
