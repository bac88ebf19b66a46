"""Where profiles are found."""

import shutil
from pathlib import Path

import pytest
import yaml

from include.segmentation.errors import ProfileError
from include.segmentation.profile.loader import list_profile_names, load_profile
from include.segmentation.profile.profile import SHIPPED_PROFILES


@pytest.mark.parametrize("name", ["gym", "../gym", "gym\0", "g" * 5000])
def test_a_profile_that_does_not_exist_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProfileError, match=r"profile .* does not exist; allowed: .*learning.*retail"):
        load_profile(name, tmp_path)


def test_a_profile_can_come_from_a_folder_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value = yaml.safe_load((SHIPPED_PROFILES / "retail.yaml").read_text()) | {"profile": "outside"}
    (tmp_path / "outside.yaml").write_text(yaml.safe_dump(value))
    shutil.copytree(SHIPPED_PROFILES.parent / "sql" / "retail", tmp_path / "sql" / "outside")
    monkeypatch.setenv("SEGMENTATION_PROFILES", str(tmp_path))
    assert "outside" in list_profile_names()
    assert load_profile("outside").sql_dir == tmp_path / "sql" / "outside"
