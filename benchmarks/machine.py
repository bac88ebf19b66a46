"""What every benchmark says of where it ran, and where it writes what it found."""

import os
import platform
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def describe_machine() -> dict[str, Any]:
    """The machine, and how busy it was."""
    load = os.getloadavg()[0]
    return {"cores": os.cpu_count(), "python": platform.python_version(), "load_at_end": round(load, 1)}


def read_peak_mb() -> int:
    """The most memory that this process has held; what its parent held when it was forked does not count."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) // 1024


def write_section(begin: str, end: str, section: str) -> None:
    """Put a section of the page between its two marks."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    PAGE.write_text(f"{before}{begin}\n{section}\n{end}{after}", encoding="utf-8")
