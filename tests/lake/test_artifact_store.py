"""Artifacts of runs: replaced as a whole or not at all."""

import pytest
from lake_rows import find_folder, users

from include.segmentation.errors import DataError


def test_artifacts_are_replaced_as_a_whole(lake):
    lake.artifacts.write_table("_runs/x/a.parquet", users((1, "IE")))
    lake.artifacts.write_table("_runs/x/a.parquet", users((2, "DE")))
    assert lake.artifacts.read_table("_runs/x/a.parquet") == users((2, "DE"))
    lake.artifacts.write_text("_runs/x/a.json", "{}")
    assert lake.artifacts.read_text("_runs/x/a.json") == "{}"
    assert lake.artifacts.read_text("_runs/x/b.json") is None
    with pytest.raises(DataError, match=r"b\.parquet does not exist"):
        lake.artifacts.read_table("_runs/x/b.parquet")
    assert sorted(path.name for path in (find_folder(lake) / "_runs/x").iterdir()) == ["a.json", "a.parquet"]


def test_two_writers_may_write_an_artifact_at_once(lake):
    with lake.artifacts._replace_file("_runs/x/a.json") as (filesystem, path):
        filesystem.open_output_stream(path).close()
        lake.artifacts.write_text("_runs/x/a.json", "the first to end")
    assert lake.artifacts.read_text("_runs/x/a.json") == ""
    assert [path.name for path in (find_folder(lake) / "_runs/x").iterdir()] == ["a.json"]


def test_an_unfinished_artifact_leaves_no_file(lake):
    with pytest.raises(UnicodeEncodeError):
        lake.artifacts.write_text("_runs/x/a.json", "half a pair: \ud800")
    assert list((find_folder(lake) / "_runs/x").iterdir()) == []
