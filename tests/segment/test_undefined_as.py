"""What an undefined KPI counts as is declared, frozen in the model, and part of the published rule."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from include.segmentation.errors import DataError
from include.segmentation.model.timeline import find_effective_model
from include.segmentation.segment import fit
from include.segmentation.segment.scoring import score_batch

pytestmark = pytest.mark.slow

DEBT = """
  debt:
    label: Debt
    kpis:
      balance:
        label: Balance
        definition: What is owed.
        unit: EUR
        window: lifetime
        bands: [100]
        band_words: [Low, High]
      due:
        label: Due
        definition: What is due, where the bank has it.
        unit: EUR
        window: lifetime
        undefined_when: due IS NULL
        transform: {transform}
        bands: [10]
        band_words: [Low, High]
    strata:
      - name: all
        label: Everyone
        when: "true"
        kpis: [balance, due]
        cluster: {{k: 2, undefined_as: {{due: 0}}}}
"""


@pytest.fixture
def people():
    """800 customers in two heaps; of every fifth the bank does not know what is due."""
    draw = np.random.default_rng(5)
    balance = np.concatenate([draw.integers(0, 50, 400), draw.integers(300, 400, 400)]).astype(float)
    due = [None if i % 5 == 0 else float(value) for i, value in enumerate(np.round(balance / 10))]
    return {"balance": balance.tolist(), "due": due}


@pytest.mark.parametrize("transform", ["none", "log1p", "quantile", "{clip: [5, 30]}"])
def test_undefined_counts_as_declared_in_the_model_and_in_its_rule(make_profile, at, put, people, transform):
    run = at(make_profile(DEBT.format(transform=transform)))
    table = put(run, "debt", people)
    fit(run, "debt")
    model, _ = find_effective_model(run.lake, "debt", run.as_of)
    assert "undefined Due counts as 0" in model.strata[0].note

    labels = score_batch(model, table)["segment_key"]
    zero = table.set_column(table.column_names.index("due"), "due", table["due"].fill_null(0.0))
    assert score_batch(model, zero)["segment_key"] == labels
    with duckdb.connect() as engine:
        engine.register("customers", table)
        for segment in model.list_segments():
            found = engine.execute(f"SELECT {segment.rule_sql} FROM customers ORDER BY customer_id").fetchall()
            assert [row[0] for row in found] == [key == segment.key for key in labels.to_pylist()]


def test_a_kpi_that_is_always_defined_may_not_be_missing_still(make_profile, at, put, people):
    run = at(make_profile(DEBT.format(transform="none")))
    table = put(run, "debt", people)
    fit(run, "debt")
    model, _ = find_effective_model(run.lake, "debt", run.as_of)
    nobody = table.set_column(table.column_names.index("balance"), "balance", pa.nulls(800, pa.float64()))
    with pytest.raises(DataError, match=r"KPI 'balance' is undefined \(NULL\) for 800 customers of stratum 'all'"):
        score_batch(model, nobody)
