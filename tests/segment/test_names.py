"""Names say what holds, tell segments apart, and stay short."""

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from segment_cuts import cut_of, strata

from include.segmentation.engine import open_engine
from include.segmentation.model.model import Model, SegmentDefinition, StratumModel
from include.segmentation.profile.gates import Gates
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.profile.strata import Stratum
from include.segmentation.publish.gates.name_gate import check_names
from include.segmentation.segment.naming.segment_names import name_segments

pytestmark = pytest.mark.slow


def names_of(cut):
    return [naming.name for naming in name_segments([cut])[0]]


def verdicts_on(cut):
    """What the gate of every run says about the names, on the very customers that they were made for."""
    model = Model(
        **{"model_id": "m", "profile": "p", "macro_segment": "any", "effective_from": datetime(2025, 1, 1, tzinfo=UTC)},
        **{"seed": 1, "customers": 1, "evidence": []},
        strata=[
            StratumModel(
                **{"name": "all", "label": "Here", "when": "true"},
                segments=[
                    SegmentDefinition(
                        **{"key": f"s{i}", "path": f"s{i}", "prototypes": [], "rule_sql": "", "rule_words": ""},
                        **{"name": naming.name, "description": "", "bands": naming.bands, "customers_at_fit": 1},
                    )
                    for i, naming in enumerate(name_segments([cut])[0])
                ],
            )
        ],
    )
    people = np.repeat(np.arange(len(cut.labels)), cut.vectors.counts)
    measured = {name: cut.vectors.values[people, i] for i, name in enumerate(cut.vectors.kpis)}
    engine = open_engine(threads=1)
    engine.register_table("measure_any", pa.table({"customer_id": np.arange(len(people)), **measured}))
    keys = [f"s{label}" for label in cut.labels[people]]
    engine.register_table("member_any", pa.table({"customer_id": np.arange(len(people)), "segment_key": keys}))
    macro = MacroSegment(label="Any", kpis=cut.vectors.kpis, strata=[Stratum(name="all", label="Here", when="true")])
    run = SimpleNamespace(profile=SimpleNamespace(macro_segments={"any": macro}, gates=Gates()))
    return check_names(SimpleNamespace(run=run, engine=engine, models={"any": model}, timelines={"any": []}))


@settings(max_examples=60, deadline=None)
@given(strata())
def test_whatever_the_customers_are_their_names_differ_and_hold(cut):
    namings = name_segments([cut])[0]
    assert len({naming.name for naming in namings}) == len(namings)
    assert all(1 <= len(naming.bands) <= 3 for naming in namings)
    claims = sum(len(naming.bands) for naming in namings)
    assert [(verdict.verdict, verdict.found) for verdict in verdicts_on(cut)] == [
        ("pass", f"all {claims} claims of names and aliases hold")
    ]


def test_a_name_takes_the_kpi_that_the_others_do_not_share():
    draw = np.random.default_rng(0)
    same = draw.integers(0, 40, 300)
    cut = cut_of(
        np.column_stack([same, np.repeat([1, 12, 30], 100) + draw.integers(0, 3, 300)]),
        np.ones(300, int),
        np.repeat([0, 1, 2], 100),
        [[10, 20], [5, 20]],
    )
    assert names_of(cut) == ["Here, None Kpi B", "Here, Low Kpi B", "Here, Medium Kpi B"]


@pytest.mark.parametrize(
    ("hidden", "name"), [(10, "Here, None Kpi A, None Kpi B"), (4, "Here, None Kpi A")], ids=["10%", "4%"]
)
def test_a_name_takes_another_kpi_when_it_rules_out_more_than_5_percent_of_the_others(hidden, name):
    """Kpi B rules out the hidden customers of the other segment, which Kpi A does not."""
    values = [[1, 1]] * 100 + [[30, 1]] * (100 - hidden) + [[1, 30]] * hidden
    assert names_of(cut_of(values, np.ones(200, int), np.repeat([0, 1], 100), [[5, 20], [5, 20]]))[0] == name


def test_a_band_range_that_covers_too_few_is_widened():
    """Three quarters of the first lie in one band, but not nine tenths."""
    values = [[1]] * 80 + [[6]] * 20 + [[30]] * 100
    cut = cut_of(values, np.ones(200, int), [0] * 100 + [1] * 100, [[5, 10, 20]])
    assert names_of(cut) == ["Here, None To Low Kpi A", "Here, High Kpi A"]


def test_bands_tell_twins_apart_by_another_kpi_and_numbers_only_where_they_can_not():
    values = [[1, 1, 1]] * 50 + [[1, 1, 30]] * 50 + [[1, 8, 1]] * 50 + [[1, 9, 1]] * 50
    cut = cut_of(values, np.ones(200, int), np.repeat(range(4), 50), [[20], [5, 20], [20]])
    assert names_of(cut) == [
        "Here, None Kpi B, None Kpi C",
        "Here, None Kpi B, Low Kpi C",
        "Here, 8 days Kpi B",
        "Here, 9 days Kpi B",
    ]


def test_segments_of_different_strata_never_share_a_name():
    one = cut_of([[1], [30]], [1, 1], [0, 1], [[20]], "one")
    other = cut_of([[2], [40]], [1, 1], [0, 1], [[20]], "other")
    names = [naming.name for namings in name_segments([one, other]) for naming in namings]
    assert names == ["Here, None Kpi A", "Here, Low Kpi A", "Here, None Kpi A 2", "Here, Low Kpi A 2"]


@pytest.mark.parametrize("size", [9, 17])
def test_more_kpis_than_a_name_can_look_at(size):
    draw = np.random.default_rng(size)
    labels = np.repeat([0, 1], 50)
    values = draw.integers(0, 3, (100, size)) + 20 * labels[:, None]
    [first, second] = names_of(cut_of(values, np.ones(100, int), labels, [[10]] * size))
    assert first.count("None") == second.count("Low") == 3
