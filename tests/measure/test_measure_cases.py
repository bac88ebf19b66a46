"""Golden cases of the profiles' SQL, as data: a new case is a new file below ``cases/``, without any Python.

A case says ``as_of``, the rows of each ``extracts`` entry (a column left out is NULL, times are UTC) and the rows to
``expect``: every customer, each with at least the KPIs the case is about. ``time_zone`` replaces the profile's;
``expect_cohort`` has rows with cohort and month; of target ``figures`` a case is about one ``figure``.
``cases/<profile>/schema.yaml`` gives the extracts' column types.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.segmentation.artifacts import MeasureArtifacts
from include.segmentation.measure import measure
from include.segmentation.profile.loader import load_profile
from include.segmentation.run import Run

CASES = Path(__file__).parent / "cases"


def _read(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    return value


def _plain(value: Any) -> str | None:
    """A found or expected value in one form: 2.50, 2.5 and Decimal alike; NULL as None."""
    if value is None or value in ("null", ""):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return repr(float(value))
    except (TypeError, ValueError):
        return str(value).lower()


def _assert_rows(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Each row agrees in the columns that its expectation names."""
    assert len(found) == len(expected), found
    for row, wanted in zip(found, expected, strict=True):
        assert {column: _plain(row[column]) for column in wanted} == {
            column: _plain(value) for column, value in wanted.items()
        }


def _of_figure(found: list[dict[str, Any]], figure: str) -> list[dict[str, Any]]:
    """The values of a figure side by side: a row per row and column of it."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for one in found:
        if one["figure"] == figure:
            row = rows.setdefault((one["row"], one["column"]), {"row": one["row"], "column": one["column"]})
            row[one["measure"]] = one["value"]
    return list(rows.values())


@pytest.mark.parametrize("path", sorted(CASES.glob("*/*/*.yaml")), ids=lambda path: "/".join(path.parts[-3:]))
def test_case(
    path: Path,
    run_at: Callable[..., Run],
    table: Callable[..., Any],
    accept: Callable[..., None],
) -> None:
    case, (name, target) = _read(path), path.parts[-3:-1]
    profile = load_profile(name)
    profile = profile.model_copy(update={"time_zone": case.get("time_zone", profile.time_zone)})
    run = run_at(profile, case["as_of"])
    schema = _read(CASES / name / "schema.yaml")
    for extract, columns in schema.items():
        accept(run, extract, table(case["extracts"].get(extract, []), columns))
    assert set(case["extracts"]) <= set(schema)

    summary = measure(run, "population")
    if target != "population":
        measure(run, target)

    found = MeasureArtifacts(run).locate_kpis(target).read_table().to_pylist()
    _assert_rows(_of_figure(found, case["figure"]) if "figure" in case else found, case["expect"])
    if "unknown_rows" in case:
        assert summary["unknown_rows"] == int(case["unknown_rows"])
    if "expect_cohort" in case:
        found = MeasureArtifacts(run).locate_cohort_kpis(target).read_table().to_pylist()
        _assert_rows(found, case["expect_cohort"])
