"""preview: the segments that a run would give, from the accepted model or a draft; nothing is recorded."""

from pathlib import Path

import pyarrow as pa
import pytest
from rich.console import Console

from include.segmentation.authoring import preview_run, propose_profile
from include.segmentation.authoring.run_preview import _format_middle_half
from include.segmentation.errors import NotReadyError
from include.segmentation.extract import extract
from include.segmentation.measure import measure
from include.segmentation.profile.loader import load_profile
from include.segmentation.run import Run, parse_as_of
from include.segmentation.segment import fit
from include.segmentation.validate import validate


@pytest.fixture
def run(tmp_path: Path, connections: None) -> Run:
    """An early run of the shop, with small strata that are fitted quickly."""
    propose_profile("shop", "shop_mysql", "orders", tmp_path / "profiles")
    path = tmp_path / "profiles" / "shop.yaml"
    path.write_text(path.read_text().replace("first_fit: 2025-11-01", "first_fit: 2024-02-01"))
    profile = load_profile("shop", tmp_path / "profiles")
    return Run(profile, "monthly", parse_as_of("2024-02-01", profile))


def preview_text(run: Run) -> str:
    console = Console(width=200)
    with console.capture() as text:
        for table in preview_run(run):
            console.print(table)
    return text.get()


def read_files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_preview_uses_a_draft_or_the_accepted_model_and_records_nothing(run: Run, lake_root: Path) -> None:
    with pytest.raises(NotReadyError, match="complete through nothing yet"):
        preview_text(run)
    extract(run, "orders")
    with pytest.raises(NotReadyError, match=r"'orders' have not been validated.*run the validate stage"):
        preview_text(run)
    validate(run)

    before = read_files(lake_root)
    draft = preview_text(run)
    assert read_files(lake_root) == before
    assert "draft model: no model has been accepted yet" in draft
    customers = int(draft.split("shop rfm: ")[1].split(" customers")[0])
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in draft.splitlines() if line.startswith("│")]
    assert {"never", "lapsed", "once", "repeat"} <= {row[0] for row in rows}
    assert sum(int(row[2]) for row in rows if row[2]) == customers > 0
    assert all(row[4:] == ["-"] * 3 for row in rows if row[2] and int(row[2]) < 10), (
        "the ranges of small groups are not shown"
    )

    assert "for rules only, all customers: purchases_ever 1" in draft
    assert "purchases, not 0 for 100.0%" in draft

    for target in ("population", "rfm"):
        measure(run, target)
    fit(run, "rfm")
    accepted = preview_text(run)
    assert "accepted model shop.rfm.2024-02-01." in accepted
    assert accepted.splitlines()[1:] == draft.splitlines()[1:], "the draft equals the fit"

    path = run.profile.path
    path.write_text(path.read_text().replace("trailing 365d", "trailing 30d"))
    changed = Run(load_profile("shop", path.parent), "monthly", run.as_of)
    assert "draft model: " in preview_text(changed)
    assert "fitted on it over trailing 365d" in preview_text(changed).replace("\n", " ")


@pytest.mark.parametrize(("customers", "shown"), [(9, "-"), (10, "3 to 8")])
def test_the_range_of_a_kpi_is_shown_from_10_customers_on(customers: int, shown: str) -> None:
    kpi = load_profile("learning").kpis["purchases"]
    members = pa.table({"purchases": range(1, customers + 1)})
    assert _format_middle_half(members, "purchases", kpi) == shown
