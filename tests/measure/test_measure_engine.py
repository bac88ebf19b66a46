"""The measure stage runs on any engine that is registered, and gives the same tables."""

from collections.abc import Callable

import pyarrow as pa
import pytest
from file_engine import FileEngine

from include.segmentation import engine
from include.segmentation.artifacts import MeasureArtifacts
from include.segmentation.measure import measure
from include.segmentation.profile.loader import load_profile
from include.segmentation.run import Run

LINES = {
    **{"line_id": "int64", "invoice_no": "string", "stock_code": "string", "description": "string"},
    **{"quantity": "int64", "invoice_date": "timestamp", "unit_price": "decimal(12,3)", "customer_id": "int64"},
    "country": "string",
}


def test_a_second_engine_measures_the_same(
    run_at: Callable[..., Run],
    table: Callable[..., pa.Table],
    accept: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = run_at(load_profile("retail"), "2011-09-01")
    lines = [
        {"line_id": number, "invoice_no": str(number), "stock_code": "A", "quantity": number % 5 + 1, "country": "UK"}
        | {
            "invoice_date": f"2011-0{number % 6 + 2}-05",
            "unit_price": "2.5",
            "customer_id": number % 7,
            "country": "UK",
        }
        for number in range(40)
    ]
    accept(run, "invoice_lines", table(lines, LINES))
    expected = measure_all(run)

    monkeypatch.setitem(engine.ENGINES, "file", "file_engine:FileEngine")
    monkeypatch.setattr(engine, "DEFAULT_ENGINE", "file")
    FileEngine.statements.clear()
    assert measure_all(run) == expected
    assert any("population" in sql for sql in FileEngine.statements)


def measure_all(run: Run) -> list[pa.Table]:
    targets = ["population", *run.profile.macro_segments]
    for target in targets:
        measure(run, target)
    artifacts = MeasureArtifacts(run)
    return [artifacts.locate_population().read_table(), *(artifacts.locate_kpis(m).read_table() for m in targets[1:])]
