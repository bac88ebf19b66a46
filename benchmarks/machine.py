"""Describe the machine of a benchmark, and write results to docs/benchmarks.md."""

import os
import platform
import textwrap
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def describe_machine() -> dict[str, Any]:
    """Describe the machine and its load."""
    load = os.getloadavg()[0]
    return {"cores": os.cpu_count(), "python": platform.python_version(), "load_at_end": round(load, 1)}


def read_peak_mb() -> int:
    """Read the peak memory of this process in MB, without that of the parent process."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) // 1024


def write_section(begin: str, end: str, section: str) -> None:
    """Replace the text between two markers of the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    wrapped = "\n".join(_wrap_line(line) for line in section.splitlines())
    PAGE.write_text(f"{before}{begin}\n{wrapped}\n{end}{after}", encoding="utf-8")


def _wrap_line(line: str) -> str:
    """Wrap prose as on all pages; rows of tables stay whole."""
    return line if line.startswith("|") else textwrap.fill(line, 98, break_long_words=False, break_on_hyphens=False)
