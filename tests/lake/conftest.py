"""A lake of its own for each test."""

from pathlib import Path

import pytest

from include.segmentation.lake.lake import Lake
from include.segmentation.profile.loader import load_profile


@pytest.fixture
def lake(lake_root: Path) -> Lake:
    return Lake(str(lake_root), load_profile("learning"))
