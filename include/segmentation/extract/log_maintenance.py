"""Compact change logs: fold small files into large ones and remove files that nobody reads."""

from collections import Counter
from time import perf_counter
from typing import Any

from include.segmentation.artifacts import MaintainSummary
from include.segmentation.errors import SegmentationError
from include.segmentation.extract.source import require_extract
from include.segmentation.run import Run


def maintain_log(run: Run, name: str) -> dict[str, Any]:
    """Compact an extract's change log and its quarantine. Rows, position and complete_through stay the same.

    Args:
        run: the run that the summary is recorded for.
        name: an extract of the profile.

    Returns:
        ``extract``, ``files_before``, ``files``, ``files_removed`` (from disk) and ``seconds``.

    Raises:
        ProfileError: the profile has no such extract.
        UnavailableError: a pull held the log for too long.
    """
    started = perf_counter()
    require_extract(run.profile, name, lambda _: True)
    counts: Counter[str] = Counter()
    try:
        for log in (run.lake.open_log(name), run.lake.open_quarantine(name)):
            with log.hold_writer_lock():
                counts.update(log.compact())
    except SegmentationError as error:
        raise error.add_place(f"{run.profile.path}: extracts.{name}") from error
    summary = MaintainSummary(extract=name, **counts, seconds=round(perf_counter() - started, 3))
    return summary.write_to(run, name)
