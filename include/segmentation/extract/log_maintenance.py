"""Maintain what the extract stage writes: few large files, and nothing that nobody reads."""

from time import perf_counter
from typing import Any

from include.segmentation.artifacts import MaintainSummary
from include.segmentation.errors import SegmentationError
from include.segmentation.extract.source import require_extract
from include.segmentation.run import Run


def maintain_log(run: Run, name: str) -> dict[str, Any]:
    """Fold the small files of an extract's change log and of its quarantine, and remove those that are past.

    Rows, position and complete_through stay as they are: pulls and runs go on as if nothing had happened.

    Args:
        run: the run that the summary is kept for.
        name: an extract of the profile.

    Returns:
        ``extract``, ``files_before``, ``files``, ``files_removed`` (from the disk) and ``seconds``.

    Raises:
        ProfileError: the profile has no such extract.
        UnavailableError: a pull has held the log for too long.
    """
    started = perf_counter()
    require_extract(run.profile, name, lambda _: True)
    counts: dict[str, int] = {}
    try:
        for log in (run.lake.open_log(name), run.lake.open_quarantine(name)):
            with log.hold_writer_lock():
                for what, count in log.compact().items():
                    counts[what] = counts.get(what, 0) + count
    except SegmentationError as error:
        raise error.add_place(f"{run.profile.path}: extracts.{name}") from error
    summary = MaintainSummary(extract=name, **counts, seconds=round(perf_counter() - started, 3))
    return summary.write_to(run, name)
