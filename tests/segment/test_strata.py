"""Strata: every customer in exactly one, whatever the values."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.segmentation.errors import DataError
from include.segmentation.model.timeline import read_timeline
from include.segmentation.profile.loader import load_profile
from include.segmentation.segment import fit
from include.segmentation.segment.space.distinct_vectors import collapse_stratum
from include.segmentation.segment.stratum_assignment import assign_strata

pytestmark = pytest.mark.slow

VALUE = load_profile("learning").macro_segments["value"]
COUNTS = st.integers(0, 4)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=30))
def test_the_shipped_strata_take_every_customer_once(rows):
    batch = pa.table(
        {
            "lifetime_purchases": pa.array([float(bought) for bought, _ in rows]),
            "lifetime_intents": pa.array([float(looked) for _, looked in rows]),
        }
    )
    found = assign_strata(batch, [stratum.when for stratum in VALUE.strata])
    names = [VALUE.strata[number].name for number in found]
    expected = [
        "bought_again" if b > 1 else "bought_once" if b == 1 else "intent_only" if i else "never" for b, i in rows
    ]
    assert names == expected


def test_a_customer_in_two_strata_is_refused():
    batch = pa.table({"visits": pa.array([1.0, 5.0])})
    with pytest.raises(DataError, match=r"1 customers match several strata, the first with visits = 5\.0"):
        assign_strata(batch, ["visits >= 1", "visits >= 5"])


def test_conditions_are_kept_in_one_spelling_that_every_database_takes(make_profile, habit, at, put):
    """A comment at the end would swallow what is put around a condition; PostgreSQL knows no ==."""
    spelled = habit.replace("when: visits = 0}", 'when: "visits == 0 -- nobody"}')
    run = at(make_profile(spelled))
    assert run.profile.macro_segments["habit"].strata[0].when == "visits = 0"
    put(run, "habit", {"visits": [0.0] * 20, "gap": [None] * 20})
    fit(run, "habit")
    never = read_timeline(run.lake, "habit")[-1].model.list_segments()[0]
    assert (never.rule_sql, never.customers_at_fit) == ("(visits = 0)", 20)


def test_null_is_no_match():
    with pytest.raises(DataError, match="no stratum, the first with gap = None"):
        assign_strata(pa.table({"gap": pa.array([None], pa.float64())}), ["gap > 1", "gap <= 1"])


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=40), data=st.data())
def test_distinct_vectors_count_every_customer_once_in_any_order(rows, data):
    def collapse(people):
        table = pa.table({"a": pa.array([float(a) for a, _ in people]), "b": pa.array([float(b) for _, b in people])})
        return collapse_stratum(table, "a >= 1", ["a", "b"])

    found = collapse(rows)
    assert not found.is_sampled
    assert found.counts.sum() == sum(a >= 1 for a, _ in rows)
    assert [tuple(row) for row in found.values] == sorted({row for row in rows if row[0] >= 1})
    again = collapse(data.draw(st.permutations(rows)))
    assert again.values.tobytes() == found.values.tobytes()
    assert again.counts.tobytes() == found.counts.tobytes()


def test_beyond_the_cap_a_sample_by_hash_is_fitted(monkeypatch):
    monkeypatch.setattr("include.segmentation.segment.space.distinct_vectors.MAX_VECTORS", 50)
    table = pa.table({"a": pa.array([float(value) for value in range(200)])})
    found = collapse_stratum(table, "a >= 0", ["a"])
    assert found.note == "fitted on 50 of 200 distinct vectors, chosen by hash"
    assert len(found.values) == 200
    assert np.all(np.diff(found.fitted) > 0)
    again = collapse_stratum(table.take(list(reversed(range(200)))), "a >= 0", ["a"])
    assert again.fitted.tobytes() == found.fitted.tobytes()
