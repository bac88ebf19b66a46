"""The originals' own files, which are no part of the project: a test that reads one is skipped where it is absent."""

from pathlib import Path

import pytest

_FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
CARDS = _FOLDER / "cc_general.parquet"
INSIDERS = _FOLDER / "insiders_rfm.parquet"
RETAIL = _FOLDER / "online_retail.parquet"
THRESHOLDS = _FOLDER / "learner_thresholds.csv"


def needs(file: Path) -> pytest.MarkDecorator:
    """The mark of a test that reads a file."""
    return pytest.mark.skipif(not file.is_file(), reason=f"{file.name} is not beside this checkout")
