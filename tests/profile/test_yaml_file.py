"""YAML files: their values, the lines of their keys, and files that cannot be read."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.segmentation.errors import ProfileError
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.mistakes import MistakePlace
from include.segmentation.profile.profile import SHIPPED_PROFILES
from include.segmentation.profile.yaml_file import YamlFile

TREE = """\
# a comment
kpis:
  visits:
    bands: [1,
      2]
strata:
  - name: never
  - name: once
    kpis:
      - visits
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "odd.yaml"


@pytest.mark.parametrize("shipped", sorted(SHIPPED_PROFILES.glob("*.yaml")), ids=lambda shipped: shipped.stem)
def test_a_shipped_profile_is_read_as_another_parser_reads_it(shipped: Path) -> None:
    assert YamlFile(shipped).value == yaml.safe_load(shipped.read_text())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("yes", True), ("No", False), ("on", True), ("OFF", False), ("true", True)),
        *(("y", "y"), ("N", "N"), ("[n, Y]", ["n", "Y"]), ("y: 1", {"y": 1})),
        *(("010", 8), ("0o10", "0o10"), ("08", "08"), ("0x1F", 31), ("0b11", 3), ("1_000", 1000), ("1:30", 90)),
        *(("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1.5e+3", 1500.0), (".inf", float("inf"))),
        *(("1e3", "1e3"), ("1.5e3", "1.5e3"), ("1e-3", "1e-3"), ("-1E+3", "-1E+3"), ("-_", "-_"), ("0x1e3", 0x1E3)),
        *(("2025-02-01", date(2025, 2, 1)), ("2025-2-1", "2025-2-1"), ('"2025-02-01"', "2025-02-01")),
        *(("~", None), ("", None), ("null", None), ('"no"', "no"), ("'1'", "1"), ("none", "none")),
    ],
)
def test_a_value_has_the_meaning_of_yaml_1_1(path: Path, text: str, value: Any) -> None:
    separator = "\n  " if text == "y: 1" else " "
    for directive in ("", "%YAML 1.2\n---\n"):
        path.write_text(f"{directive}key:{separator}{text}\n")
        assert YamlFile(path).value == {"key": value} == yaml.safe_load(path.read_text())
        assert type(YamlFile(path).value["key"]) is type(value)


def test_keys_beside_a_merge_replace_the_merged_ones(path: Path) -> None:
    path.write_text("a: &a {b: 1, c: 2}\nd: {<<: *a, c: 3}\n")
    file = YamlFile(path)
    assert file.value["d"] == {"b": 1, "c": 3}
    assert file.find_duplicate_keys() == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ((), 1),
        (("kpis",), 2),
        (("kpis", "visits", "bands"), 4),
        (("kpis", "visits", "bands", 1), 5),
        (("kpis", "visits", "unit"), 3),
        (("kpis", "visits", "unit", "words"), 3),
        (("strata", 1, "name"), 8),
        (("strata", 1, "kpis", 0), 10),
        (("strata", 2, "name"), 6),
        (("title",), 1),
    ],
)
def test_a_place_has_the_line_of_its_last_key_in_the_file(path: Path, place: MistakePlace, line: int) -> None:
    path.write_text(TREE)
    assert YamlFile(path).find_line(place) == line


def test_every_duplicate_key_is_found_with_its_second_line(path: Path) -> None:
    path.write_text("profile: odd\ntitle: a\nkpis:\n  - {a: 1}\n  - b: 1\n    c: 2\n    b: 3\ntitle: b\n")
    file = YamlFile(path)
    assert [file.format_mistake(mistake) for mistake in file.find_duplicate_keys()] == [
        f"{path}:7: kpis.1.b: key 'b' appears twice; allowed: once",
        f"{path}:8: title: key 'title' appears twice; allowed: once",
    ]
    with pytest.raises(ProfileError, match=r"odd\.yaml:8: title: key 'title' appears twice"):
        load_profile("odd", path.parent)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("profile: [", "odd.yaml:1: not valid YAML: "),
        ("title: a\nkpis:\n  one: 1\n   two: 2\n", "odd.yaml:4: not valid YAML: mapping values are not allowed here"),
        ("kpis:\n  one:\n    unit: a\n   two: 2\n", "in line 2); this line is not indented like its neighbours"),
        ("kpis:\n\tone: 1\n", "found character '\\t' that cannot start any token; indent with spaces"),
        ("label: %share\n", "cannot start any token; a text that begins with it needs quotes"),
        ("when: {rfm: [a]\nlists: 1\n", "; a bracket or brace opened before is not closed"),
        ("kpis\nlists: 1\n", "odd.yaml:2: "),
        ("- profile", "a profile is a mapping of keys; found list"),
        ("", "a profile is a mapping of keys; found NoneType"),
        ("profile: odd\nend: 2024-99-99\n", "not valid YAML: month must be in 1..12"),
        ("? [profile]\n: odd\n", "found unhashable key"),
        ("profile: odd\n--- \nprofile: odd\n", "expected a single document"),
        ("profile: !!python/object:os.x {}\n", "could not determine a constructor for the tag"),
        ("profile: *odd\n", "found undefined alias"),
        ("profile: &odd [*odd]\n", "not valid YAML: maximum recursion depth exceeded"),
        ("profile: \x07\n", "not valid YAML: "),
    ],
)
def test_a_file_without_a_profile_is_refused(path: Path, text: str, words: str) -> None:
    path.write_text(text)
    with pytest.raises(ProfileError) as caught:
        load_profile("odd", path.parent)
    assert str(caught.value).startswith(f"{path}:")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_text_is_refused(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00profile")
    with pytest.raises(ProfileError, match=r"odd\.yaml: not valid YAML"):
        load_profile("odd", path.parent)
